"""A command as a whole process: seconds, processor time and memory as the operating system counted them."""

import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orchestration.settings import PROJECT_DIR


@dataclass(frozen=True)
class Run:
    """One finished process and its children."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        """For a line of results."""
        return f"{self.seconds:.1f} s, {self.cpu_seconds:.1f} s of the processor, {self.peak_bytes / 1e9:.1f} GB"


def run_python(*arguments: str, environment: Mapping[str, str] | None = None, gigabytes: int | None = None) -> Run:
    """Run this Python in a fresh process, as `-m module …` or `-c code …`.

    Raises:
        RuntimeError: it failed.

    """
    return run([sys.executable, *arguments], environment, gigabytes)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, gigabytes: int | None = None) -> Run:
    """Run a command in a fresh process, each of whose processes may take so much memory; what it prints is thrown away.

    Raises:
        RuntimeError: it failed.

    """
    quiet = os.open(os.devnull, os.O_WRONLY)
    began = time.perf_counter()
    with _memory_of_children(gigabytes):
        process = os.posix_spawn(
            command[0], command, {**os.environ, "PYTHONPATH": str(PROJECT_DIR), **(environment or {})},
            file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)],
        )  # fmt: skip
    _, status, usage = os.wait4(process, 0)
    os.close(quiet)
    if status:
        raise RuntimeError(f"{' '.join(command)}: ended with status {status}")
    return Run(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


@contextmanager
def _memory_of_children(gigabytes: int | None) -> Iterator[None]:
    # A child takes its limits from its parent; this process itself needs nothing new meanwhile.
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if gigabytes is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (gigabytes << 30, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
