"""The demo company at its full size, killed once at each boundary of a night: readers stay on one night, the next run mends.

One night follows the other: each is killed at the next boundary, run again without a hand, and served before the next begins.
A late file has the last one published anew. At the end the marts are those of a home that was never killed.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from published_places import comparable, seen
from small_nights import SmallNights, small_nights

from orchestration import failpoints
from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.publish.verify import faults_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(2 * 3600)]
LEADS = 20_000
ANEW = "after:restatement"
# Those of the server are passed in tests/postgres, those of an erasure in test_failpoints.
ERASING = failpoints.BOUNDARIES[failpoints.BOUNDARIES.index("after:erasure_noted") :]
NEW = [boundary for boundary in failpoints.BOUNDARIES if boundary not in ("after:postgres", ANEW, *ERASING)]


@pytest.fixture(scope="module")
def nights() -> Iterator[SmallNights]:
    with small_nights("compiled") as driver:
        yield driver


def test_a_night_of_full_size_killed_at_each_boundary_is_mended_by_the_next(nights, tmp_path):
    exports, home = tmp_path / "exports", Home(tmp_path / "home")
    generate(exports, leads=LEADS, nights=len(NEW) + 1, seed=7)
    first, *days = sorted(path for path in exports.iterdir() if path.is_dir())
    assert nights.night(home.root, exports=str(first)).code == 0
    late = next(days[-1].glob("hubspot-crm-exports-contacts-*"))
    for boundary, day in zip(NEW, days, strict=True):
        deliver(home, [path for path in day.iterdir() if path != late])
        kill_and_mend(nights, home, boundary)
    deliver(home, [late])
    kill_and_mend(nights, home, ANEW)

    assert faults_of(home) == []
    calm = Home(tmp_path / "calm")
    assert nights.night(calm.root, exports=str(exports)).code == 0
    assert comparable(home) == comparable(calm)


def deliver(home: Home, files: list[Path]) -> None:
    for path in files:
        (home.inbox / path.name).write_bytes(path.read_bytes())


def kill_and_mend(nights: SmallNights, home: Home, boundary: str) -> None:
    before = seen(home.root)["link"]
    killed = nights.night(home.root, settle_seconds=0, failpoint=boundary)
    assert killed.was_killed, f"{boundary} is not passed: {killed.code} {killed.message}"
    at_once = seen(home.root)
    again = nights.night(home.root, settle_seconds=0)
    assert again.code == 0, f"{boundary}: {again.message}"
    after = seen(home.root)
    assert after["link"] == after["copy"] == after["parquet"] != before, boundary
    assert all(hashes in (before, after["link"]) for hashes in at_once.values()), boundary
    assert list(home.inbox.iterdir()) == [], boundary
    print(f"{boundary}: killed after {killed.seconds} s, mended in {again.seconds} s", flush=True)
