"""kill -9 at 200 points of a small home's nights: readers stay on one whole night, and the next run mends without a hand.

Two kinds of night are killed: a new one, and one that is published anew after a late file. Results are kept as they come
(`var/reliability/kills.jsonl`), so that a run that was broken off goes on where it was.
"""

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from published_places import seen
from small_nights import Ended, SmallNights, small_nights

from orchestration import failpoints
from orchestration.demo.company import generate
from orchestration.durable import remove
from orchestration.home import Home
from orchestration.publish.causes import _product
from orchestration.settings import PROJECT_DIR

pytestmark = [pytest.mark.long, pytest.mark.timeout(3 * 3600)]
KEPT = PROJECT_DIR / "var" / "reliability" / "kills.jsonl"
N_KILLS = 200
MOST_POINTS = 3 * N_KILLS
# Those of the server are passed in tests/postgres, those of an erasure in test_failpoints.
ELSEWHERE = {"after:postgres", *failpoints.BOUNDARIES[failpoints.BOUNDARIES.index("after:erasure_noted") :]}
NEW, ANEW = "new", "anew"


@dataclass(frozen=True)
class Scene:
    """A home before a night, and what its readers may see from then on: what they saw before, or the night whole."""

    template: Path
    before: dict[str, str]
    after: dict[str, str]
    seconds: float


def start(scene: Scene, home: Path) -> None:
    remove(home)
    shutil.copytree(scene.template, home, symlinks=True)


@pytest.fixture(scope="module")
def nights() -> Iterator[SmallNights]:
    with small_nights() as driver:
        yield driver


@pytest.fixture(scope="module")
def scenes(nights: SmallNights, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    folder = tmp_path_factory.mktemp("scenes")
    home = folder / "home"
    generate(folder / "exports", leads=200, nights=2, seed=3)
    first, second = sorted(path for path in (folder / "exports").iterdir() if path.is_dir())
    assert nights.night(home, exports=first).code == 0
    files = {path.name: path.read_bytes() for path in second.iterdir()}
    late = {name: content for name, content in files.items() if name.startswith(("hubspot-", "google_ads_", "linkedin_"))}
    in_time = {name: content for name, content in files.items() if name not in late}
    return {NEW: _scene(nights, folder, home, in_time, NEW), ANEW: _scene(nights, folder, home, late, ANEW)}


def _scene(nights: SmallNights, folder: Path, home: Path, files: dict[str, bytes], name: str) -> Scene:
    for file, content in files.items():
        (home / "inbox" / file).write_bytes(content)
    template = folder / name
    shutil.copytree(home, template, symlinks=True)
    before = seen(home)["link"]
    ended = nights.night(home, settle_seconds=0)
    assert ended.code == 0, ended.message
    after = seen(home)["link"]
    assert before != after
    # Measured once more with the candidate remembered, as in the trials.
    trial = Scene(template, before, after, 0.0)
    start(trial, home)
    ended = nights.night(home, settle_seconds=0)
    assert ended.code == 0, ended.message
    assert seen(home) == {"link": after, "copy": after, "parquet": after}
    return Scene(template, before, after, ended.seconds)


def points() -> Iterator[tuple[str, str]]:
    """(scene, where), without end: each failpoint in both scenes where it is passed, then shares of a night drawn by chance."""
    for scene in (NEW, ANEW):
        for boundary in failpoints.BOUNDARIES:
            if boundary not in ELSEWHERE and not (scene == NEW and boundary == "after:restatement"):
                yield scene, boundary
    chance = random.Random(7)
    while True:
        yield chance.choice((NEW, ANEW)), f"{chance.uniform(0.02, 1.0):.4f}"


def kill(nights: SmallNights, home: Path, where: str, seconds: float) -> Ended:
    if where in failpoints.BOUNDARIES:
        return nights.night(home, settle_seconds=0, failpoint=where)
    return nights.night(home, settle_seconds=0, kill_after=float(where) * seconds)


def test_a_night_killed_anywhere_is_mended_by_the_next(nights, scenes):
    product = _product()
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    known = [record for line in lines if (record := json.loads(line))["product"] == product]
    done, n_killed = {tuple(record["point"]) for record in known}, sum(record["killed"] for record in known)
    faults = []
    # Where the scenes were made: a remembered candidate's views name the Parquet files of that very place.
    home = scenes[NEW].template.parent / "home"
    for tried, point in enumerate(points(), start=1):
        if n_killed >= N_KILLS or tried > MOST_POINTS:
            break
        if point in done:
            continue
        scene, where = scenes[point[0]], point[1]
        start(scene, home)
        killed = kill(nights, home, where, scene.seconds)
        fault = judge(nights, scene, home, where, killed)
        if fault:
            print(f"{point}: {fault}", flush=True)
            faults.append((point, fault))
            continue
        # A night that ended before its moment came was not killed, and does not count.
        n_killed += killed.was_killed
        with KEPT.open("a") as stream:
            stream.write(json.dumps({"product": product, "point": point, "killed": killed.was_killed}) + "\n")
    assert faults == []
    print(f"{n_killed} nights killed: all mended")
    assert n_killed >= N_KILLS


def judge(nights: SmallNights, scene: Scene, home: Path, where: str, killed: Ended) -> str | None:
    """What is wrong after a kill and the run that follows; None when all is well."""
    if where in failpoints.BOUNDARIES and not killed.was_killed:
        return f"the night does not pass it: {killed.code} {killed.message}"
    for place, hashes in seen(home).items():
        if hashes not in (scene.before, scene.after):
            return f"{place}: neither the night before nor the new one"
    again = nights.night(home, settle_seconds=0)
    if again.code:
        return f"the next run ended with {again.code}: {again.message}"
    if seen(home) != {"link": scene.after, "copy": scene.after, "parquet": scene.after}:
        return "the next run published something else than a run that was never killed"
    if list(Home(home).inbox.iterdir()):
        return "files stayed in the inbox"
    left = [path.name for path in (home / "published").glob("*unfinished*")]
    return f"left behind: {left}" if left else None
