"""The one way to open DuckDB: nothing of it may reach standard output, which belongs to what a command answers."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import duckdb

Item = TypeVar("Item")
Result = TypeVar("Result")


def open_duckdb(
    path: Path | None = None, *, read_only: bool = False, config: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a file, or a database in memory, with these settings."""
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=dict(config or {}))
    # Its progress bar goes to standard output, even where that is a file.
    connection.execute("set enable_progress_bar = false")
    # With it a Parquet file that another library wrote over one it had read was read wrong once in some 2 000 times.
    connection.execute("set enable_external_file_cache = false")
    return connection


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
