"""Rules that the whole dbt project keeps; read from its manifest and its files."""

import json
import re

import pytest

from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.dbt_build import project_manifest

SETTINGS = Settings()
CLOCKS = re.compile(r"\b(now\(\)|current_date|current_timestamp|getdate\(\)|localtimestamp|today\(\))", re.IGNORECASE)


@pytest.fixture(scope="module")
def manifest() -> dict:
    return json.loads(project_manifest(SETTINGS).read_text())


@pytest.fixture(scope="module")
def models(manifest) -> list[dict]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def test_no_model_macro_or_test_reads_a_clock():
    files = [
        path
        for folder in ("models", "macros", "tests")
        for kind in ("*.sql", "*.py")
        for path in (SETTINGS.dbt_project_dir / folder).rglob(kind)
    ]
    assert {".sql", ".py"} <= {path.suffix for path in files}
    assert [str(path) for path in files if CLOCKS.search(path.read_text())] == []


def test_no_model_is_incremental_so_each_night_is_a_full_refresh(models):
    assert {model["config"]["materialized"] for model in models} <= {"view", "table", "ephemeral"}


def test_no_model_dates_a_conversion_by_a_column_that_has_no_time(models):
    """Salesforce's ConvertedDate is a day: the history and the opportunity's creation say when."""
    assert [model["name"] for model in models if "converted_date" in model["raw_code"].lower()] == []


def test_a_mart_that_says_by_what_it_is_sorted_is_sorted_so(models):
    said = {model["name"]: model["config"]["meta"]["sorted_by"] for model in models if "sorted_by" in model["config"]["meta"]}
    assert said
    for model in models:
        if model["name"] in said:
            columns = ", ".join(f"{name} nulls first" for name in said[model["name"]])
            assert re.findall(r"(?m)^ *order by (.*)$", model["raw_code"])[-1] == columns, model["name"]


def test_only_staging_reads_the_vendors_sources(manifest, models):
    readers = {
        model["name"]
        for model in models
        for parent in model["depends_on"]["nodes"]
        if parent.startswith("source.") and manifest["sources"][parent]["source_name"] != "tandem"
    }
    assert all(name.startswith("stg_") for name in readers)


def test_staging_does_not_read_staging(models):
    for model in models:
        if model["name"].startswith("stg_"):
            assert not any(".stg_" in parent for parent in model["depends_on"]["nodes"]), model["name"]


def test_each_layer_has_its_names(models):
    prefixes = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "rpt_", "mart_", "bdg_")}
    for model in models:
        assert model["name"].startswith(prefixes[model["schema"]]), model["name"]


def test_every_mart_has_a_contract_a_grain_and_described_columns(models):
    for model in models:
        if model["schema"] != "marts":
            continue
        assert model["config"]["contract"]["enforced"], model["name"]
        assert set(model["config"]["meta"]["grain"]) <= set(model["columns"]), model["name"]
        assert model["description"], model["name"]
        assert "as_of" in model["columns"], model["name"]
        assert all(column["description"] for column in model["columns"].values()), model["name"]


def test_every_staging_and_mart_model_has_a_test_of_its_key(manifest, models):
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and ("unique" in node["name"])
    }
    untested = [m["name"] for m in models if m["schema"] in ("staging", "marts") and m["unique_id"] not in tested]
    assert untested == []


def test_no_test_stands_on_a_source(manifest):
    """A source test would, as a check, no longer stop the models built on bad rows."""
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert not any(parent.startswith("source.") for parent in node["depends_on"]["nodes"]), node["name"]


def test_every_source_is_a_feed_of_a_profile_and_names_its_columns(manifest):
    feeds = {feed.relation for profile in known_profiles(SETTINGS).values() for feed in profile.feeds.values()}
    for source in manifest["sources"].values():
        if source["source_name"] != "tandem":
            assert source["identifier"] in feeds, source["name"]
            assert source["config"]["meta"]["dagster"]["asset_key"] == ["raw", source["source_name"], source["name"]]


def test_the_semantic_manifest_lists_every_metric():
    """The newer in-model form parses into nothing on this dbt: an empty semantic layer would go unnoticed."""
    project_manifest(SETTINGS)
    semantic = json.loads((SETTINGS.dbt_project_dir / "target" / "semantic_manifest.json").read_text())
    written = sum(
        len(re.findall(r"^  - name: ", path.read_text().split("\nmetrics:\n")[1].split("\nunit_tests:\n")[0], re.MULTILINE))
        for path in (SETTINGS.dbt_project_dir / "models").rglob("*.yml")
        if "\nmetrics:\n" in path.read_text()
    )
    assert len(semantic["metrics"]) == written > 20


def test_every_metric_says_whose_it_is_where_it_should_go_and_how_it_is_gamed(manifest):
    wanted = {"label_fr", "owner_team", "unit", "direction", "maturity_days", "gaming_risks"}
    for metric in manifest["metrics"].values():
        meta, name = metric["config"]["meta"], metric["name"]
        assert wanted <= set(meta), name
        assert metric["label"], name
        assert meta["label_fr"] != metric["label"], name
        assert meta["direction"] in ("up", "down", "band"), name
        assert isinstance(meta["maturity_days"], int), name
        assert meta["gaming_risks"], name


def test_every_funnel_sales_and_retention_mart_has_a_semantic_model(manifest, models):
    described = {model["node_relation"]["alias"] for model in manifest["semantic_models"].values()}
    # A snapshot of every day adds up to nothing; its measures stand in the marts made of it.
    assert {
        model["name"]
        for model in models
        if model["fqn"][1:3] in (["marts", "funnel"], ["marts", "sales"], ["marts", "retention"])
        and model["name"] != "fct_opportunity_daily_snapshot"
    } <= described
