"""The sightings of rows are a function of the set of exports, not of the order in which they came."""

import itertools
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing.row_versions import Stored, add_extract, segments_sql, sightings_sql

COLUMNS = ("id", "name")
DAYS = [f"2026-09-{day:02d} 00:00:00" for day in range(1, 8)]


def write(connection: duckdb.DuckDBPyConnection, rows: list[tuple], target: Path) -> Path:
    connection.execute("create or replace table t (id varchar, name varchar)")
    if rows:
        connection.executemany("insert into t values (?, ?)", rows)
    connection.execute(f"copy t to '{target}' (format parquet)")
    return target


def land_all(exports: list[tuple[str, list[tuple]]], folder: Path, is_keyed: bool) -> set[tuple]:
    """(content, first_at, last_at) after landing the exports in this order."""
    connection = duckdb.connect()
    stored, number = None, 0
    for step, (at, rows) in enumerate(exports):
        delivered = write(connection, rows, folder / f"{step}.parquet")
        if stored is None:
            stored = Stored([(0, delivered)], [at], None)
            continue
        number += 1
        new_rows, sighting = folder / f"new-{step}.parquet", folder / f"seen-{step}.parquet"
        n_new = add_extract(
            connection,
            stored,
            delivered,
            at,
            COLUMNS,
            is_keyed=is_keyed,
            new_segment=number,
            new_rows=new_rows,
            sighting=sighting,
        )
        segments = [*stored.segments, (number, new_rows)] if n_new else stored.segments
        stored = Stored(segments, sorted({*stored.times, at}), sighting)
    return set(
        connection.execute(
            "select id, name, first_at::varchar, last_at::varchar, count(*) "
            f"from {segments_sql(stored.segments, COLUMNS)} as r "
            f"join {sightings_sql(stored)} as s using (segment, row_no) group by all"
        ).fetchall()
    )


def oracle(exports: list[tuple[str, list[tuple]]], is_keyed: bool) -> set[tuple]:
    """The same by looking at every row in every extract."""
    times = sorted({at for at, _ in exports})
    seen: dict[str, set] = {at: set() for at in times}
    for at, rows in exports:
        counts: dict[tuple, int] = {}
        for row in rows:
            counts[row] = counts.get(row, 0) + 1
            seen[at].add((row, 1 if is_keyed else counts[row]))
    found: dict[tuple, int] = {}
    for item in set().union(*seen.values()):
        for is_in, group in itertools.groupby(times, lambda at, item=item: item in seen[at]):
            run = list(group)
            if is_in:
                key = (*item[0], run[0], run[-1])
                found[key] = found.get(key, 0) + 1
    return {(*key, count) for key, count in found.items()}


ROWS = st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(["a", "b", None])), max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DAYS), ROWS), min_size=1, max_size=5), st.booleans(), st.randoms())
def test_any_order_of_arrival_gives_the_sightings_of_the_oracle(tmp_path_factory, exports, is_keyed, shuffler):
    if is_keyed:
        exports = [(at, sorted(set(rows), key=str)) for at, rows in exports]
    shuffled = list(exports)
    shuffler.shuffle(shuffled)
    assert land_all(shuffled, tmp_path_factory.mktemp("v"), is_keyed) == oracle(exports, is_keyed)


def test_a_nightly_export_with_one_percent_changed_adds_at_most_two_percent(tmp_path):
    connection = duckdb.connect()
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    row = "select i::varchar as id, md5((i * {salt})::varchar) as name from range(200000) t(i)"
    connection.execute(f"copy ({row.format(salt=1)}) to '{first}' (format parquet, compression zstd)")
    changed = row.format(salt="case when i % 100 = 0 then 7 else 1 end")
    connection.execute(f"copy ({changed} order by hash(i)) to '{second}' (format parquet, compression zstd)")
    new_rows, sighting = tmp_path / "new.parquet", tmp_path / "seen.parquet"
    n_new = add_extract(
        connection, Stored([(0, first)], [DAYS[0]], None), second, DAYS[1], COLUMNS, is_keyed=True, new_segment=1,
        new_rows=new_rows, sighting=sighting,
    )  # fmt: skip
    assert n_new == 1999
    assert new_rows.stat().st_size + sighting.stat().st_size <= 0.02 * first.stat().st_size
