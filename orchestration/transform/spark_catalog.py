"""The raw catalog on Spark: DuckDB reads each relation from raw once, as Parquet, and Spark has a table over it.

Needs the `spark` extra; nothing else of the product imports this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engine import open_duckdb
from orchestration.landing.row_versions import quoted
from orchestration.transform.catalog import SCHEMA

_TYPES = {"varchar": "string", "integer": "int"}


@dataclass(frozen=True)
class SparkEngine:
    """Tables and views in the session's catalog over Parquet files in `folder`."""

    session: Any
    folder: Path
    _duckdb: duckdb.DuckDBPyConnection = field(default_factory=open_duckdb)

    def create_schema(self) -> None:
        """Create the raw schema anew."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.session.sql(f"drop schema if exists {SCHEMA} cascade")
        self.session.sql(f"create schema {SCHEMA}")
        self._duckdb.execute(f"create schema {SCHEMA}")

    def relate(self, name: str, sql: str) -> None:
        """A view over a Parquet file that holds the relation."""
        path = self.folder / f"{name}.parquet"
        # Relations stand on one another, so DuckDB keeps each under its name.
        self._duckdb.execute(f"create view {SCHEMA}.{name} as {sql}")
        self._duckdb.execute(f"copy {SCHEMA}.{name} to {quoted(path)} (format parquet, compression zstd)")
        columns = [row[:2] for row in self._duckdb.execute(f"describe select * from read_parquet({quoted(path)})").fetchall()]
        # DuckDB's times have no zone; Spark would keep them as another type than the one its casts give.
        listed = ", ".join(
            f"cast({column} as timestamp) as {column}" if kind == "TIMESTAMP" else column for column, kind in columns
        )
        self.session.sql(f"create table {SCHEMA}.scan_{name} using parquet location '{path}'")
        self.session.sql(f"create view {SCHEMA}.{name} as select {listed} from {SCHEMA}.scan_{name}")

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """A small table."""
        schema = ", ".join(f"{column} {_TYPES.get(kind, kind)}" for column, kind in columns.items())
        frame = self.session.createDataFrame(list(rows), schema=schema)
        frame.write.mode("overwrite").format("parquet").saveAsTable(f"{SCHEMA}.{name}")
