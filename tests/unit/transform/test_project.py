"""The project is parsed once per content: a changed, added or removed file is seen, nothing else costs a parse."""

import json
import shutil
from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.transform import project


class SmallProject(Settings):
    """A project of one seed, one model and its tests, in a folder of its own."""

    folder: Path

    @property
    def dbt_project_dir(self) -> Path:
        return self.folder / "dbt_project"

    @property
    def seeds_dir(self) -> Path:
        return self.folder / "seeds"


TESTS = """
version: 2
models:
  - name: first
    columns:
      - name: id
        data_tests: [unique, {not_null: {config: {severity: warn}}}]
"""


@pytest.fixture
def small(tmp_path):
    settings = SmallProject(folder=tmp_path)
    models = settings.dbt_project_dir / "models"
    models.mkdir(parents=True)
    settings.seeds_dir.mkdir()
    for name in ("profiles.yml", "dbt_project.yml"):
        shutil.copy(Settings().dbt_project_dir / name, settings.dbt_project_dir)
    (settings.dbt_project_dir / "dbt_project.yml").write_text(
        "name: tandem\nversion: '1.0.0'\nprofile: tandem\nseed-paths: ['../seeds']\n"
    )
    (models / "first.sql").write_text("select 1 as id")
    (models / "first.yml").write_text(TESTS)
    return settings


def parses(monkeypatch) -> list[str]:
    found = []
    original = project._dbt
    monkeypatch.setattr(
        project, "_dbt", lambda s, arguments, *more: found.append(arguments[0]) or original(s, arguments, *more)
    )
    return found


def models_of(settings) -> set[str]:
    nodes = json.loads(project.project_manifest(settings).read_text())["nodes"]
    return {node["name"] for node in nodes.values() if node["resource_type"] == "model"}


def test_an_unchanged_project_is_parsed_once_and_any_changed_file_is_seen(small, monkeypatch):
    found = parses(monkeypatch)
    assert models_of(small) == models_of(small) == {"first"}
    assert found == ["parse"]
    (small.dbt_project_dir / "models" / "second.sql").write_text("select id from {{ ref('first') }}")
    assert models_of(small) == {"first", "second"}
    (small.dbt_project_dir / "models" / "second.sql").unlink()
    (small.dbt_project_dir / "models" / "third.py").write_text("def model(dbt, session):\n    return dbt.ref('first')\n")
    assert models_of(small) == {"first", "third"}
    assert found == ["parse"] * 3


def test_results_that_another_command_wrote_over_are_not_taken(small, monkeypatch):
    found = parses(monkeypatch)
    manifest = project.project_manifest(small)
    manifest.write_text(manifest.read_text().replace("first", "other"))
    assert models_of(small) == {"first"}
    assert found == ["parse"] * 2


def test_the_tests_queries_are_compiled_once_per_content(small, monkeypatch):
    found = parses(monkeypatch)
    queries = project.data_test_queries(small)
    assert {name.split(".")[2] for name in queries} == {"unique_first_id", "not_null_first_id"}
    assert all('"candidate"."main"."first"' in query for query in queries.values())
    assert project.data_test_queries(small) == queries
    assert found == ["parse", "compile"]
