"""Row versions of full exports: a row is stored once, and in which extracts it was seen is stored beside it.

Rows lie in immutable segments (one per file that brought new rows); a row's id is its segment's number and its place there.
A sighting is (segment, row_no, first_at, last_at): seen in every extract of the feed from first_at to last_at. Both are a
function of the set of files, whatever the order in which they came, except for the numbers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.landing.raw_parquet import parquet_options

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Stored:
    """What raw holds of a feed of full exports before a file comes.

    `segments` are (number, file), `times` the extract times in order, `sighting` is absent as long as there was one extract.
    """

    segments: Sequence[tuple[int, Path]]
    times: Sequence[str]
    sighting: Path | None


def quoted(text: object) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def is_one_of(value: str, texts: Iterable[str]) -> str:
    """SQL for `value in (…)` where rows must keep their order: that would become a join with the texts, which has none."""
    return f"list_contains([{', '.join(map(quoted, texts))}], {value})"


def cheap_first(cheap: str, dear: str) -> str:
    """SQL for both conditions, the dear one evaluated only where the cheap one holds: in a select list `and` evaluates both."""
    return f"(case when {cheap} then {dear} else false end)"


def segments_sql(segments: Sequence[tuple[int, Path]], columns: Sequence[str]) -> str:
    """SQL over segments: `segment`, `row_no` (from 0) and the columns as they were delivered.

    A segment has only the columns that its file had: the others are NULL.
    """
    paths = ", ".join(quoted(path) for _, path in segments)
    numbers = ", ".join(str(number) for number, _ in segments)
    listed = ", ".join(f'"{name}"' for name in columns)
    none = ", ".join(f'null::varchar as "{name}"' for name in columns)
    return (
        f"(select [{numbers}][file_index::bigint + 1] as segment, file_row_number as row_no, {listed} from ("
        f"select *, file_index, file_row_number from read_parquet([{paths}], union_by_name = true, hive_partitioning = false) "
        f"union all by name select {none} where false))"
    )


def sightings_sql(stored: Stored) -> str:
    """SQL over the sightings, also when they are not written down because there was one extract."""
    if stored.sighting:
        return f"(select segment, row_no, first_at, last_at from read_parquet({quoted(stored.sighting)}))"
    paths = ", ".join(quoted(path) for _, path in stored.segments)
    numbers = ", ".join(str(number) for number, _ in stored.segments)
    only = f"timestamp {quoted(stored.times[0])}"
    return (
        f"(select [{numbers}][file_index::bigint + 1] as segment, file_row_number as row_no, {only} as first_at, "
        f"{only} as last_at from read_parquet([{paths}], hive_partitioning = false))"
    )


def add_extract(
    connection: "duckdb.DuckDBPyConnection", stored: Stored, rows: Path, at: str, columns: Sequence[str], *, is_keyed: bool,
    new_segment: int, new_rows: Path, sighting: Path,
) -> int:  # fmt: skip
    """Add one full export to what is stored.

    Writes `new_rows` (rows whose content was never seen) and `sighting` (the feed's sightings from now on).

    Args:
        connection: Where to work.
        stored: What raw holds of the feed; at least one segment.
        rows: Parquet with the export's rows.
        at: Its extract time.
        columns: The feed's columns.
        is_keyed: Without a key equal rows are different rows: the n-th of them is the n-th each time.
        new_segment: The number of the segment that `new_rows` becomes.
        new_rows: Where to write.
        sighting: Where to write.

    Returns:
        How many rows `new_rows` has.

    """
    listed = ", ".join(f'"{name}"' for name in columns)
    occurrence = "" if is_keyed else f", row_number() over (partition by {listed} order by segment, row_no) as occurrence"
    same = " and ".join([f'a."{name}" is not distinct from b."{name}"' for name in columns])
    same += "" if is_keyed else " and a.occurrence = b.occurrence"
    old = f"(select *{occurrence} from {segments_sql(stored.segments, columns)})"
    connection.execute(
        f"create or replace temp view delivered as select * {occurrence} from {segments_sql([(0, rows)], columns)}"
    )
    connection.execute(
        f"create or replace temp table present as select segment, row_no from {old} as a semi join delivered as b on {same}"
    )
    connection.execute(
        f"copy (select {', '.join(f'b.{quoted_name}' for quoted_name in listed.split(', '))} from delivered as b "
        f"anti join {old} as a on {same} order by b.row_no) to {quoted(new_rows)} {parquet_options(rows.stat().st_size)}"
    )
    n_new = connection.execute(f"select count(*) from read_parquet({quoted(new_rows)})").fetchone()[0]
    _write_sightings(connection, stored, at, new_segment, n_new, sighting)
    connection.execute("drop table present; drop view delivered")
    return n_new


def add_sighting(connection: "duckdb.DuckDBPyConnection", stored: Stored, seen_at: str, at: str, sighting: Path) -> None:
    """Note that everything seen in one extract was seen in another one too: the same file came under another day."""
    connection.execute(
        f"create or replace temp table present as select segment, row_no from {sightings_sql(stored)} "
        f"where timestamp {quoted(seen_at)} between first_at and last_at"
    )
    _write_sightings(connection, stored, at, 0, 0, sighting)
    connection.execute("drop table present")


def _write_sightings(
    connection: "duckdb.DuckDBPyConnection", stored: Stored, at: str, new_segment: int, n_new: int, target: Path
) -> None:
    """From the sightings so far and the ids in `present` to the sightings with the extract `at`.

    An absent row that was seen before and after `at` gets a gap. A present row that was not covered gets `at`, joined to the
    sighting that ends with the extract just before and the one that begins with the extract just after.
    """
    before = max((time for time in stored.times if time < at), default=None)
    after = min((time for time in stored.times if time > at), default=None)
    now, left, right = (f"timestamp {quoted(time)}" if time else "null::timestamp" for time in (at, before, after))
    is_new = at not in stored.times
    connection.execute(
        f"""
        copy (
            with sightings as materialized (
                select s.*, p.segment is not null as is_present, {now} between s.first_at and s.last_at as covers
                from {sightings_sql(stored)} as s left join present as p using (segment, row_no)
            ),
            kept as (
                select segment, row_no, first_at, last_at from sightings
                where case
                    when is_present
                        then covers or not (coalesce(last_at = {left}, false) or coalesce(first_at = {right}, false))
                    else not ({is_new} and covers)
                end
            ),
            split as (
                select segment, row_no, first_at, {left} from sightings where not is_present and covers and {is_new}
                union all
                select segment, row_no, {right}, last_at from sightings where not is_present and covers and {is_new}
            ),
            joined as (
                select segment, row_no,
                    coalesce(min(first_at) filter (last_at = {left}), {now}),
                    coalesce(max(last_at) filter (first_at = {right}), {now})
                from sightings where is_present group by segment, row_no having not bool_or(covers)
            ),
            added as (select {new_segment}::bigint, range, {now}, {now} from range({n_new}))
            select segment::integer as segment, row_no, first_at, last_at
            from (from kept union all from split union all from joined union all from added)
            order by segment, row_no, first_at
        ) to {quoted(target)} {parquet_options(0)}
        """
    )
