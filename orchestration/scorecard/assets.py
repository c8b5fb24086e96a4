"""The scorecard asset: the page of the version that was just published."""

from collections.abc import Sequence

import dagster as dg

from orchestration import failpoints
from orchestration.home import Home
from orchestration.ops.night import Night
from orchestration.publish.assets import PUBLISHED
from orchestration.publish.versions import list_versions
from orchestration.scorecard.words import say
from orchestration.settings import Settings
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
    night: Night = context.resources.night
    with night.step("publish"):
        version = draw_page(night.home, night.settings)
        failpoints.passed("after:scorecard")
    return dg.MaterializeResult(metadata={"path": str(night.home.scorecard), "version": version})


def draw_page(home: Home, settings: Settings, refusals: Sequence[str] = ()) -> str:
    """Draw the page of the version in use; `refusals` say why a later night was not published."""
    from orchestration.scorecard.page import render

    versions = list_versions(home)
    current = next(item for item in versions if item.is_current)
    previous = next((item.path for item in versions if not item.is_current), None)
    notices = [f"{say('refused', settings.language)} {'; '.join(refusals)}"] if refusals else []
    render(current.path, previous, home.scorecard, language=settings.language, notices=notices)
    return current.version
