"""The raw catalog and the dbt project as Dagster assets: one step each, one dbt invocation a night."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration import failpoints
from orchestration.engine import open_duckdb
from orchestration.landing.assets import DATA_ENGINEERING
from orchestration.landing.canonical import ENTITIES
from orchestration.landing.feed_health import judge_feeds
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Profile
from orchestration.ops.night import Night
from orchestration.ops.unchanged import NightInputs, night_inputs, product_hash
from orchestration.privacy.pseudonym import KeyRefusedError
from orchestration.quality.audit import Audit
from orchestration.registry.rows import REGISTRY_TABLES
from orchestration.transform.catalog import SCHEMA, DuckDBEngine
from orchestration.transform.data_tests import run_data_tests
from orchestration.transform.dbt_build import DbtBuildError, DbtOutcome, build_models
from orchestration.transform.kept_models import (
    KeptModels,
    Record,
    content_print,
    drop_changed,
    forget_record,
    kept_models,
    node_prints,
    relation_prints,
    take_record,
)
from orchestration.transform.lineage import LineageMemory
from orchestration.transform.project import data_test_queries, project_manifest, remembered_lineage
from orchestration.transform.spark_build import build_on_spark
from orchestration.transform.translator import TandemTranslator

_CATALOG_TABLES = {
    "night": "One row: the as_of day and instant, the only clock of the models.",
    "source_system": "One row per vendor that a profile knows.",
    "feed_status": "One row per feed that ever came: last extract, late or not, rows set aside.",
    "feed_extract": "One row per extract of a feed of full exports, so that a record's absence has a date.",
    "profile_stage": "One row per stage name whose meaning a profile states.",
    **{f"canonical__{entity}": f"Every record that a profile maps to the canonical entity {entity}." for entity in ENTITIES},
    **{
        f"canonical__{entity}__versions": f"Every state in which extracts showed a record of the canonical entity {entity}."
        for entity in ("lead", "deal")
    },
    **{
        f"{feed}__versions": f"Every state in which extracts showed a record of {feed.replace('__', '/')}."
        for feed in (
            "salesforce__opportunity",
            "hubspot__contacts",
            "hubspot__deals",
            "hubspot_connector__deal",
            "maven__sales_pipeline",
            "stripe__subscriptions",
        )
    },
    "field_rule": "One row per field of the field contract.",
    "profile_field": "One row per column that a profile maps to a canonical lead or account.",
    "contact_value": "One row per distinct e-mail address and phone number in raw, with the offline verdict on it.",
    "record_pseudonym": "One row per e-mail address by which a source names a record, with the pseudonym that stands for it.",
    "check_result": "One row per check of this home's earlier nights; figures, never values.",
    "restatement": "One row per value that a night published anew says differently than before.",
    **REGISTRY_TABLES,
}


def build_catalog_assets(profiles: Mapping[str, Profile]) -> dg.AssetsDefinition:
    """The raw schema of the candidate, written from the ledger after landing."""
    feeds = [dg.AssetKey(["raw", feed.vendor, feed.entity]) for profile in profiles.values() for feed in profile.feeds.values()]
    specs = [
        dg.AssetSpec(
            key=["raw", "tandem", name], description=description, group_name="raw_tandem", deps=feeds,
            owners=[DATA_ENGINEERING], kinds={"duckdb"}, tags={"layer": "raw"},
        )
        for name, description in _CATALOG_TABLES.items()
    ]  # fmt: skip

    @dg.multi_asset(specs=specs, name="write_raw_catalog", required_resource_keys={"night"})
    def write_raw_catalog(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Night = context.resources.night
        with night.step("build"):
            as_of = night.as_of()
            Audit(night.home.audit).start(context.run.run_id)
            try:
                night.inputs, night.kept = _write_catalog(night, context.run.run_id)
            except KeyRefusedError as error:
                night.input_refusal = str(error)
                raise dg.Failure(str(error), allow_retries=False) from error
            _record_feed_checks(night, profiles, as_of.day)
            failpoints.passed("after:catalog")
        for spec in specs:
            yield dg.MaterializeResult(asset_key=spec.key, metadata={"as_of": as_of.day.isoformat()})

    return write_raw_catalog


def _write_catalog(night: Night, run_id: str) -> tuple[str, KeptModels | None]:
    """Make the raw schema of the candidate anew, and leave of its other relations those that stand, if any may."""
    home, settings = night.home, night.settings
    record = take_record(home, product_hash(settings))
    home.candidate.with_suffix(".duckdb.wal").unlink(missing_ok=True)
    # On Spark everything after raw is built anew: its catalog lives as long as the night.
    if record is None or settings.rebuild or settings.engine == "spark" or not _opens(home.candidate):
        record = None
        home.candidate.unlink(missing_ok=True)
    with open_duckdb(home.candidate) as connection:
        # One transaction: some seven hundred relations, each in its own, wait for the disk as often.
        connection.begin()
        connection.execute(f"drop schema if exists {SCHEMA} cascade")
        inputs = night_inputs(night, DuckDBEngine(connection))
        kept = _standing(night, connection, inputs, record, run_id) if settings.engine == "duckdb" else None
        connection.commit()
        # What was dropped makes room for what is built.
        connection.execute("checkpoint")
    return inputs.hash, kept


def _opens(candidate: Path) -> bool:
    try:
        with open_duckdb(candidate, read_only=True) as connection:
            connection.execute("select count(*) from duckdb_tables()")
    except duckdb.Error:
        return False
    return True


def _standing(
    night: Night, connection: duckdb.DuckDBPyConnection, inputs: NightInputs, record: Record | None, run_id: str
) -> KeptModels:
    own = {**inputs.prints, **{name: content_print(connection, f"{SCHEMA}.{name}") for name in inputs.derived}}
    manifest = json.loads(project_manifest(night.settings).read_text())
    prints = node_prints(manifest, relation_prints(own, inputs.queries), run_id)
    kept = kept_models(record, inputs.product, prints)
    drop_changed(connection, manifest, kept)
    return kept


def _record_feed_checks(night: Night, profiles: Mapping[str, Profile], as_of: dt.date) -> None:
    """The feeds' checks count in the night's audit; they warn, and the publish policy says which late feed refuses."""
    feeds = [feed for profile in profiles.values() for feed in profile.feeds.values()]
    outcomes = judge_feeds(Ledger(night.home.ledger), feeds, as_of)
    warned = [f"{check.feed} {check.name}" for check in outcomes if not check.passed]
    Audit(night.home.audit).record("feeds", passed=len(outcomes) - len(warned), warned=warned, failed=[])


def build_dbt_assets(manifest_path: Path) -> dg.AssetsDefinition:
    """Every model, seed and data test of the project in one step; unit tests belong to CI."""
    manifest: dict[str, Any] = json.loads(manifest_path.read_text())
    translator = TandemTranslator()

    @dbt_assets(manifest=manifest, name="dbt_build", dagster_dbt_translator=translator, required_resource_keys={"night"})
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
        night: Night = context.resources.night
        with night.step("build"):
            if context.is_subset:
                night.kept = None
                forget_record(night.home)
            outcome = _build(night, manifest, _selection(context, manifest, translator))
            broken = _unexplained(outcome.errors, outcome.results, manifest["nodes"])
            if broken:
                raise DbtBuildError(f"not built: {', '.join(broken)}; see {night.home.logs / 'dbt.log'}")
            if context.is_subset:
                # A part rebuilt by hand is not a night: publishing waits for a whole audit.
                Audit(night.home.audit).start(context.run.run_id)
            else:
                _record_audit(night, manifest, outcome.results)
            failpoints.passed("after:tests")
            yield from _dagster_events(context, night, manifest, translator, outcome.results)

    return dbt_build


def _build(night: Night, manifest: dict, selection: list[str]) -> DbtOutcome:
    """The models and their tests on the night's engine; what stands from an earlier night is told as it was then."""
    kept = night.kept.standing if night.kept else {}
    models = [name for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")]
    if any(name in kept for name in models):
        selection = ["--select", *(manifest["nodes"][name]["name"] for name in models if name not in kept)]
    if night.settings.engine == "spark":
        return build_on_spark(selection, night.settings, night.home, night.progress)
    outcome = build_models(selection, night.settings, night.home, night.progress)
    failpoints.passed("after:models")
    # First, for they stand on each other alone; Dagster wants to hear of a model after those that it is made of.
    outcome.results = [result for name, result in kept.items() if not name.startswith("test.")] + outcome.results
    built = {r["data"]["node_info"]["unique_id"] for r in outcome.results if r["data"]["node_info"]["node_status"] == "success"}
    queries = {name: query for name, query in data_test_queries(night.settings).items() if name not in kept}
    outcome.results += run_data_tests(night.home.candidate, queries, manifest["nodes"], built, night.settings.memory_limit)
    outcome.results += [result for name, result in kept.items() if name.startswith("test.")]
    night.results = outcome.results
    return outcome


def _selection(context: dg.AssetExecutionContext, manifest: dict, translator: TandemTranslator) -> list[str]:
    """Nothing for a whole night; the chosen nodes when somebody materialises a part of the graph by hand."""
    if not context.is_subset:
        return []
    chosen = context.selected_asset_keys
    names = [
        node["name"]
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "seed") and translator.get_asset_spec(manifest, unique_id, None).key in chosen
    ]
    return ["--select", *names]


