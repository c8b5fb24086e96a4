"""A hundred publishes under real readers: no error, no mix of two nights, no waiting; beside them publishing in place.

Three prebuilt nights of a small home are published over and over, each time as a new day.
"""

import datetime as dt
import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from nights import night_on

from orchestration import failpoints
from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.publish.assets import mart_grains
from orchestration.publish.causes import Inputs
from orchestration.publish.versions import publish
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.transform.catalog import AsOf
from orchestration.transform.project import project_manifest

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
N_PUBLISHES, KEEP, N_IN_PLACE = 100, 3, 100
SLOWEST_SECONDS = 0.25
FIRST_DAY = dt.date(2027, 1, 1)


@dataclass(frozen=True)
class Nights:
    """Files with nothing but the marts of a night, and mart → grain."""

    files: list[Path]
    grains: dict[str, list[str]]

    def as_day(self, number: int, target: Path) -> dt.date:
        """One of them as the night of a new day."""
        day = FIRST_DAY + dt.timedelta(days=number)
        shutil.copyfile(self.files[number % len(self.files)], target)
        with duckdb.connect(str(target)) as connection:
            for mart in self.grains:
                connection.execute(f"update marts.{mart} set as_of = ?", [day])
        return day


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Built once for a set of marts: what is in them is not what is tried here."""
    grains = mart_grains(json.loads(project_manifest(Settings()).read_text()))
    kept = PROJECT_DIR / "var" / "reliability" / f"nights-{hashlib.sha256(repr(grains).encode()).hexdigest()[:16]}"
    if not kept.exists():
        built = _build_nights(tmp_path_factory.mktemp("nights"), grains)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(built, kept)
    return Nights(sorted(kept.iterdir()), grains)


def _build_nights(folder: Path, grains: Iterable[str]) -> Path:
    generate(folder / "exports", leads=200, nights=3, seed=3)
    built = folder / "built"
    built.mkdir()
    for exports in sorted(path for path in (folder / "exports").iterdir() if path.is_dir()):
        result, home = night_on(exports, folder / "home")
        assert result.exit_code == 0, result.message
        with duckdb.connect(str(built / f"{exports.name}.duckdb")) as connection:
            connection.execute(f"attach '{home.candidate}' as candidate (read_only)")
            connection.execute("create schema marts")
            for mart in grains:
                connection.execute(f"create table marts.{mart} as from candidate.marts.{mart}")
    return built


class Reader:
    """A reader's process, and once it has ended what it saw."""

    def __init__(self, kind: str, path: Path, marts: Sequence[str]) -> None:
        program = Path(__file__).with_name("reader.py")
        self.process = subprocess.Popen(
            [sys.executable, program, kind, path, json.dumps(list(marts))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.saw: dict = {}

    def has_read(self) -> None:
        """Wait for its first answer."""
        assert self.process.stdout.readline() == "reading\n"

    def end(self) -> None:
        self.process.stdin.close()
        self.saw = json.loads(self.process.stdout.read().splitlines()[-1])
        self.process.wait()

    def bytes_of_removed_files(self) -> int:
        """What the disk still keeps for it alone."""
        files = [path for path in Path(f"/proc/{self.process.pid}/fd").iterdir() if str(path.readlink()).endswith(" (deleted)")]
        return sum(path.stat().st_size for path in files)


@contextmanager
def reading(kinds: Sequence[tuple[str, Path]], marts: Sequence[str]) -> Iterator[list[Reader]]:
    readers = [Reader(kind, path, marts) for kind, path in kinds]
    try:
        for reader in readers:
            reader.has_read()
        yield readers
    finally:
        for reader in readers:
            reader.end()


def publish_as(nights: Nights, home: Home, number: int) -> str:
    day = nights.as_day(number, home.candidate)
    return publish(home, AsOf(day, "Europe/Paris"), nights.grains, KEEP, Inputs(0, {})).version


def p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def told(reader: Reader) -> str:
    saw, seconds = reader.saw, reader.saw["seconds"]
    n_errors = sum(saw["errors"].values())
    slow = f"p99 {p99(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms" if len(seconds) > 1 else ""
    counts = f"{len(seconds)} reads of {len(saw['seen'])} versions, {n_errors} errors, {saw['torn']} torn"
    return f"{saw['kind']:<12} {counts}, {slow}"


def database_bytes(home: Home) -> int:
    return sum(path.stat().st_size for path in home.published.rglob("*.duckdb*") if not path.is_symlink())


def test_no_reader_waits_fails_or_sees_two_nights_through_a_hundred_publishes(nights, tmp_path, monkeypatch):
    home = Home(tmp_path / "home").prepare()
    versions = [publish_as(nights, home, 0)]
    peak, at_rest, sizes = [], [], []
    monkeypatch.setattr(failpoints, "passed", lambda _: peak.append(database_bytes(home)))
    copy = home.published / "copy" / "marts.duckdb"
    kinds = [("reconnecting", home.current), ("reconnecting", copy), ("pooled", home.current), ("sqlalchemy", home.current)]
    with reading([*kinds, ("holding", home.current)], list(nights.grains)) as readers:
        *four, holder = readers
        begin = time.monotonic()
        for number in range(1, N_PUBLISHES + 1):
            versions.append(publish_as(nights, home, number))
            at_rest.append(database_bytes(home) + holder.bytes_of_removed_files())
            sizes.append(home.current.stat().st_size)
        seconds = time.monotonic() - begin
    assert len(set(versions)) == N_PUBLISHES + 1
    print(f"\n{N_PUBLISHES} publishes in {seconds:.0f} s, {len(nights.grains)} marts")
    for reader in readers:
        print(told(reader))
    print(
        f"database files at rest, the holder's removed one counted: {max(at_rest) / max(sizes):.2f} times the marts; "
        f"within a publish, without it: {max(peak) / max(sizes):.2f}"
    )

    fingerprints: dict[str, set[str]] = {}
    for reader in readers:
        assert reader.saw["errors"] == {}, reader.saw["kind"]
        assert reader.saw["torn"] == 0, reader.saw["kind"]
        for version, seen in reader.saw["seen"].items():
            fingerprints.setdefault(version, set()).update(seen)
    # Whoever reads a version, however and whenever, reads the same rows of all its marts.
    assert [version for version, seen in fingerprints.items() if len(seen) > 1] == []
    order = {version: number for number, version in enumerate(versions)}
    assert set(fingerprints) <= set(order)
    for reader in four:
        assert len(reader.saw["seen"]) > N_PUBLISHES / 4, reader.saw["kind"]
        assert p99(reader.saw["seconds"]) <= SLOWEST_SECONDS, reader.saw["kind"]
        for linked, version in reader.saw["connected"]:
            was_linked = linked.removeprefix("marts_").removesuffix(".duckdb")
            assert order[version] >= order[was_linked], f"{reader.saw['kind']} connected anew and read an older version"
    assert list(holder.saw["seen"]) == versions[:1]
    assert max(at_rest) <= (KEEP + 2) * max(sizes)


def publish_in_place(nights: Nights, night: Path, path: Path, number: int) -> None:
    """As dbt-duckdb leaves one file: opened for writing, and one transaction for each table."""
    day = nights.as_day(number, night)
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{night}' as night (read_only)")
        connection.execute("create schema if not exists marts")
        for mart in nights.grains:
            connection.execute(f"create or replace table marts.{mart} as from night.marts.{mart}")
        connection.execute(
            "create or replace table published_version as select ? as version, ?::date as as_of", [day.isoformat(), day]
        )
        connection.execute("detach night")


@pytest.mark.parametrize("with_pool", [True, False], ids=["the same readers", "none that stays connected"])
def test_publishing_in_place_fails_and_so_do_its_readers(nights, tmp_path, with_pool):
    path = tmp_path / "warehouse.duckdb"
    publish_in_place(nights, tmp_path / "night.duckdb", path, 0)
    kinds = ["reconnecting", "reconnecting", *(["pooled"] if with_pool else []), "sqlalchemy"]
    failed = 0
    with reading([(kind, path) for kind in kinds], list(nights.grains)) as readers:
        for number in range(1, N_IN_PLACE + 1):
            try:
                publish_in_place(nights, tmp_path / "night.duckdb", path, number)
            except duckdb.Error:
                failed += 1
            time.sleep(0.2)
    print(f"\nin place: {failed} of {N_IN_PLACE} publishes failed")
    for reader in readers:
        print(told(reader), dict(reader.saw["errors"]))
    assert failed > 0
    assert with_pool or sum(sum(reader.saw["errors"].values()) for reader in readers) > 0
