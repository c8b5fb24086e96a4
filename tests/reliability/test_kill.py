"""kill -9 at many moments of a night: readers see the last good version, and the next run needs no hand."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.publish.query import run_query
from orchestration.publish.versions import list_versions

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
TANDEM = Path(sys.executable).parent / "tandem"
QUESTION = "select count(*), count(won_at), max(as_of) from rpt_lead_to_revenue"


def night(home: Path, exports: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [TANDEM, "nightly", "--home", home, "--exports", exports],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def test_a_night_killed_at_any_moment_leaves_readers_on_the_last_good_version(tmp_path):
    exports, root = tmp_path / "exports", tmp_path / "home"
    generate(exports, leads=500, nights=2, seed=3)
    second = Path(shutil.move(exports / "2026-09-30", tmp_path / "second"))
    assert night(root, exports).wait() == 0
    home = Home(root)
    before, versions = run_query(home, QUESTION, "csv"), [item.version for item in list_versions(home)]

    begin = time.monotonic()
    trial = tmp_path / "trial"
    shutil.copytree(root, trial, symlinks=True)
    assert night(trial, second).wait() == 0
    whole = time.monotonic() - begin
    after = run_query(Home(trial), QUESTION, "csv")
    final = list_versions(Home(trial))[0].version

    outcomes = []
    for number in range(12):
        process = night(root, second)
        time.sleep(whole * (number + 0.5) / 12)
        process.send_signal(9)
        process.wait()
        now = run_query(home, QUESTION, "csv")
        assert now in (before, after)
        outcomes.append(now == after)
        if now == before:
            assert [item.version for item in list_versions(home) if item.is_current] == versions
    assert not outcomes[0]
    assert night(root, second).wait() == 0
    assert run_query(home, QUESTION, "csv") == after
    assert next(item.version for item in list_versions(home) if item.is_current) == final
