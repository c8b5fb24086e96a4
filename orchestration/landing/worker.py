"""A child process with limits, in which everything that a stranger wrote is parsed.

What is parsed and how belongs to `reading.py`; here are the limits, the conversation and the end of a child that misbehaves.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any

from orchestration.landing.refused import RefusedError

_START_SECONDS = 120
_LEAST_SECONDS = 60
_BYTES_PER_SECOND = 2_000_000
# A small file needs little memory: what grows beyond this is a bomb, and is stopped before it is felt.
_LEAST_BYTES = 448 * 2**20
_BYTES_PER_BYTE = 40
# A process of our own making imports what it serves and nothing else: not, as `multiprocessing` has it, the caller's program,
# and not pandas, for which DuckDB and Arrow look wherever one hands the other a table.
_CHILD = """
import json, sys
class NotPandas:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NotPandas())
sys.path[:] = json.loads(sys.argv[1])
from orchestration.landing.worker import serve
serve(int(sys.argv[2]))
"""


class WorkerDiedError(Exception):
    """The child ended or had to be ended. `code` is too_slow or reader_died."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def serve(descriptor: int) -> None:
    """What the child does until its parent hangs up: answer one call after the other."""
    connection = Connection(descriptor)
    make_server, memory_bytes = connection.recv()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    server = make_server()
    # From here on a library that gives up may print what it was reading: nobody needs to see that.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    connection.send(("ready", None))
    while True:
        try:
            method, arguments, size = connection.recv()
        except EOFError:
            return
        _limit_memory(min(memory_bytes, _LEAST_BYTES + _BYTES_PER_BYTE * size))
        try:
            connection.send(("done", getattr(server, method)(*arguments)))
        except MemoryError:
            connection.send(("memory", None))
        except RecursionError:
            connection.send(("recursion", None))
        except RefusedError as refusal:
            connection.send(("refused", (refusal.code, str(refusal), refusal.feed)))
        except Exception as error:
            # Its text may hold values of the file: only its kind leaves the child.
            connection.send(("broken", type(error).__name__))


def _limit_memory(more_bytes: int) -> None:
    """Counted from now, so that what the libraries took for themselves does not eat into what a file may use.

    The limit is on memory that can be written to: address space alone, of which allocators reserve plenty, is not felt.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_bytes() + more_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _data_bytes() -> int:
    try:
        with open("/proc/self/statm") as statistics:  # noqa: PTH123 - not a file of ours
            return int(statistics.read().split()[5]) * resource.getpagesize()
    except OSError:
        return 0


class Worker:
    """Calls methods of a server object in a child; a child that dies is replaced for the next call."""

    def __init__(self, make_server: Callable[[], Any], memory_bytes: int):
        self._make_server, self._memory_bytes = make_server, memory_bytes
        self._process: subprocess.Popen | None = None
        self._connection: Connection | None = None
        self._is_ready = False

    def start(self) -> None:
        """Start the child, if there is none, without waiting for it."""
        if self._process is not None:
            return
        self._connection, theirs = Pipe()
        command = [sys.executable, "-c", _CHILD, json.dumps(sys.path), str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        self._connection.send((self._make_server, self._memory_bytes))

    def call(self, method: str, *arguments: Any, size: int = 0) -> Any:
        """Call a method in the child.

        Args:
            method: Its name.
            arguments: What it takes; must pickle.
            size: Bytes to work on, from which the time it may take follows.

        Raises:
            WorkerDiedError: killed by a limit or by its own fault, or too slow.
            RefusedError: what the method itself says of the file.

        """
        self.start()
        if not self._is_ready:
            self._await_start()
        try:
            self._connection.send((method, arguments, size))
        except (BrokenPipeError, ConnectionError):
            # It ended between two calls, as when the system took its memory: the next one is asked.
            self.stop()
            self.start()
            self._await_start()
            self._connection.send((method, arguments, size))
        kind, value = self._receive(_LEAST_SECONDS + size / _BYTES_PER_SECOND)
        if kind == "refused":
            raise RefusedError(*value)
        if kind == "broken":
            self.stop()
            code = "too_large" if value == "OutOfMemoryException" else "reader_failed"
            raise WorkerDiedError(code, f"the reader could not finish ({value}); remedy: look at the file, export it again")
        if kind in ("memory", "recursion"):
            self.stop()
            raise WorkerDiedError(
                "too_deep" if kind == "recursion" else "too_large",
                "reading it needs more memory or depth than a file may use; remedy: export it in smaller parts",
            )
        return value

    def _await_start(self) -> None:
        """A child that can't start is a fault of this installation, never of the file that waits for it."""
        try:
            self._receive(_START_SECONDS)
        except WorkerDiedError as error:
            raise RuntimeError("the process that reads files does not start; remedy: install Tandem again") from error

    def _receive(self, seconds: float) -> tuple[str, Any]:
        try:
            # A second at a time: one in which this machine slept, or stood still, counts once, however long it was.
            if not any(self._connection.poll(min(1, seconds)) for _ in range(max(1, round(seconds)))):
                self.stop()
                raise WorkerDiedError("too_slow", f"not read within {seconds:.0f} s; remedy: export it in smaller parts")
            answer = self._connection.recv()
        except (EOFError, ConnectionError) as error:
            self.stop()
            raise WorkerDiedError(
                "reader_died", "the process that read it ended; remedy: look at the file, it may be damaged or hostile"
            ) from error
        self._is_ready = True
        return answer

    def stop(self) -> None:
        """End the child at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._connection.close()
        self._process = self._connection = None
        self._is_ready = False

    def __enter__(self) -> "Worker":
        """The worker; its child starts when it is asked to, or called."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the child."""
        self.stop()
