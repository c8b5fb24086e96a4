"""The restatements that publishing keeps in a home, as a relation of the raw catalog."""

import datetime as dt
from pathlib import Path

from orchestration.home import Home
from orchestration.landing.row_versions import quoted

_COLUMNS = {
    "restated_as_of": "date", "restatement_no": "integer", "mart_name": "varchar", "grain_key": "varchar",
    "column_name": "varchar", "change": "varchar", "old_value": "varchar", "new_value": "varchar", "cause": "varchar",
    "cause_detail": "varchar",
}  # fmt: skip


def restatement_file(home: Home, as_of: dt.date, number: int) -> Path:
    """The immutable Parquet file of a night's n-th restatement."""
    return home.history / f"restated_{as_of.isoformat()}_{number:03d}.parquet"


def restatements_sql(home: Home) -> str:
    """Every restatement up to now, in DuckDB's SQL."""
    columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in _COLUMNS.items())
    files = ", ".join(quoted(path) for path in sorted(home.history.glob("restated_*.parquet")))
    if files:
        return f"select {columns} from read_parquet([{files}], hive_partitioning = false)"
    nothing = ", ".join(f"null as {name}" for name in _COLUMNS)
    return f"select {columns} from (select {nothing}) where false"
