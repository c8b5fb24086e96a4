"""The one way to open DuckDB: nothing of it may reach standard output, which belongs to what a command answers."""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import duckdb

from orchestration.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY_LIMIT: str = Settings.model_fields["memory_limit"].default
Item = TypeVar("Item")
Result = TypeVar("Result")


def open_duckdb(
    path: Path | None = None, *, read_only: bool = False, config: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a file, or a database in memory, with these settings; without a limit among them its memory is `MEMORY_LIMIT`."""
    config = dict(config or {})
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=config)
    if "memory_limit" not in config:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    # Its progress bar goes to standard output, even where that is a file.
    connection.execute("set enable_progress_bar = false")
    # With it a Parquet file that another library wrote over one it had read was read wrong once in some 2 000 times.
    connection.execute("set enable_external_file_cache = false")
    return connection


def register(connection: duckdb.DuckDBPyConnection, name: str, rows: "pa.Table") -> None:
    """Let queries read an Arrow table under a name."""
    _end_answer(connection)
    connection.register(name, rows)


def arrow_table(connection: duckdb.DuckDBPyConnection, query: str) -> "pa.Table":
    """What a query answers, without a copy of it in between."""
    _end_answer(connection)
    return connection.sql(query).to_arrow_table()


def _end_answer(connection: duckdb.DuckDBPyConnection) -> None:
    # DuckDB 2 refuses other work until the answer before was read to its end, which it is not when one row was fetched.
    connection.execute("select null").fetchall()


def half_of(memory_limit: str) -> str:
    """For each of two databases that are at work at once."""
    number, unit = re.fullmatch(r"\s*([\d.]+)\s*(\D+)", memory_limit).groups()
    return f"{float(number) / 2}{unit}"


def two_at_a_time(
    connection: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection, Item], Result], items: Iterable[Item]
) -> list[Result]:
    """What comes of a piece of work on each item, in order; each has a cursor of the connection.

    Most tables of a night are too small for the engine to share one among its threads.
    """

    def on_cursor(item: Item) -> Result:
        with connection.cursor() as cursor:
            cursor.execute("set enable_progress_bar = false")
            return work(cursor, item)

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(on_cursor, items))