def _unexplained(broken: list[str], results: list[dict], nodes: Mapping[str, Mapping]) -> list[str]:
    """The broken models that no failed test upstream explains: where one does, the night is refused, not failed."""
    statuses = {r["data"]["node_info"]["unique_id"]: r["data"]["node_info"]["node_status"] for r in results}
    failed = [name for name, status in statuses.items() if name.startswith("test.") and status in ("fail", "error")]
    tested = {parent for name in failed if name in nodes for parent in _parents_of(nodes, name)}
    tested -= set(broken)
    models = [name for name in broken if not name.startswith("test.")]
    return [name for name in models if tested.isdisjoint(_ancestors(nodes, name))]


def _parents_of(nodes: Mapping[str, Mapping], unique_id: str) -> list[str]:
    return nodes[unique_id].get("depends_on", {}).get("nodes", []) if unique_id in nodes else []


def _ancestors(nodes: Mapping[str, Mapping], unique_id: str) -> set[str]:
    found: set[str] = set()
    waiting = [unique_id]
    while waiting:
        new = set(_parents_of(nodes, waiting.pop())) - found
        found |= new
        waiting += new
    return found


def _dagster_events(
    context: dg.AssetExecutionContext, night: Night, manifest: dict, translator: TandemTranslator, results: list[dict]
) -> Iterator[Any]:
    with open_duckdb(night.home.candidate, read_only=True) as connection:
        columns = _columns_by_relation(connection)
        row_counts = _row_counts(connection)
    target = night.home.dbt_target
    memory = LineageMemory(remembered_lineage(night.settings), target / "compiled")
    for result in results:
        node = manifest["nodes"].get(result["data"]["node_info"]["unique_id"])
        if node is None:
            continue
        is_model = node["resource_type"] == "model"
        own = columns.get((node["schema"], node["alias"]), {}) if is_model else {}
        history = {"columns": {name: {"data_type": kind} for name, kind in own.items()}} if own else {}
        message = DbtCoreCliEventMessage(raw_event=result, event_history_metadata=history)
        for event in message.to_default_asset_events(manifest, translator, context, target):
            if not isinstance(event, dg.Output) or not is_model:
                yield event
                continue
            rows = row_counts.get((node["schema"], node["alias"]))
            extra: dict[str, Any] = {} if rows is None else {"dagster/row_count": rows}
            # Columns are followed through DuckDB's SQL; a Python model has none, nor has a night on Spark.
            if node["language"] != "sql" or night.settings.engine == "spark":
                yield event.with_metadata({**event.metadata, **extra})
                continue
            parents = _parents(manifest, translator, node, columns)
            lineage = memory.lineage(
                node,
                own,
                {name: found for name, (_, found) in parents.items()},
                {name: key for name, (key, _) in parents.items()},
            )
            if lineage is not None:
                extra["dagster/column_lineage"] = lineage
            yield event.with_metadata({**event.metadata, **extra})
    memory.save()


