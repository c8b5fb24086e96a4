"""One asset per feed, raw/<vendor>/<entity>, made from the export profiles; one step lands them all."""

from collections.abc import Iterator

import dagster as dg

from orchestration.landing.deliver import NothingToLandError, land
from orchestration.landing.feed_health import CHECKS, judge_feeds
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Profile
from orchestration.ops.night import Night

DATA_ENGINEERING = "data-engineering@tandem.example"


def build_landing_assets(profiles: dict[str, Profile]) -> dg.AssetsDefinition:
    """The feeds of all profiles as one multi-asset: a file's feed is known only once it has been read."""
    specs = [
        dg.AssetSpec(
            key=["raw", feed.vendor, feed.entity],
            description=f"{feed.description} ({feed.delivery} export). Source of the header names: {profile.source_note}",
            group_name=f"raw_{feed.vendor}",
            owners=[DATA_ENGINEERING],
            kinds={"csv", "parquet"},
            tags={"vendor": feed.vendor, "layer": "raw"},
        )
        for profile in profiles.values()
        for feed in profile.feeds.values()
    ]

    checks = [
        dg.AssetCheckSpec(name=name, asset=spec.key, description=description)
        for spec in specs
        for name, description in CHECKS.items()
    ]
    feeds = [feed for profile in profiles.values() for feed in profile.feeds.values()]

    @dg.multi_asset(specs=specs, check_specs=checks, name="land_exports", can_subset=True, required_resource_keys={"night"})
    def land_exports(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        night: Night = context.resources.night
        with night.step("land"):
            try:
                night.landing = night.landing or land(night.home, night.settings, night.progress)
                night.as_of()
            except (NothingToLandError, ValueError) as error:
                night.input_refusal = str(error)
                raise dg.Failure(str(error), allow_retries=False) from error
            ledger = Ledger(night.home.ledger)
            totals = ledger.feed_totals()
            for key in sorted(context.selected_asset_keys):
                feed = "/".join(key.path[1:])
                yield dg.MaterializeResult(asset_key=key, metadata=_metadata(night, feed, totals.get(feed)))
            for check in judge_feeds(ledger, feeds, night.as_of().day):
                key = dg.AssetKey(["raw", *check.feed.split("/")])
                if dg.AssetCheckKey(key, check.name) in context.selected_asset_check_keys:
                    yield dg.AssetCheckResult(
                        check_name=check.name, asset_key=key, passed=check.passed, severity=dg.AssetCheckSeverity.WARN,
                        description=check.message, metadata=dict(check.figures),
                    )  # fmt: skip

    return land_exports


def _metadata(night: Night, feed: str, total: dict | None) -> dict:
    if total is None:
        return {"status": "no file of this feed has ever come"}
    noticed = night.landing.noticed.get(feed, []) if night.landing else []
    return {
        **({"noticed": "\n".join(noticed)} if noticed else {}),
        "dagster/row_count": total["rows_loaded"] or 0,
        "rows landed tonight": night.landing.landed_feeds.get(feed, 0) if night.landing else 0,
        "rows quarantined": total["rows_quarantined"] or 0,
        "files": total["files"],
        "files refused": total["files_refused"] or 0,
        "bytes delivered": total["bytes"] or 0,
        "last extract": total["last_extract_at"] or "none",
    }
