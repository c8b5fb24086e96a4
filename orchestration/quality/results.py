"""What the audits of a home's nights found, kept beside the marts: one row per night and check, figures only.

The present night's rows are put into fct_check_result once the checks have run, before it is published.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.engine import open_duckdb, register
from orchestration.home import Home
from orchestration.landing.row_versions import quoted
from orchestration.quality.suites import CheckOutcome

SCHEMA = pa.schema(
    [
        ("check_date", pa.date32()), ("relation", pa.string()), ("check_name", pa.string()), ("severity", pa.string()),
        ("has_passed", pa.bool_()), ("n_checked", pa.int64()), ("n_failing", pa.int64()), ("failing_rate", pa.float64()),
        ("allowed_rate", pa.float64()), ("pipeline_at_stake", pa.decimal128(18, 2)),
    ]
)  # fmt: skip


def earlier_results_sql(path: Path, before: dt.date) -> str:
    """SQL for the results of nights before a day; no rows where none is kept."""
    if path.exists():
        return f"select * from read_parquet({quoted(path)}) where check_date < date '{before.isoformat()}'"
    kinds = {pa.date32(): "date", pa.string(): "varchar", pa.bool_(): "boolean", pa.int64(): "bigint", pa.float64(): "double"}
    columns = ", ".join(f"cast(null as {kinds.get(field.type, 'decimal(18, 2)')}) as {field.name}" for field in SCHEMA)
    return f"select {columns} where 1 = 0"


def keep_results(home: Home, day: dt.date, outcomes: Sequence[CheckOutcome]) -> None:
    """Add a night's results to the home's history and to the candidate; the same night again replaces its own."""
    rows = pa.Table.from_pylist([_row(day, outcome) for outcome in outcomes], schema=SCHEMA)
    home.check_results.parent.mkdir(parents=True, exist_ok=True)
    kept = [rows]
    if home.check_results.exists():
        earlier = pq.read_table(home.check_results, schema=SCHEMA)
        kept.insert(0, earlier.filter(pa.compute.not_equal(earlier["check_date"], pa.scalar(day, pa.date32()))))
    unfinished = home.check_results.with_suffix(".tmp")
    pq.write_table(pa.concat_tables(kept).sort_by([("check_date", "ascending"), ("check_name", "ascending")]), unfinished)
    unfinished.replace(home.check_results)
    with open_duckdb(home.candidate) as connection:
        register(connection, "night_results", rows)
        connection.execute("delete from marts.fct_check_result where check_date = ?", [day])
        names = ", ".join(SCHEMA.names)
        connection.execute(f"insert into marts.fct_check_result ({names}, as_of) select {names}, ? from night_results", [day])


def _row(day: dt.date, outcome: CheckOutcome) -> dict:
    figures = outcome.figures
    return {
        "check_date": day, "relation": outcome.relation, "check_name": outcome.name, "severity": outcome.severity,
        "has_passed": outcome.success, "n_checked": figures.get("element_count"), "n_failing": figures.get("unexpected_count"),
        "failing_rate": figures.get("failing_rate"), "allowed_rate": figures.get("allowed_rate"),
        "pipeline_at_stake": outcome.pipeline_at_stake,
    }  # fmt: skip
