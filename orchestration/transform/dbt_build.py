"""One `dbt build` in this process: no second interpreter, no question to dbt of its version, one adapter, no parsing.

Gives the result events as plain dicts. Turning them into Dagster events is `assets.py`'s business.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestration.home import Home
from orchestration.privacy.messages import without_values
from orchestration.settings import Settings
from orchestration.transform.project import (
    DbtBuildError,
    close_connections,
    environment,
    parsed_project,
    project_manifest,
)

__all__ = ["DbtBuildError", "DbtOutcome", "build_models", "dbt_environment", "invoke_dbt", "project_manifest"]
_OUT_OF_MEMORY = "Out of Memory Error"
_RESULT_EVENTS = frozenset({"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult", "LogUnitTestResult"})


class _WithoutValues(logging.Filter):
    """dbt's log file holds a broken model's error as the engine told it, which may quote a value."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_values(record.getMessage()), None
        return True


_WITHOUT_VALUES = _WithoutValues()


@dataclass
class DbtOutcome:
    """What one invocation did: result events in order, the ids of the nodes that failed.

    And the names of those that are not there now, because they failed or were skipped, and that memory did not suffice for.
    """

    results: list[dict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    not_built: list[str] = field(default_factory=list)
    out_of_memory: list[str] = field(default_factory=list)
    unit_tests_passed: int = 0


def dbt_environment(settings: Settings, home: Home) -> dict[str, str]:
    """What profiles.yml asks for."""
    return {
        "TANDEM_DBT_DATABASE": str(home.candidate.resolve()),
        "TANDEM_DBT_THREADS": str(settings.dbt_threads),
        "TANDEM_MEMORY_LIMIT": settings.memory_limit,
        "DO_NOT_TRACK": "1",
    }


def invoke_dbt(
    arguments: list[str], settings: Settings, home: Home, progress: Callable[[str], None] = lambda line: None,
    *, target: str = "duckdb",
) -> DbtOutcome:  # fmt: skip
    """Run dbt with these arguments on the home's candidate, or in the open Spark session for the target `spark`.

    Raises:
        DbtBuildError: the project does not parse, or dbt itself failed.

    """
    from dbt.cli.main import dbtRunner
    from google.protobuf.json_format import MessageToDict

    outcome = DbtOutcome()
    # dbt makes the file's handler anew in each invocation, but its logger stays.
    logging.getLogger("file_log").addFilter(_WITHOUT_VALUES)

    def collect(message) -> None:
        if message.info.name not in _RESULT_EVENTS:
            return
        event = MessageToDict(message, preserving_proto_field_name=True)
        outcome.results.append(event)
        node = event["data"]["node_info"]
        # A unit test's node has no status of its own; its event has.
        status = node["node_status"] if node["node_status"] not in ("", "None") else event["data"]["status"].lower()
        if status in ("error", "fail", "runtime error"):
            outcome.errors.append(node["unique_id"])
        elif status == "pass" and node["unique_id"].startswith("unit_test."):
            outcome.unit_tests_passed += 1
        if len(outcome.results) % 50 == 0:
            progress(f"dbt: {len(outcome.results)} nodes done")

    common = [
        "--target", target, "--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(settings.dbt_project_dir),
        "--target-path", str(home.dbt_target_of(target).resolve()), "--log-path", str(home.logs.resolve()),
        "--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-version-check",
    ]  # fmt: skip
    # What was parsed for DuckDB names its relations in DuckDB's way.
    manifest = parsed_project(settings) if target == "duckdb" else None
    with environment(dbt_environment(settings, home)):
        try:
            result = dbtRunner(manifest=manifest, callbacks=[collect]).invoke([*arguments, *common])
        finally:
            close_connections()
    if result.exception is not None:
        raise DbtBuildError(without_values(str(result.exception)))
    nodes = getattr(result.result, "results", [])
    outcome.not_built = [node.node.name for node in nodes if node.status not in ("success", "pass", "warn")]
    outcome.out_of_memory = [node.node.name for node in nodes if _OUT_OF_MEMORY in str(node.message)]
    return outcome


def build_models(
    selection: list[str], settings: Settings, home: Home, progress: Callable[[str], None] = lambda line: None
) -> DbtOutcome:
    """Build seeds and models in DuckDB; from those that memory did not suffice for beside others, again one at a time.

    Raises:
        DbtBuildError: as `invoke_dbt`.

    """
    options = ["--no-write-json", "--exclude-resource-types", "unit_test", "test"]
    outcome = invoke_dbt(["build", *selection, *options], settings, home, progress)
    if not outcome.out_of_memory or settings.dbt_threads == 1:
        return outcome
    progress(f"dbt: not enough memory for {', '.join(outcome.out_of_memory)} beside others: one at a time from there")
    again = invoke_dbt(["build", "--threads", "1", "--select", *outcome.not_built, *options], settings, home, progress)
    lacking = set(outcome.not_built)
    again.results = [r for r in outcome.results if r["data"]["node_info"]["node_name"] not in lacking] + again.results
    return again
