"""What is kept of published nights, and the differences that a night published anew gives; on tables of a few rows."""

import datetime as dt
import os
import random
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from orchestration.landing.ledger import Delivery, LandedFile, Ledger
from orchestration.publish.causes import Inputs
from orchestration.publish.history import nights_lacking_files, recorded
from orchestration.publish.versions import publish
from orchestration.transform.catalog import AsOf
from orchestration.transform.restatements import restatements_sql

GRAIN = {"mart_a": ["k", "part"]}
Rows = dict[tuple[int, str | None], int | None]


def candidate(home, rows: Rows, day: int, extra: str = "") -> None:
    home.candidate.unlink(missing_ok=True)
    with duckdb.connect(str(home.candidate)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_a (k int, part varchar, v int, as_of date)")
        for (k, part), v in rows.items():
            connection.execute("insert into marts.mart_a values (?, ?, ?, ?)", [k, part, v, dt.date(2026, 9, day)])
        if extra:
            connection.execute(f"alter table marts.mart_a add column {extra}")
        connection.execute(
            f"create table marts.fct_restatement as select *, null::date as as_of from ({restatements_sql(home)})"
        )


@contextmanager
def night(home, rows: Rows, day: int, inputs: Inputs = Inputs(0, {}), extra: str = "") -> Iterator[None]:  # noqa: B008
    candidate(home, rows, day, extra)
    as_of = AsOf(dt.date(2026, 9, day), "Europe/Paris")
    home.published.mkdir(exist_ok=True)
    version = f"{day}_{zlib.crc32(repr((sorted(rows.items(), key=repr), extra)).encode()):08x}"
    with recorded(home, as_of, version, GRAIN, inputs):
        yield
        shutil.copyfile(home.candidate, version_file(home, version))


def version_file(home, version: str) -> Path:
    return home.published / f"marts_{version}.duckdb"


def newest_version(home) -> Path:
    return max(home.published.glob("marts_*.duckdb"), key=lambda path: path.stat().st_mtime_ns)


def keep(home, rows: Rows, day: int, **options) -> None:
    with night(home, rows, day, **options):
        pass


def told(home) -> list[tuple]:
    return duckdb.sql(
        f"""select day(restated_as_of), restatement_no, grain_key->>'k', grain_key->>'part', column_name, change, old_value,
            new_value from ({restatements_sql(home)}) order by all"""
    ).fetchall()


def test_a_night_published_anew_names_each_value_that_differs_and_no_other(home):
    keep(home, {(1, "a"): 1, (2, None): 2, (3, "c"): None}, 1)
    keep(home, {(1, "a"): 1, (2, None): 5, (4, "d"): 4, (3, "c"): 3}, 1)
    assert told(home) == [
        (1, 1, "2", None, "v", "changed", "2", "5"),
        (1, 1, "3", "c", "v", "changed", None, "3"),
        (1, 1, "4", "d", None, "added", None, None),
    ]


def test_the_next_night_is_news_and_no_restatement(home):
    keep(home, {(1, "a"): 1}, 1)
    keep(home, {(1, "a"): 2, (2, "a"): 1}, 2)
    assert told(home) == []


def test_the_same_night_again_tells_nothing_and_keeps_what_was_told(home):
    for rows in ({(1, "a"): 1}, {}, {}, {(1, "a"): 1}):
        keep(home, rows, 1)
    assert [row[1:6] for row in told(home)] == [(1, "1", "a", None, "removed"), (2, "1", "a", None, "added")]


def test_any_order_of_nights_and_restatements_keeps_every_night_as_it_was_last_published(home):
    chance, published, named = random.Random(7), {}, 0
    for _ in range(60):
        day = chance.randint(1, 9)
        rows: Rows = {(k, part): chance.choice([None, 1, 2]) for k in range(4) for part in ("a", None) if chance.random() < 0.7}
        before = published.get(day)
        keep(home, rows, day)
        if before is not None:
            expected = sum(before.get(key, "absent") != rows.get(key, "absent") for key in {*before, *rows})
            assert len(told(home)) - named == expected
        named = len(told(home))
        published[day] = rows
    keep(home, {}, 10)  # the night published last is kept with the next
    with duckdb.connect(str(home.history / "published_rows.duckdb")) as connection:
        for day, rows in published.items():
            at = f"date '2026-09-{day:02d}'"
            kept = connection.execute(
                f"select k, part, v from kept.mart_a where kept_from <= {at} and (kept_to is null or kept_to > {at})"
            ).fetchall()
            assert {(k, part): v for k, part, v in kept} == rows
            assert len(kept) == len(rows)


def test_what_could_not_be_published_was_not_restated(home):
    keep(home, {(1, "a"): 1}, 1)
    with pytest.raises(OSError, match="disk full"), night(home, {(1, "a"): 2}, 1):
        raise OSError("disk full")
    assert told(home) == []
    keep(home, {(1, "a"): 3}, 1)
    assert told(home) == [(1, 1, "1", "a", "v", "changed", "1", "3")]


@pytest.mark.parametrize("day", [1, 2])
@pytest.mark.parametrize("harm", ["gone", "cut off", "damaged"])
def test_a_night_whose_version_can_not_be_read_counts_as_never_published(home, harm, day, caplog):
    for value in (1, 2):
        keep(home, {(1, "a"): value}, 1)
    version, n_bytes = newest_version(home), newest_version(home).stat().st_size
    if harm == "gone":
        version.unlink()
    elif harm == "cut off":
        os.truncate(version, n_bytes // 2)
    else:
        with version.open("r+b") as stream:
            stream.seek(3 * 4096)
            stream.write(b"\xa5" * (n_bytes - 3 * 4096))
    keep(home, {(1, "a"): 3}, day)
    assert version.name in caplog.text
    keep(home, {(1, "a"): 4}, 1)
    # What was told stays told. Of the night itself something is told again once it has been published again.
    numbers = {(number, old) for _, number, *_, old, _ in told(home)}
    assert numbers == ({(1, "1"), (2, "3")} if day == 1 else {(1, "1")})


def test_a_run_that_died_before_history_counted_its_restatement_tells_it_once(home):
    keep(home, {(1, "a"): 1}, 1)
    history = home.history / "published_rows.duckdb"
    before = history.read_bytes()
    keep(home, {(1, "a"): 2}, 1)
    history.write_bytes(before)
    with night(home, {(1, "a"): 2}, 1):
        assert told(home) == []
    assert told(home) == [(1, 1, "1", "a", "v", "changed", "1", "2")]


def test_a_mart_that_gains_a_column_is_restated_in_that_column_alone(home):
    keep(home, {(1, "a"): 1}, 1)
    keep(home, {(1, "a"): 1}, 2)
    keep(home, {(1, "a"): 1}, 1, extra="w varchar default 'new'")
    assert told(home) == [(1, 1, "1", "a", "w", "changed", None, "new")]


def land(home, sha: str, extracted_at: str) -> None:
    delivery = Delivery(f"export-of-someone@example-{sha}.csv", extracted_at, "name")
    Ledger(home.ledger).record(LandedFile(sha, "landed", 1, feed="olist/leads"), [delivery], "2026-10-01T00:00:00")


def test_a_restatement_says_which_files_and_which_settings_made_it(home):
    land(home, "a" * 64, "2026-09-01 00:00:00")
    before = {"seed_changed stage_map.csv": "1", "reviewer_override identity_overrides.csv": "1", "product_changed tandem": "1"}
    keep(home, {(1, "a"): 1}, 1, inputs=Inputs(Ledger(home.ledger).last_delivery(), before))
    land(home, "b" * 64, "2026-09-01 00:00:00")
    land(home, "c" * 64, "2026-09-01 06:00:00")
    land(home, "d" * 64, "2026-09-05 00:00:00")
    after = before | {"reviewer_override identity_overrides.csv": "2"}
    keep(home, {(1, "a"): 2}, 1, inputs=Inputs(Ledger(home.ledger).last_delivery(), after))
    assert duckdb.sql(f"select distinct cause, cause_detail from ({restatements_sql(home)})").fetchall() == [
        (
            "corrected_file, late_file, reviewer_override",
            "corrected_file olist/leads 2026-09-01 00:00:00 bbbbbbbbbbbb; "
            "late_file olist/leads 2026-09-01 06:00:00 cccccccccccc; reviewer_override identity_overrides.csv",
        )
    ]


def test_nights_published_before_a_late_file_came_are_named_until_they_are_published_anew(home):
    def publish_all(*days: int) -> None:
        for day in days:
            keep(home, {(1, "a"): 1}, day, inputs=Inputs(Ledger(home.ledger).last_delivery(), {}))

    land(home, "a" * 64, "2026-09-01 00:00:00")
    publish_all(1, 2)
    land(home, "b" * 64, "2026-09-03 00:00:00")
    publish_all(3)
    assert nights_lacking_files(home, "Europe/Paris") == []
    # 22:30 UTC on the first is the second in Paris.
    land(home, "c" * 64, "2026-09-01 22:30:00")
    assert nights_lacking_files(home, "Europe/Paris") == [dt.date(2026, 9, 2), dt.date(2026, 9, 3)]
    publish_all(2)
    assert nights_lacking_files(home, "Europe/Paris") == [dt.date(2026, 9, 3)]


def test_the_published_file_has_its_own_restatement_and_the_version_does_not_depend_on_it(home):
    grains = GRAIN | {"fct_restatement": ["restated_as_of", "mart_name", "grain_key", "column_name"]}
    as_of = AsOf(dt.date(2026, 9, 1), "Europe/Paris")
    versions = []
    for value in (1, 2, None, 1):
        # The third time the same candidate is published again.
        if value:
            candidate(home, {(1, "a"): value}, 1)
        version = publish(home, as_of, grains, 3, Inputs(0, {}))
        with duckdb.connect(str(version.path), read_only=True) as connection:
            rows = connection.execute(
                "select restatement_no, new_value, as_of from marts.fct_restatement order by all"
            ).fetchall()
        versions.append((version.version, len(rows)))
    assert [number for _, number in versions] == [0, 1, 1, 2]
    assert versions[0][0] == versions[3][0] != versions[1][0] == versions[2][0]
