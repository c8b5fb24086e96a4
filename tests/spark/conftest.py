"""A standalone cluster of one master and two workers, and nights built on it. Needs the spark extra: make test-spark."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.home import Home
from orchestration.settings import PROJECT_DIR

SCRIPT = PROJECT_DIR / "deploy" / "spark_cluster.py"


@dataclass(frozen=True)
class Cluster:
    folder: Path
    port: int

    def kill(self, name: str) -> None:
        """End one process of the cluster as a machine that fails would."""
        os.kill(self._pids()[name], signal.SIGKILL)

    def lost_workers(self) -> int:
        """How many workers the master has given up."""
        return (self.folder / "master.log").read_text().count("Removing worker")

    def _pids(self) -> dict[str, int]:
        return json.loads((self.folder / "pids.json").read_text())


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, str(SCRIPT)]
    subprocess.run([*command, "up", "--folder", str(folder), "--port", str(port)], check=True)
    try:
        yield Cluster(folder, port)
    finally:
        subprocess.run([*command, "down", "--folder", str(folder)], check=True)


class SparkNight:
    """`tandem nightly --engine spark` on a copy of a home, so that both engines build on the same raw."""

    def __init__(self, landed: Home, root: Path, cluster: Cluster):
        # What the other engine published before is no part of what this one says.
        left_out = shutil.ignore_patterns("published", "build", "dagster", "history")
        shutil.copytree(landed.root, root, symlinks=True, ignore=left_out)
        self.home = Home(root)
        environment = {
            **os.environ,
            "TANDEM_SPARK_MASTER": f"spark://127.0.0.1:{cluster.port}",
            # A JVM of minutes gains nothing from its slower compiler. Without it Java keeps room for a fifth of the code, which
            # the driver's hundreds of queries fill: then it stops.
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m",
            "TANDEM_SPARK_OPTIONS": "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from orchestration.cli import main; main()",
             "nightly", "--engine", "spark", "--home", str(root)],
            cwd=PROJECT_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []

    def until(self, text: str) -> None:
        """Wait for a line of progress."""
        for line in self._process.stderr:
            self.lines.append(line)
            if text in line:
                return
        raise AssertionError(f"the night ended before '{text}': {self.lines[-5:]}")

    def result(self) -> dict:
        """The night's summary once it has ended."""
        output, errors = self._process.communicate()
        assert self._process.returncode == 0, f"exit {self._process.returncode}: {self.lines[-5:]} {errors[-2000:]}"
        return json.loads(output.splitlines()[-1])
