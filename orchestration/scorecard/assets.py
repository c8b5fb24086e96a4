"""The scorecard asset: the page of the version that was just published."""

import dagster as dg

from orchestration.ops.night import Night
from orchestration.publish.assets import PUBLISHED
from orchestration.publish.versions import list_versions
from orchestration.transform.translator import ANALYTICS_ENGINEERING


@dg.asset(
    key=["scorecard", "page"],
    deps=[PUBLISHED],
    group_name="scorecard",
    owners=[ANALYTICS_ENGINEERING],
    kinds={"html"},
    description="The page that both teams look at.",
    required_resource_keys={"night"},
)
def scorecard_page(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Render the page from the published file, beside the version published before it."""
    from orchestration.scorecard.page import render

    night: Night = context.resources.night
    with night.step("publish"):
        versions = list_versions(night.home)
        current = next(item for item in versions if item.is_current)
        previous = next((item for item in versions if not item.is_current), None)
        render(current.path, previous.path if previous else None, night.home.scorecard, language=night.settings.language)
    return dg.MaterializeResult(metadata={"path": str(night.home.scorecard), "version": current.version})
