"""A standalone Spark cluster on this machine, from the `pyspark` package: one master and some workers, on loopback.

`make spark-up` and `make spark-down` call it; a company's own cluster needs none of it (docs/scale.md).
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyspark

HOST = "127.0.0.1"
_ROLE = "org.apache.spark.deploy"
_DEADLINE_SECONDS = 120


def main() -> int:
    """Start or stop the cluster."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["up", "down"])
    parser.add_argument("--folder", type=Path, default=Path("var/spark"), help="where logs and process ids are kept")
    parser.add_argument("--port", type=int, default=7077)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cores", type=int, default=1, help="cores of each worker")
    parser.add_argument("--memory", default="1g", help="memory that each worker may give to its executors")
    arguments = parser.parse_args()
    if arguments.verb == "down":
        return _down(arguments.folder)
    return _up(arguments)


def _up(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(_is_ours(pid) for pid in _pids(folder).values()):
        print(f"already up: {_url(arguments.port)}")
        return 0
    if _answers(arguments.port):
        print(f"port {arguments.port} is taken: choose another with --port", file=sys.stderr)
        return 1
    pids = {"master": _start(folder, "master", f"{_ROLE}.master.Master", "--host", HOST, "--port", str(arguments.port))}
    _write(folder, pids)
    if not _wait(lambda: _answers(arguments.port)):
        return _failed(folder, "the master does not answer")
    for number in range(1, arguments.workers + 1):
        name = f"worker-{number}"
        pids[name] = _start(
            folder, name, f"{_ROLE}.worker.Worker", "--host", HOST, "--cores", str(arguments.cores),
            "--memory", arguments.memory, "--work-dir", str(folder / name), _url(arguments.port),
        )  # fmt: skip
        _write(folder, pids)
    registered = [folder / f"{name}.log" for name in pids if name != "master"]
    if not _wait(lambda: all("Successfully registered with master" in log.read_text() for log in registered)):
        return _failed(folder, "a worker did not register")
    size = f"{arguments.cores} core and {arguments.memory} each"
    print(f"{_url(arguments.port)}: {arguments.workers} workers, {size}; logs in {folder}")
    return 0


def _down(folder: Path) -> int:
    pids = {name: pid for name, pid in _pids(folder).items() if _is_ours(pid)}
    for pid in pids.values():
        os.kill(pid, signal.SIGTERM)
    if not _wait(lambda: not any(_is_ours(pid) for pid in pids.values())):
        print(f"still running: {pids}", file=sys.stderr)
        return 1
    (folder / "pids.json").unlink(missing_ok=True)
    print(f"stopped {len(pids)} processes")
    return 0


def _start(folder: Path, name: str, *command: str) -> int:
    home = Path(pyspark.__file__).parent
    environment = {
        **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_DIRS": str(folder / "scratch"), "PYSPARK_PYTHON": sys.executable,
    }  # fmt: skip
    with (folder / f"{name}.log").open("w") as log:
        # spark-class becomes the Java process itself, so its id is the one to end.
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *command, "--webui-port", "0"],
            stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment, start_new_session=True,
        ).pid  # fmt: skip


def _url(port: int) -> str:
    return f"spark://{HOST}:{port}"


def _pids(folder: Path) -> dict[str, int]:
    path = folder / "pids.json"
    return json.loads(path.read_text()) if path.exists() else {}


def _write(folder: Path, pids: dict[str, int]) -> None:
    (folder / "pids.json").write_text(json.dumps(pids))


def _is_ours(pid: int) -> bool:
    # A process id may have been given to another process since.
    told = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return _ROLE in told and not told.startswith("Z")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _wait(condition) -> bool:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.3)
    return False


def _failed(folder: Path, message: str) -> int:
    print(f"{message}; see the logs in {folder}", file=sys.stderr)
    _down(folder)
    return 1


if __name__ == "__main__":
    sys.exit(main())