def _columns_by_relation(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, data_type in connection.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns() "
        "where not internal order by schema_name, table_name, column_index"
    ).fetchall():
        found.setdefault((schema, table), {})[column] = data_type
    return found


def _row_counts(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    # A DuckDB table's size is exact once the file has been closed by its writer.
    return {
        (schema, table): size
        for schema, table, size in connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables() where not internal"
        ).fetchall()
    }


def _parents(
    manifest: dict, translator: TandemTranslator, node: Mapping, columns: Mapping
) -> dict[str, tuple[dg.AssetKey, dict[str, str]]]:
    """Relation name of each parent → its asset and its columns."""
    parents = {}
    for unique_id in node["depends_on"]["nodes"]:
        parent = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        name = parent.get("identifier") or parent.get("alias")
        key = translator.get_asset_spec(manifest, unique_id, None).key
        parents[parent["relation_name"]] = key, columns.get((parent["schema"], name), {})
    return parents


def _record_audit(night: Night, manifest: dict, results: list[dict]) -> None:
    passed, warned, failed = 0, [], []
    for result in results:
        node = result["data"]["node_info"]
        if not node["unique_id"].startswith("test."):
            continue
        name = manifest["nodes"][node["unique_id"]]["name"]
        if node["node_status"] == "pass":
            passed += 1
        elif node["node_status"] == "warn":
            warned.append(name)
        else:
            failed.append(name)
    Audit(night.home.audit).record("dbt", passed=passed, warned=warned, failed=failed)
