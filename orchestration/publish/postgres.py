"""The marts in a Postgres server, for BI tools that want a server with roles: loaded beside the ones in use, then swapped.

Needs the `postgres` extra. The server is named by TANDEM_POSTGRES_DSN alone, and what it holds is never printed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.engine import open_duckdb
from orchestration.landing.row_versions import quoted

SCHEMA, _UNFINISHED, _OLD = "marts", "marts_unfinished", "marts_old"
_READERS = "analyst"
_BATCH_ROWS = 100_000
# A night must not wait for an analyst's query for ever, nor make those who come after wait behind it.
_LOCK_SECONDS = 20
_TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint",
    "HUGEINT": "numeric(38, 0)", "FLOAT": "real", "DOUBLE": "double precision", "VARCHAR": "text", "DATE": "date",
    "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamptz",
}  # fmt: skip


class PostgresError(Exception):
    """The server could not be used; the message names neither it nor who connects."""


@contextmanager
def connect(dsn: str) -> Iterator[Any]:
    """A connection whose work is one transaction.

    Raises:
        PostgresError: no driver, no server, or it refused.

    """
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise PostgresError("the Postgres driver is not installed; run: make install-postgres") from error
    try:
        connection = dbapi.connect(dsn)
    except dbapi.Error as error:
        raise PostgresError(
            "the Postgres server can't be reached or refused the connection; look at TANDEM_POSTGRES_DSN"
        ) from error
    try:
        yield connection
        connection.commit()
    except dbapi.Error as error:
        raise PostgresError(f"Postgres: {_first_line(error)}") from error
    finally:
        connection.close()


def publish_to_postgres(dsn: str, source: Path, grains: Mapping[str, list[str]]) -> int:
    """Load a published file's marts and put them in the place of the last ones, in one transaction.

    Args:
        dsn: Where to.
        source: The published DuckDB file.
        grains: Mart → its grain columns, by which it gets an index.

    Returns:
        How many rows were loaded.

    """
    n_rows = 0
    with open_duckdb() as marts, connect(dsn) as connection, connection.cursor() as cursor:
        marts.execute(f"attach {quoted(source)} as published (read_only)")
        cursor.execute(f"set local lock_timeout = '{_LOCK_SECONDS}s'")
        # One publisher at a time, whatever homes and machines they run on.
        cursor.execute("select pg_advisory_xact_lock(hashtext('tandem.publish'))")
        cursor.execute(f"drop schema if exists {_UNFINISHED} cascade")
        cursor.execute(f"create schema {_UNFINISHED}")
        tables = marts.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'published' order by all"
        ).fetchall()
        for schema, table in tables:
            n_rows += _load(marts, cursor, schema, table, grains.get(table, []))
        cursor.execute(f"create schema if not exists {SCHEMA}")
        cursor.execute(f"drop schema if exists {_OLD} cascade")
        cursor.execute(f"alter schema {SCHEMA} rename to {_OLD}")
        cursor.execute(f"alter schema {_UNFINISHED} rename to {SCHEMA}")
        cursor.execute(f"drop schema {_OLD} cascade")
        if _has_role(cursor):
            cursor.execute(f"grant usage on schema {SCHEMA} to {_READERS}")
            cursor.execute(f"grant select on all tables in schema {SCHEMA} to {_READERS}")
    return n_rows


def published_version(dsn: str) -> str | None:
    """The version that the server holds; None when there is none yet."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"select to_regclass('{SCHEMA}.published_version') is not null")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(f"select version from {SCHEMA}.published_version")
        return cursor.fetchone()[0]


def _load(marts: Any, cursor: Any, schema: str, table: str, grain: list[str]) -> int:
    columns = marts.execute(
        "select column_name, data_type from duckdb_columns() where database_name = 'published' and table_name = ? "
        "order by column_index",
        [table],
    ).fetchall()
    target = f"{_UNFINISHED}.{_name(table)}"
    cursor.execute(f"create table {target} ({', '.join(f'{_name(name)} {_type(kind)}' for name, kind in columns)})")
    # Numerics go as text: the driver's binary form of a decimal would have to agree with the server's to the digit.
    listed = ", ".join(
        f"{_name(name)}::varchar as {_name(name)}" if _is_numeric(kind) else _name(name) for name, kind in columns
    )
    reader = marts.execute(f"select {listed} from published.{_name(schema)}.{_name(table)}").to_arrow_reader(_BATCH_ROWS)
    numeric = [name for name, kind in columns if _is_numeric(kind)]
    if not numeric:
        n_rows = cursor.adbc_ingest(table, reader, mode="append", db_schema_name=_UNFINISHED)
    else:
        n_rows = _load_by_way_of_text(cursor, reader, table, columns)
    if grain:
        cursor.execute(f"create index on {target} ({', '.join(map(_name, grain))})")
    cursor.execute(f"analyze {target}")
    return n_rows


def _load_by_way_of_text(cursor: Any, reader: pa.RecordBatchReader, table: str, columns: list[tuple[str, str]]) -> int:
    landing, target = f"{table}_texts", f"{_UNFINISHED}.{_name(table)}"
    n_rows = cursor.adbc_ingest(landing, reader, mode="create", db_schema_name=_UNFINISHED)
    casts = ", ".join(f"{_name(name)}::{_type(kind)}" for name, kind in columns)
    cursor.execute(f"insert into {target} select {casts} from {_UNFINISHED}.{_name(landing)}")
    cursor.execute(f"drop table {_UNFINISHED}.{_name(landing)}")
    return n_rows


def _has_role(cursor: Any) -> bool:
    cursor.execute(f"select exists (select from pg_roles where rolname = '{_READERS}')")
    return cursor.fetchone()[0]


def _is_numeric(kind: str) -> bool:
    return kind.startswith("DECIMAL") or kind == "HUGEINT"


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    if kind not in _TYPES:
        raise PostgresError(
            f"a mart's column has type {kind}, for which no Postgres type is set in orchestration/publish/postgres.py"
        )
    return _TYPES[kind]


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    # The server's own message names tables and limits; what follows it may be a row.
    return str(error).splitlines()[0].split("DETAIL")[0].strip()
