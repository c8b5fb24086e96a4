"""The publish asset: asks the audit, then publishes. Launched alone it asks the same question and refuses the same way."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.engine import open_duckdb
from orchestration.ops.night import Night
from orchestration.publish.causes import tonight
from orchestration.publish.history import nights_lacking_files
from orchestration.publish.postgres import publish_to_postgres
from orchestration.publish.versions import publish
from orchestration.quality.audit import Audit
from orchestration.quality.policy import load_policy
from orchestration.settings import Settings
from orchestration.transform.kept_models import Publication, write_record
from orchestration.transform.translator import ANALYTICS_ENGINEERING

PUBLISHED = dg.AssetKey(["published", "marts"])


def mart_grains(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Mart → grain columns, as each mart's YAML declares them."""
    return {
        node["name"]: node["config"]["meta"]["grain"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


def marts_in_order(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Marts whose models leave their rows in the order in which they are published, which is not that of their grain."""
    return frozenset(
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts" and "sorted_by" in node["config"]["meta"]
    )


def postgres_server(settings: Settings, grains: Mapping[str, list[str]]) -> Callable[[Path], int] | None:
    """How a published file gets into the Postgres server that the settings name; None when they name none."""
    if settings.postgres_dsn is None:
        return None
    dsn = settings.postgres_dsn.get_secret_value()
    return lambda source: publish_to_postgres(dsn, source, grains)


def build_publish_asset(manifest_path: Path) -> dg.AssetsDefinition:
    """The published version, downstream of every mart."""
    manifest = json.loads(manifest_path.read_text())
    grains, in_order = mart_grains(manifest), marts_in_order(manifest)
    names = {node["name"]: unique_id for unique_id, node in manifest["nodes"].items() if node["name"] in grains}

    @dg.asset(
        key=PUBLISHED,
        deps=[dg.AssetKey(["marts", mart]) for mart in sorted(grains)],
        group_name="published",
        owners=[ANALYTICS_ENGINEERING],
        kinds={"duckdb", "parquet"},
        description="The last night that passed its audit: a DuckDB file behind a link, Parquet, and a copy.",
        required_resource_keys={"night"},
    )
    def published_marts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        night: Night = context.resources.night
        with night.step("publish"):
            refusals = Audit(night.home.audit).refusals() + _late_feeds(night)
            if refusals:
                night.audit_refusals = refusals
                raise dg.Failure(f"refused: {'; '.join(refusals)}", allow_retries=False)
            inputs = tonight(night.settings, night.home)
            serve = postgres_server(night.settings, grains)
            standing = _standing(night, names)
            version = publish(
                night.home, night.as_of(), grains, night.settings.keep_versions, inputs, serve, standing,
                night.settings.memory_limit, in_order,
            )  # fmt: skip
            night.version = version.version
            if night.kept:
                write_record(night.home, night.kept, night.results, Publication(version.version, version.prints))
            lacking = [str(day) for day in nights_lacking_files(night.home, night.settings.business_timezone)]
        if lacking:
            night.progress(
                f"{len(lacking)} published nights lack files that have come since, from {lacking[0]} to {lacking[-1]}; "
                "publish them anew with --as-of, and fct_restatement says what differs"
            )
        metadata = {"version": version.version, "path": str(version.path), "nights_lacking_files": lacking}
        return dg.MaterializeResult(metadata=metadata)

    return published_marts


def _standing(night: Night, names: Mapping[str, str]) -> Publication | None:
    """The marts that no model built tonight, as they were published last."""
    if night.kept is None or night.kept.published is None:
        return None
    known = night.kept.published
    if not known.version.startswith(night.as_of().day.isoformat()):
        return None
    prints = {mart: content for mart, content in known.prints.items() if mart in names and night.kept.stands(names[mart])}
    return Publication(known.version, prints)


def _late_feeds(night: Night) -> list[str]:

    policy = load_policy(night.settings.expectations_dir / "publish_policy.yml")
    refusing = {feed for feed, action in policy.if_late.items() if action == "refuse"}
    with open_duckdb(night.home.candidate, read_only=True) as connection:
        late = connection.execute(
            "select source_system || '/' || entity from raw.feed_status where is_late order by all"
        ).fetchall()
    return [f"feed {feed} is late" for (feed,) in late if feed in refusing]
