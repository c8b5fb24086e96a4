"""Runs that overlap in one home, by command and by Dagster: one works, the others say who does; a dead one holds nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.settings import PROJECT_DIR

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
BIN = Path(sys.executable).parent
REFUSED_WITHIN_SECONDS = 5


@dataclass
class Run:
    """One run as a process of its own, in a group with its children."""

    process: subprocess.Popen
    began: float
    seconds: float = 0.0
    said: str = ""

    @property
    def code(self) -> int:
        return self.process.returncode

    def ends(self) -> None:
        self.said = "\n".join(self.process.communicate())
        self.seconds = time.monotonic() - self.began


def start(*command: str | Path, home: Path, exports: Path) -> Run:
    variables = {"TANDEM_HOME": str(home), "TANDEM_EXPORTS": str(exports), "DAGSTER_HOME": str(home / "dagster")}
    process = subprocess.Popen(
        command, env={**os.environ, **variables}, cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    return Run(process, time.monotonic())


def by_command(**places: Path) -> Run:
    return start(BIN / "tandem", "nightly", **places)


def by_dagster(**places: Path) -> Run:
    return start(BIN / "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", "nightly", **places)


def all_end(runs: list[Run]) -> None:
    """The refused ones first, so that each one's seconds are its own."""
    waiting = list(runs)
    while waiting:
        for run in [run for run in waiting if run.process.poll() is not None]:
            run.ends()
            waiting.remove(run)
        time.sleep(0.02)


def holds_the_lock(home: Path, run: Run) -> None:
    """Wait until a run has the home's lock."""
    lock = home / "run.lock"
    while not (lock.exists() and lock.read_text().strip() == str(run.process.pid)):
        assert run.process.poll() is None, run.process.communicate()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The deliveries of two nights."""
    folder = tmp_path_factory.mktemp("exports")
    generate(folder, leads=200, nights=2, seed=3)
    return sorted(path for path in folder.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def undisturbed(exports: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What a home holds after each of two nights that nothing disturbed."""
    home, held = tmp_path_factory.mktemp("undisturbed") / "home", []
    for delivered in exports:
        run = by_command(home=home, exports=delivered)
        run.ends()
        assert run.code == 0, run.said
        held.append(rows_of(home))
    return held


def rows_of(home: Path) -> str:
    """How many rows raw has of each feed, and the marts' hashes."""
    verified = subprocess.run(
        [BIN / "tandem", "verify", "--hashes", "--json", "--home", home], capture_output=True, text=True, check=True
    )
    totals = {feed: row["rows_loaded"] for feed, row in sorted(Ledger(home / "ledger.sqlite").feed_totals().items())}
    return json.dumps([totals, json.loads(verified.stdout)], sort_keys=True)


def refused_by(runs: list[Run], worker: Run) -> None:
    for run in runs:
        if run is not worker:
            assert run.code == 3, run.said
            assert re.search(rf"run is in progress in .*: PID {worker.process.pid}, since \d{{4}}-", run.said), run.said
            assert run.seconds <= REFUSED_WITHIN_SECONDS, run.seconds
            assert '"run_id"' not in run.said


@pytest.mark.parametrize("n_runs", [2, 5])
def test_of_runs_started_at_once_one_works_and_the_others_name_it(n_runs, exports, undisturbed, tmp_path):
    home = tmp_path / "home"
    for night, delivered in enumerate(exports):
        runs = [by_command(home=home, exports=delivered) for _ in range(n_runs)]
        all_end(runs)
        worker = next(run for run in runs if run.code == 0)
        refused_by(runs, worker)
        print(f"\n{n_runs} runs: {', '.join(f'exit {run.code} after {run.seconds:.1f} s' for run in runs)}")
        assert rows_of(home) == undisturbed[night]


def test_the_command_and_dagster_at_once(exports, undisturbed, tmp_path):
    home = tmp_path / "home"
    Home(home).prepare()
    worker = by_dagster(home=home, exports=exports[0])
    holds_the_lock(home, worker)
    late = by_command(home=home, exports=exports[0])
    late.ends()
    worker.ends()
    assert worker.code == 0, worker.said
    refused_by([late], worker)
    assert rows_of(home) == undisturbed[0]

    worker = by_command(home=home, exports=exports[1])
    holds_the_lock(home, worker)
    late = by_dagster(home=home, exports=exports[1])
    late.ends()
    assert worker.process.poll() is None, "Dagster's run had ended only after the command's"
    worker.ends()
    assert worker.code == 0, worker.said
    assert late.code != 0
    assert f"PID {worker.process.pid}, since" in late.said
    assert rows_of(home) == undisturbed[1]


@pytest.mark.parametrize("kind", [by_command, by_dagster], ids=["command", "dagster"])
def test_a_run_that_was_killed_holds_nothing(kind, exports, undisturbed, tmp_path):
    home = tmp_path / "home"
    Home(home).prepare()
    killed = kind(home=home, exports=exports[0])
    holds_the_lock(home, killed)
    time.sleep(2)
    # The process alone: what it started must not keep the lock for it.
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    again = by_command(home=home, exports=exports[0])
    again.ends()
    assert again.code == 0, again.said
    assert rows_of(home) == undisturbed[0]
