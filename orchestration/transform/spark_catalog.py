"""The raw catalog on Spark: the same relations as `catalog.py` writes, over the same Parquet files.

Needs the `spark` extra; nothing else of the product imports this module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.transform.catalog import SCHEMA

_TYPES = {"varchar": "string", "integer": "int"}


@dataclass(frozen=True)
class SparkEngine:
    """Tables and views in the session's catalog."""

    session: Any

    def create_schema(self) -> None:
        """Create the raw schema anew."""
        self.session.sql(f"drop schema if exists {SCHEMA} cascade")
        self.session.sql(f"create schema {SCHEMA}")

    def scan(self, name: str, files: Sequence[Path]) -> str:
        """Permanent tables over the Parquet files, because a permanent view can't stand on a temporary one."""
        relations = []
        for path in files:
            table = f"{SCHEMA}.scan_{name}_{path.stem[:16]}"
            self.session.sql(f"create table if not exists {table} using parquet location '{path}'")
            relations.append(f"select * from {table}")
        return f"({' union all '.join(relations)})"

    def relate(self, name: str, sql: str) -> None:
        """A view."""
        self.session.sql(f"create or replace view {SCHEMA}.{name} as {sql.replace('varchar', 'string')}")

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """A small table."""
        schema = ", ".join(f"{column} {_TYPES.get(kind, kind)}" for column, kind in columns.items())
        frame = self.session.createDataFrame(list(rows), schema=schema)
        frame.write.mode("overwrite").format("parquet").saveAsTable(f"{SCHEMA}.{name}")
