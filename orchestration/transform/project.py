"""The dbt project, parsed once per content: every home and every night of a checkout share the result.

It lies in the project's own target folder, where MetricFlow looks for it too. No data is in it: relations have the same
names in every home.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from orchestration.settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


_PARSED = (".sql", ".py", ".yml", ".yaml", ".csv")


class DbtBuildError(Exception):
    """dbt could not parse the project or build a model; the message is dbt's own."""


def project_manifest(settings: Settings) -> Path:
    """The project's manifest, parsed anew when the project's content changed: what Dagster's graph is made of."""
    target = _target(settings)
    with _lock(target):
        content = _content(settings)
        if _read(target / "parsed.json") != {"content": content, "results": _results(target)}:
            _parse(settings, target)
            (target / "parsed.json").write_text(json.dumps({"content": content, "results": _results(target)}))
    return target / "manifest.json"


def parsed_project(settings: Settings) -> "Manifest":
    """Dbt's own parsed project, so that an invocation does not parse it again."""
    from dbt.contracts.graph.manifest import Manifest

    target = _target(settings)
    # A night of other seeds may parse anew as soon as the lock is free.
    with _lock(target):
        project_manifest(settings)
        manifest = Manifest.from_msgpack((target / "partial_parse.msgpack").read_bytes())
    manifest.build_flat_graph()
    return manifest


def data_test_queries(settings: Settings) -> dict[str, str]:
    """unique_id of every data test → its compiled query, which gives the failing rows."""
    project_manifest(settings)
    target = _target(settings)
    kept = target / "data_tests.json"
    with _lock(target):
        content = _content(settings)
        known = _read(kept)
        if known.get("content") != content:
            known = {"content": content, "queries": _compile_data_tests(settings)}
            kept.write_text(json.dumps(known))
    return known["queries"]


def remembered_lineage(settings: Settings) -> Path:
    """Where the column lineage of the project's models is kept."""
    return _target(settings) / "column_lineage.json"


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while: dbt reads its profile's from the process environment and from nowhere else."""
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


def close_connections() -> None:
    """Close the DuckDB file that dbt's adapter keeps open; the next step could not open it otherwise."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


def _target(settings: Settings) -> Path:
    return settings.dbt_project_dir / "target"


def _lock(target: Path) -> FileLock:
    target.mkdir(exist_ok=True)
    return FileLock(target / "parsed.lock", is_singleton=True)


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _results(target: Path) -> list[str]:
    # Somebody's own dbt command may have written over them, with another profile.
    names = ("manifest.json", "partial_parse.msgpack")
    return [hashlib.sha256((target / name).read_bytes()).hexdigest() for name in names if (target / name).exists()]


def _content(settings: Settings) -> str:
    """A hash of everything that parsing reads: the project's files and the versions of dbt."""
    project = settings.dbt_project_dir
    found = hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')} {project}".encode())
    folders = (project / "models", project / "macros", project / "tests", project / "analyses", settings.seeds_dir)
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in _PARSED]
    for path in sorted([*files, *project.glob("*.yml")]):
        found.update(f"\n{path}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _parse(settings: Settings, target: Path) -> None:
    # A stale result would be mended in part, as far as times of change tell.
    (target / "partial_parse.msgpack").unlink(missing_ok=True)
    _dbt(settings, ["parse", "--quiet", "--target-path", str(target), "--log-level-file", "none"])


def _compile_data_tests(settings: Settings) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["compile", "--quiet", "--select", "test_type:data", "--target-path", folder, "--log-path", folder]
        manifest = parsed_project(settings)
        # An empty warehouse of the candidate's name: compiling asks it nothing.
        with environment({"TANDEM_DBT_DATABASE": f"{folder}/candidate.duckdb"}):
            try:
                result = _dbt(settings, [*arguments, "--log-level-file", "none", "--no-write-json"], manifest)
            finally:
                close_connections()
        return {run.node.unique_id: run.node.compiled_code for run in result.results}


def _dbt(settings: Settings, arguments: list[str], manifest: "Manifest | None" = None) -> Any:
    from dbt.cli.main import dbtRunner

    project = str(settings.dbt_project_dir)
    with environment({"DO_NOT_TRACK": "1"}):
        result = dbtRunner(manifest=manifest).invoke([*arguments, "--project-dir", project, "--profiles-dir", project])
    if not result.success:
        raise DbtBuildError(str(result.exception))
    return result.result
