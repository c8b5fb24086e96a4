"""What was published for each night, and what a night that is published anew says differently: the restatement ledger.

`published_rows.duckdb` holds every published row once, with the nights in which it stood; a restatement is one immutable
Parquet file, which the raw catalog shows to `fct_restatement`.
"""

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
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

# The one mart that tells of publications: it is no part of what is compared, hashed and kept.
RESTATEMENTS = "fct_restatement"
# (database, table) → its columns and their types, in order.
_Columns = dict[tuple[str, str], list[tuple[str, str]]]
_SCHEMA = """
create schema if not exists kept;
create table if not exists publication (
    as_of date primary key, restatements integer not null, last_delivery bigint not null, configuration varchar not null
);
"""


@contextmanager
def recorded(
    home: Home,
    as_of: AsOf,
    grains: Mapping[str, list[str]],
    inputs: Inputs,
    standing: Collection[str] = (),
    memory_limit: str = MEMORY_LIMIT,
) -> Iterator[Path | None]:
    """Compare the candidate with what was last published for its night and keep it, once the body has published it.

    Marts that are `standing` are those that were published last: their rows are kept already.

    Yields a Parquet file of what differs, None when nothing does or the night was never published before.
    """
    home.history.mkdir(parents=True, exist_ok=True)
    with open_duckdb(_kept(home), config={"memory_limit": memory_limit}) as connection:
        connection.execute(_SCHEMA)
        connection.execute(f"attach {_quoted(home.candidate)} as candidate (read_only)")
        connection.execute("begin")
        earlier = connection.execute(
            "select restatements, last_delivery, configuration from publication where as_of = ?", [as_of.day]
        ).fetchone()
        restatements, restated = (earlier[0] if earlier else 0), None
        if earlier:
            # Of a run that died between naming its file and the commit: what it told is told again below.
            restatement_file(home, as_of.day, restatements + 1).unlink(missing_ok=True)
        marts = sorted(mart for mart in grains if mart != RESTATEMENTS and mart not in standing)
        connection.execute(
            "create temp table difference (mart_name varchar, grain_key varchar, column_name varchar, change varchar, "
            "old_value varchar, new_value varchar)"
        )
        columns = _all_columns(connection)
        for mart in marts:
            _keep(connection, mart, grains[mart], as_of.day, columns, is_restatement=earlier is not None)
        if connection.execute("select count(*) from difference").fetchone()[0]:
            restatements += 1
            then = Inputs(earlier[1], json.loads(earlier[2]))
            cause = cause_between(Ledger(home.ledger), then, inputs, as_of.instant.isoformat(sep=" "))
            restated = home.history / "unfinished.parquet"
            _write(connection, restated, as_of.day, restatements, cause)
        connection.execute(
            "insert or replace into publication values (?, ?, ?, ?)",
            [as_of.day, restatements, inputs.last_delivery, json.dumps(inputs.configuration, sort_keys=True)],
        )
        # If the body fails nothing is committed: what was not published was not restated.
        yield restated
        if restated:
            restated.replace(restatement_file(home, as_of.day, restatements))
            failpoints.passed("after:restatement")
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


def _keep(
    connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str], as_of: dt.date, known: _Columns, is_restatement: bool
) -> None:
    """Bring the kept rows of a mart to what the candidate says of this night; a restatement's differences are noted."""
    columns = [(name, kind) for name, kind in known[("candidate", mart)] if name != "as_of"]
    _prepare(connection, mart, columns, dict(known.get(("published_rows", mart), [])))
    listed = ", ".join(f'"{name}"' for name, _ in columns)
    day = f"date '{as_of.isoformat()}'"
    following = f"(select min(as_of) from publication where as_of > {day})"
    if not is_restatement and not connection.execute(f"from kept.{mart} limit 1").fetchone():
        # Nothing to compare with: comparing takes three times as long as keeping, on a home's first night for every row.
        connection.execute(f"insert into kept.{mart} select {listed}, {day}, {following} from candidate.marts.{mart}")
        return
    standing = f"kept_from <= {day} and (kept_to is null or kept_to > {day})"
    connection.execute(
        f"create or replace temp table turned as select {listed}, sum(side) as side from ("
        f"{_alone(listed, grain, f'kept.{mart} where {standing}', f'candidate.marts.{mart}', -1)} union all "
        f"{_alone(listed, grain, f'candidate.marts.{mart}', f'kept.{mart} where {standing}', 1)}"
        f") group by {listed} having sum(side) <> 0"
    )
    if not connection.execute("select count(*) from turned").fetchone()[0]:
        return
    connection.execute("create or replace temp view gone as select * exclude (side) from turned where side < 0")
    connection.execute("create or replace temp view come as select * exclude (side) from turned where side > 0")
    if is_restatement:
        _note_difference(connection, mart, grain, [name for name, _ in columns])
    same = " and ".join(f'kept."{name}" is not distinct from gone."{name}"' for name in grain)
    connection.execute(
        f"create or replace temp table cut as select kept.*, {following} as next_as_of from kept.{mart} as kept "
        f"semi join gone on {same} where {standing}"
    )
    connection.execute(f"delete from kept.{mart} as kept using gone where {same} and {standing}")
    # Rows stand until before this night, and again from the next published night on: that one was not published anew.
    connection.execute(f"insert into kept.{mart} select {listed}, kept_from, {day} from cut where kept_from < {day}")
    connection.execute(
        f"insert into kept.{mart} select {listed}, next_as_of, kept_to from cut "
        "where next_as_of is not null and (kept_to is null or next_as_of < kept_to)"
    )
    connection.execute(f"insert into kept.{mart} select {listed}, {day}, {following} from come")


def _prepare(connection: duckdb.DuckDBPyConnection, mart: str, columns: list[tuple[str, str]], kept: Mapping[str, str]) -> None:
    """The mart's table of kept rows, with the columns that the mart has now."""
    spans = {"kept_from": "date", "kept_to": "date"}
    if not kept:
        listed = ", ".join(f'"{name}" {kind}' for name, kind in (*columns, *spans.items()))
        connection.execute(f"create table kept.{mart} ({listed})")
    elif [(name, kind) for name, kind in kept.items() if name not in spans] != columns:
        listed = ", ".join(
            f'try_cast({_identifier(name) if name in kept else "null"} as {kind}) as "{name}"' for name, kind in columns
        )
        connection.execute(f"create or replace table kept.{mart} as select {listed}, kept_from, kept_to from kept.{mart}")


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
        "where (database_name, schema_name) in (('candidate', 'marts'), ('published_rows', 'kept')) "
        "order by database_name, table_name, column_index"
    ).fetchall():
        found.setdefault((database, table), []).append((name, kind))
    return found


def _identifier(name: str) -> str:
    return f'"{name}"'


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
