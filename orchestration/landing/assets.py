"""One asset per feed, raw/<vendor>/<entity>, made from the export profiles; one step lands them all."""

from collections.abc import Iterator

import dagster as dg

from orchestration.landing.deliver import NothingToLandError, land
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

    @dg.multi_asset(specs=specs, name="land_exports", can_subset=True, required_resource_keys={"night"})
    def land_exports(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        night: Night = context.resources.night
        with night.step("land"):
            try:
                night.landing = land(night.home, night.settings, night.progress)
                night.as_of()
            except (NothingToLandError, ValueError) as error:
                night.input_refusal = str(error)
                raise dg.Failure(str(error), allow_retries=False) from error
            totals = Ledger(night.home.ledger).feed_totals()
            for key in sorted(context.selected_asset_keys):
                feed = "/".join(key.path[1:])
                yield dg.MaterializeResult(asset_key=key, metadata=_metadata(night, feed, totals.get(feed)))

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
        "last extract": total["last_extract_at"] or "none",
    }
