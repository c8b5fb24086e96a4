"""The worklists as an asset, after publishing: they show what readers of the marts can look up."""

import dagster as dg

from orchestration.ops.night import Night
from orchestration.publish.assets import PUBLISHED
from orchestration.quality.digest import send_digests
from orchestration.quality.stewardship import load_stewardship
from orchestration.quality.worklists import write_worklists
from orchestration.transform.translator import ANALYTICS_ENGINEERING


@dg.asset(
    key=dg.AssetKey(["published", "worklists"]),
    deps=[PUBLISHED],
    group_name="published",
    owners=[ANALYTICS_ENGINEERING],
    kinds={"xlsx", "csv"},
    description="What each steward team has to mend in the CRM, most value for a minute's work first.",
    required_resource_keys={"night"},
)
def worklists(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Write the worklists and send the stewards' digest."""
    night: Night = context.resources.night
    with night.step("publish"):
        rules = load_stewardship(night.settings.expectations_dir / "field_stewardship.yml")
        counts = write_worklists(night.home, night.settings, rules)
        sent = send_digests(night.home, night.settings, rules)
    for team in (team for team, taken in sent.items() if not taken):
        night.progress(f"the digest for {team} was not taken: see TANDEM_STEWARD_ALERTS")
    return dg.MaterializeResult(metadata={f"entries {team}": count for team, count in counts.items()})
