"""What was published for each night, and what a night that is published anew says differently: the restatement ledger.

`published_rows.duckdb` holds every published row once, with the nights in which it stood. The night published last stands in
its version and is kept when the next is published. A restatement is one immutable Parquet file, which the raw catalog shows
to `fct_restatement`.
"""

import datetime as dt
import json
import logging
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path

import duckdb

from orchestration import failpoints
from orchestration.engine import MEMORY_LIMIT, open_duckdb
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.publish.causes import Cause, Inputs, cause_between
from orchestration.transform.catalog import AsOf
from orchestration.transform.restatements import restatement_file

_LOGGER = logging.getLogger(__name__)
# The one mart that tells of publications: it is no part of what is compared, hashed and kept.
RESTATEMENTS = "fct_restatement"
# (database, table) → its columns and their types, in order.
_Columns = dict[tuple[str, str], list[tuple[str, str]]]
_SCHEMA = """
create schema if not exists kept;
create table if not exists publication (
    as_of date primary key, restatements integer not null, last_delivery bigint not null, configuration varchar not null
);
-- Of the night published last, whose rows still stand in its version alone.
alter table publication add column if not exists version varchar;
"""


@contextmanager
def recorded(
    home: Home,
    as_of: AsOf,
    version: str,
    grains: Mapping[str, list[str]],
    inputs: Inputs,
    standing: Collection[str] = (),
    memory_limit: str = MEMORY_LIMIT,
) -> Iterator[Path | None]:
    """Compare the candidate with what was last published for its night, and note it once the body has published it.

    Marts that are `standing` are those that were published last. `version` names the file that the body publishes.

    Yields a Parquet file of what differs, None when nothing does or the night was never published before.
    """
    home.history.mkdir(parents=True, exist_ok=True)
    compared = {mart: grain for mart, grain in sorted(grains.items()) if mart != RESTATEMENTS}
    turnable = {mart: grain for mart, grain in compared.items() if mart not in standing}
    with open_duckdb(_kept(home), config={"memory_limit": memory_limit}) as connection:
        connection.execute(_SCHEMA)
        last = connection.execute("select as_of, version from publication where version is not null").fetchone()
        if last and last[0] != as_of.day:
            _from_version(connection, home, *last, lambda: _keep_night(connection, last[0], compared))
        restatements, then = _earlier(connection, home, as_of.day)
        connection.execute(f"attach {_quoted(home.candidate)} as candidate (read_only)")
        connection.execute(
            "create temp table difference (mart_name varchar, grain_key varchar, column_name varchar, change varchar, "
            "old_value varchar, new_value varchar)"
        )
        if last and last[0] == as_of.day:
            if not _from_version(connection, home, *last, lambda: _compare(connection, as_of.day, turnable, "last")):
                connection.execute("truncate difference")
        elif then:
            _compare(connection, as_of.day, turnable, "published_rows")
        restated = None
        if connection.execute("select count(*) from difference").fetchone()[0]:
            restatements += 1
            cause = cause_between(Ledger(home.ledger), then, inputs, as_of.instant.isoformat(sep=" "))
            restated = home.history / "unfinished.parquet"
            _write(connection, restated, as_of.day, restatements, cause)
        # If the body fails nothing is noted: what was not published was not restated.
        yield restated
        if restated:
            restated.replace(restatement_file(home, as_of.day, restatements))
            failpoints.passed("after:restatement")
        connection.execute("begin")
        connection.execute("update publication set version = null")
        connection.execute(
            "insert or replace into publication values (?, ?, ?, ?, ?)",
            [as_of.day, restatements, inputs.last_delivery, json.dumps(inputs.configuration, sort_keys=True), version],
        )
        connection.execute("commit")


def nights_lacking_files(home: Home, timezone: str) -> list[dt.date]:
    """Published nights that were last published before files came that had been extracted by then, in order."""
    with open_duckdb(_kept(home), read_only=True) as connection:
        nights = connection.execute("select as_of, last_delivery from publication order by as_of").fetchall()
    deliveries = Ledger(home.ledger).deliveries_by_extract()
    times = [extracted_at for extracted_at, _ in deliveries]
    newest = list(accumulate((number for _, number in deliveries), max, initial=0))
    return [
        day
        for day, last_delivery in nights
        if newest[bisect_right(times, AsOf(day, timezone).instant.isoformat(sep=" "))] > last_delivery
    ]


def _kept(home: Home) -> Path:
    return home.history / "published_rows.duckdb"


