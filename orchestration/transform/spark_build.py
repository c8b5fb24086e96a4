"""The models of a night on Spark: raw shared, `dbt build` on the cluster, and what it built put into the candidate.

After it the candidate is what a night on DuckDB leaves, so that audit, publishing and page are the same.
"""

import shutil
from collections.abc import Callable

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.settings import Settings
from orchestration.transform.dbt_build import DbtOutcome, invoke_dbt
from orchestration.transform.spark_catalog import collect_tables, declare_night, share_raw
from orchestration.transform.spark_python import python_models_here
from orchestration.transform.spark_session import spark_session

# Marts are copied, for publishing; what else a check may ask for stays in Spark's own files until the next night.
_COLLECTED = {"seeds": "view", "staging": "view", "intermediate": "view", "marts": "table"}


def build_on_spark(
    selection: list[str], settings: Settings, home: Home, progress: Callable[[str], None] = lambda line: None
) -> DbtOutcome:
    """Build seeds and models with their tests on Spark and collect every table that it built."""
    folder = home.spark.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    with spark_session(settings, folder) as session, open_duckdb(home.candidate) as candidate:
        shared = share_raw(candidate, session, folder / "raw")
        declare_night(session)
        progress(f"spark: {shared} raw relations shared with {settings.spark_master}")
        with python_models_here(session, folder / "python"):
            arguments = ["build", *selection, "--no-write-json", "--exclude-resource-types", "unit_test"]
            outcome = invoke_dbt(arguments, settings, home, progress, target="spark")
        collected = sum(collect_tables(candidate, session, schema, kind=kind) for schema, kind in _COLLECTED.items())
        progress(f"spark: {collected} tables collected")
    shutil.rmtree(folder / "raw")
    return outcome
