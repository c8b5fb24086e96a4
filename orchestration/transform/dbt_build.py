"""One `dbt build` in this process: no second interpreter, no question to dbt of its version, one adapter.

Gives the result events as plain dicts. Turning them into Dagster events is `assets.py`'s business.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.home import Home
from orchestration.settings import Settings

_RESULT_EVENTS = frozenset({"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult", "LogUnitTestResult"})


class DbtBuildError(Exception):
    """dbt could not build a model; the message is dbt's own."""


@dataclass
class DbtOutcome:
    """What one invocation did: result events in order, and the messages of the nodes that failed."""

    results: list[dict] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
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
    arguments: list[str], settings: Settings, home: Home, progress: Callable[[str], None] = lambda line: None
) -> DbtOutcome:
    """Run dbt with these arguments on the home's candidate.

    Raises:
        DbtBuildError: the project does not parse, or dbt itself failed.

    """
    from dbt.cli.main import dbtRunner
    from google.protobuf.json_format import MessageToDict

    outcome = DbtOutcome()

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
        "--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(settings.dbt_project_dir),
        "--target-path", str(home.dbt_target.resolve()), "--log-path", str(home.logs.resolve()),
        "--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-version-check",
    ]  # fmt: skip
    with _environment(dbt_environment(settings, home)):
        try:
            result = dbtRunner(callbacks=[collect]).invoke([*arguments, *common])
        finally:
            _close_connections()
    if result.exception is not None:
        raise DbtBuildError(str(result.exception))
    return outcome


def project_manifest(settings: Settings) -> Path:
    """The project's manifest, parsed anew when a file of the project is newer: what Dagster's graph is made of."""
    manifest = settings.dbt_project_dir / "target" / "manifest.json"
    if manifest.exists() and manifest.stat().st_mtime >= max(_project_mtimes(settings)):
        return manifest
    from dbt.cli.main import dbtRunner

    with _environment({"DO_NOT_TRACK": "1"}):
        result = dbtRunner().invoke(
            ["parse", "--quiet", "--project-dir", str(settings.dbt_project_dir), "--profiles-dir",
             str(settings.dbt_project_dir), "--target-path", str(manifest.parent), "--log-level-file", "none"]
        )  # fmt: skip
    if not result.success:
        raise DbtBuildError(str(result.exception))
    return manifest


def _project_mtimes(settings: Settings) -> Iterator[float]:
    project = settings.dbt_project_dir
    for folder, patterns in (
        (project / "models", ("*.sql", "*.yml")), (project / "macros", ("*.sql", "*.yml")),
        (project / "tests", ("*.sql",)), (settings.seeds_dir, ("*.csv", "*.yml")), (project, ("*.yml",)),
    ):  # fmt: skip
        for pattern in patterns:
            files = folder.rglob(pattern) if folder != project else folder.glob(pattern)
            yield from (path.stat().st_mtime for path in files)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    # dbt reads its profile's variables from the process environment and from nowhere else.
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _close_connections() -> None:
    # The adapter keeps its DuckDB connection open; the next step could not open the file otherwise.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()
