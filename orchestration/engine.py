"""The one way to open DuckDB: nothing of it may reach standard output, which belongs to what a command answers."""

from collections.abc import Mapping
from pathlib import Path

import duckdb


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