def _earlier(connection: duckdb.DuckDBPyConnection, home: Home, day: dt.date) -> tuple[int, Inputs | None]:
    """How many restatements of a night were told, and what it was last made of; None if it was never published."""
    found = connection.execute(
        "select restatements, last_delivery, configuration from publication where as_of = ?", [day]
    ).fetchone()
    if not found:
        # There are some if what it was published as could not be read.
        return len(list(home.history.glob(restatement_file(home, day, 0).name.replace("_000", "_*")))), None
    restatements, last_delivery, configuration = found
    # Of a run that died between naming its file and noting it: what it told is told again.
    restatement_file(home, day, restatements + 1).unlink(missing_ok=True)
    return restatements, Inputs(last_delivery, json.loads(configuration))


def _from_version(
    connection: duckdb.DuckDBPyConnection, home: Home, day: dt.date, version: str, read: Callable[[], None]
) -> bool:
    """Read the version published last as database `last`; if it is gone or damaged its night counts as never published."""
    path = home.published / f"marts_{version}.duckdb"
    try:
        connection.execute(f"attach {_quoted(path)} as last (read_only)")
        read()
    except (duckdb.IOException, duckdb.SerializationException) as error:
        _LOGGER.warning("%s: %s; what is published anew for %s is not compared with it", path.name, type(error).__name__, day)
        with suppress(duckdb.TransactionException):
            connection.execute("rollback")
        connection.execute("delete from publication where as_of = ?", [day])
        return False
    return True


def _keep_night(connection: duckdb.DuckDBPyConnection, day: dt.date, grains: Mapping[str, list[str]]) -> None:
    connection.execute("begin")
    columns = _all_columns(connection)
    for mart, grain in grains.items():
        if ("last", mart) in columns:
            _keep(connection, mart, grain, day, columns)
    connection.execute("update publication set version = null")
    connection.execute("commit")


def _keep(connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str], day: dt.date, known: _Columns) -> None:
    """Bring the kept rows of a mart to what the version published last says of its night."""
    columns = _compared(known[("last", mart)])
    _prepare(connection, mart, columns, dict(known.get(("published_rows", mart), [])))
    listed = ", ".join(f'"{name}"' for name, _ in columns)
    night = f"date '{day.isoformat()}'"
    following = f"(select min(as_of) from publication where as_of > {night})"
    if not connection.execute(f"from kept.{mart} limit 1").fetchone():
        # Nothing to compare with: comparing takes three times as long as keeping, the first time for every row.
        connection.execute(f"insert into kept.{mart} select {listed}, {night}, {following} from last.marts.{mart}")
        return
    standing = _standing(day)
    if not _turn(connection, listed, grain, f"kept.{mart} where {standing}", f"last.marts.{mart}"):
        return
    same = " and ".join(f'kept."{name}" is not distinct from gone."{name}"' for name in grain)
    connection.execute(
        f"create or replace temp table cut as select kept.*, {following} as next_as_of from kept.{mart} as kept "
        f"semi join gone on {same} where {standing}"
    )
    connection.execute(f"delete from kept.{mart} as kept using gone where {same} and {standing}")
    # Rows stand until before this night, and again from the next published night on: that one was not published anew.
    connection.execute(f"insert into kept.{mart} select {listed}, kept_from, {night} from cut where kept_from < {night}")
    connection.execute(
        f"insert into kept.{mart} select {listed}, next_as_of, kept_to from cut "
        "where next_as_of is not null and (kept_to is null or next_as_of < kept_to)"
    )
    connection.execute(f"insert into kept.{mart} select {listed}, {night}, {following} from come")


def _compare(connection: duckdb.DuckDBPyConnection, day: dt.date, grains: Mapping[str, list[str]], place: str) -> None:
    """Note what the candidate says differently of a night, with the columns that its marts have now."""
    known = _all_columns(connection)
    for mart, grain in grains.items():
        columns, earlier = _compared(known[("candidate", mart)]), dict(known.get((place, mart), []))
        rows = f"last.marts.{mart}" if place == "last" else f"kept.{mart} where {_standing(day)}"
        aligned = f"(select {_aligned(columns, earlier)} {f'from {rows}' if earlier else 'where false'})"
        listed = ", ".join(f'"{name}"' for name, _ in columns)
        if _turn(connection, listed, grain, aligned, f"candidate.marts.{mart}"):
            _note_difference(connection, mart, grain, [name for name, _ in columns])


def _turn(connection: duckdb.DuckDBPyConnection, listed: str, grain: list[str], earlier: str, later: str) -> bool:
    """Lay the rows that only one of two relations has as `gone` and `come`; whether there are any."""
    connection.execute(
        f"create or replace temp table turned as select {listed}, sum(side) as side from ("
        f"{_alone(listed, grain, earlier, later, -1)} union all {_alone(listed, grain, later, earlier, 1)}"
        f") group by {listed} having sum(side) <> 0"
    )
    connection.execute("create or replace temp view gone as select * exclude (side) from turned where side < 0")
    connection.execute("create or replace temp view come as select * exclude (side) from turned where side > 0")
    return connection.execute("select count(*) from turned").fetchone()[0] > 0


