"""What passes between DuckDB and Spark, as Parquet that both read: raw on the way in, the marts on the way out.

DuckDB reads raw once, by the catalog's SQL; so a record is read the same way whichever engine builds on it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import duckdb

from orchestration.landing.row_versions import quoted
from orchestration.transform.catalog import SCHEMA

_SPARK_TYPES = {"VARCHAR": "string", "INTEGER": "int", "TIMESTAMP": "timestamp"}


def share_raw(candidate: duckdb.DuckDBPyConnection, session: Any, folder: Path) -> int:
    """Every relation of the candidate's raw schema as a Spark table of the same name; gives their number."""
    folder.mkdir(parents=True, exist_ok=True)
    session.sql(f"create schema if not exists {SCHEMA}")
    relations: dict[str, dict[str, str]] = {}
    for name, column, kind in candidate.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = ? "
        "order by table_name, column_index",
        [SCHEMA],
    ).fetchall():
        relations.setdefault(name, {})[column] = kind
    for name, columns in relations.items():
        _share(candidate, f"{SCHEMA}.{name}", columns, session, f"{SCHEMA}.{name}", folder / name)
    return len(relations)


def declare_night(session: Any) -> None:
    """The night's row as variables of the session, `night_<column>`: what the macro `night` reads on Spark."""
    for field in session.table(f"{SCHEMA}.night").schema.fields:
        session.sql(f"declare or replace variable night_{field.name} {field.dataType.simpleString()}")
        session.sql(f"set variable night_{field.name} = (select {field.name} from {SCHEMA}.night)")


def share_table(rows: duckdb.DuckDBPyConnection, source: str, session: Any, relation: str, folder: Path) -> None:
    """A relation of a DuckDB connection as a Spark table, its Parquet in `folder`."""
    columns = {row[0]: row[1] for row in rows.execute(f"describe {source}").fetchall()}
    _share(rows, source, columns, session, relation, folder)


def _share(
    connection: duckdb.DuckDBPyConnection, source: str, columns: Mapping[str, str], session: Any, relation: str, folder: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"copy (select {_other_time(columns)} from {source}) "
        f"to {quoted(folder / 'part.parquet')} (format parquet, compression zstd)"
    )
    listed = ", ".join(f"`{column}` {_SPARK_TYPES.get(kind, kind)}" for column, kind in columns.items())
    session.sql(f"drop table if exists {relation}")
    session.sql(f"create table {relation} ({listed}) using parquet location '{folder}'")


def collect_tables(candidate: duckdb.DuckDBPyConnection, session: Any, schema: str, *, kind: str) -> int:
    """A schema's Spark tables in the candidate, as tables or as views over Spark's Parquet; gives their number."""
    candidate.execute(f"create schema if not exists {schema}")
    tables = sorted(row.tableName for row in session.sql(f"show tables in {schema}").collect())
    for table in tables:
        candidate.execute(f"create or replace {kind} {schema}.{table} as {table_sql(session, f'{schema}.{table}')}")
    return len(tables)


def table_sql(session: Any, relation: str) -> str:
    """DuckDB's SQL for the rows of a Spark table."""
    columns = {field.name: field.dataType.simpleString() for field in session.table(relation).schema.fields}
    folder = _location(session, relation)
    rows = f"read_parquet({quoted(folder / '*.parquet')})" if any(folder.glob("*.parquet")) else _no_rows(columns)
    return f"select {_other_time(columns)} from {rows}"


def _location(session: Any, relation: str) -> Path:
    described = session.sql(f"describe table extended {relation}").collect()
    return Path(unquote(urlparse(next(row.data_type for row in described if row.col_name == "Location")).path))


def _no_rows(columns: Mapping[str, str]) -> str:
    # A seed without rows has no file. The names of Spark's types are DuckDB's too, but for a time with its zone.
    kinds = {name: "timestamptz" if kind == "timestamp" else kind for name, kind in columns.items()}
    return (
        f"(select {', '.join(f'cast(null as {kind}) as {chr(34)}{name}{chr(34)}' for name, kind in kinds.items())} where false)"
    )


def _other_time(columns: Mapping[str, str]) -> str:
    """DuckDB's times have no zone, Spark's are instants: both are UTC here. The same call leads either way."""
    return ", ".join(
        f'timezone(\'UTC\', "{name}") as "{name}"' if kind.upper() == "TIMESTAMP" else f'"{name}"'
        for name, kind in columns.items()
    )