def _standing(day: dt.date) -> str:
    night = f"date '{day.isoformat()}'"
    return f"kept_from <= {night} and (kept_to is null or kept_to > {night})"


def _compared(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every row of a night tells its day: it says nothing of what turned."""
    return [(name, kind) for name, kind in columns if name != "as_of"]


def _aligned(columns: list[tuple[str, str]], there: Collection[str]) -> str:
    """The columns as a relation with other columns has them."""
    return ", ".join(
        f'try_cast({_identifier(name) if name in there else "null"} as {kind}) as "{name}"' for name, kind in columns
    )


def _prepare(connection: duckdb.DuckDBPyConnection, mart: str, columns: list[tuple[str, str]], kept: Mapping[str, str]) -> None:
    """The mart's table of kept rows, with the columns that the mart has now."""
    spans = {"kept_from": "date", "kept_to": "date"}
    if not kept:
        listed = ", ".join(f'"{name}" {kind}' for name, kind in (*columns, *spans.items()))
        connection.execute(f"create table kept.{mart} ({listed})")
    elif [(name, kind) for name, kind in kept.items() if name not in spans] != columns:
        connection.execute(
            f"create or replace table kept.{mart} as select {_aligned(columns, kept)}, kept_from, kept_to from kept.{mart}"
        )


def _alone(listed: str, grain: list[str], rows: str, others: str, side: int) -> str:
    """Rows that the others have no equal of: nearly all stood the night before, and prints are small beside rows.

    Two prints of 64 bits: one of the whole row, one of its grain, so that no other row's print can stand in for it.
    """
    key = ", ".join(f'"{name}"' for name in grain)
    prints = f"hash({listed}) as row_print, hash({key}) as grain_print"
    return (
        f"select {listed}, {side} as side from (select {listed}, {prints} from {rows}) "
        f"anti join (select {prints} from {others}) using (row_print, grain_print)"
    )


def _note_difference(connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str], columns: list[str]) -> None:
    same = " and ".join(f'gone."{name}" is not distinct from come."{name}"' for name in grain)
    key = ", ".join(f'"{name}" := coalesce(gone."{name}", come."{name}")' for name in grain)
    values = ", ".join(
        f"{{'column_name': '{name}', 'old_value': cast(gone.\"{name}\" as varchar),"
        f" 'new_value': cast(come.\"{name}\" as varchar)}}"
        for name in columns
        if name not in grain
    )
    connection.execute(
        f"""
        insert into difference
        with paired as (
            select
                cast(to_json(struct_pack({key})) as varchar) as grain_key,
                case when not coalesce(come.is_there, false) then 'removed'
                     when not coalesce(gone.is_there, false) then 'added' else 'changed' end as change,
                list_filter([{values}], lambda pair: pair.old_value is distinct from pair.new_value) as pairs
            from (select *, true as is_there from gone) as gone
            full join (select *, true as is_there from come) as come on {same}
        )
        select '{mart}', grain_key, null, change, null, null from paired where change <> 'changed'
        union all
        select '{mart}', grain_key, pair.column_name, change, pair.old_value, pair.new_value
        from (select grain_key, change, unnest(pairs) as pair from paired where change = 'changed')
        """
    )


def _write(connection: duckdb.DuckDBPyConnection, target: Path, as_of: dt.date, number: int, cause: Cause) -> None:
    connection.execute(
        "create temp table why as select ?::varchar as cause, ?::varchar as cause_detail", [cause.kinds, cause.detail]
    )
    connection.execute(
        f"copy (select date '{as_of.isoformat()}' as restated_as_of, {number}::integer as restatement_no, difference.*, why.* "
        "from difference cross join why order by mart_name, grain_key, column_name nulls first) "
        f"to {_quoted(target)} (format parquet, compression zstd)"
    )


def _all_columns(connection: duckdb.DuckDBPyConnection) -> _Columns:
    """Asked once: for each mart alone the catalog would be read through again."""
    found: _Columns = {}
    for database, table, name, kind in connection.execute(
        "select database_name, table_name, column_name, data_type from duckdb_columns() "
        "where (database_name, schema_name) in (('candidate', 'marts'), ('last', 'marts'), ('published_rows', 'kept')) "
        "order by database_name, table_name, column_index"
    ).fetchall():
        found.setdefault((database, table), []).append((name, kind))
    return found


def _identifier(name: str) -> str:
    return f'"{name}"'


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
