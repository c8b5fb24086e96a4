"""What Dagster loads: the rooms in the order of the data. No logic, no warehouse and no network here."""

import dagster as dg

from orchestration.landing.assets import build_landing_assets
from orchestration.landing.profiles import known_profiles
from orchestration.ops.jobs import build_inbox_sensor, build_schedule, nightly
from orchestration.ops.night import Night
from orchestration.ops.resources import build_night_resource
from orchestration.publish.assets import build_publish_asset
from orchestration.quality.assets import worklists
from orchestration.quality.checks import build_expectation_checks
from orchestration.scorecard.assets import scorecard_page
from orchestration.settings import Settings
from orchestration.transform.assets import build_catalog_assets, build_dbt_assets
from orchestration.transform.dbt_build import project_manifest


def build_defs(settings: Settings, night: Night | None = None) -> dg.Definitions:
    """Everything for one home; tests and the command pass their own settings."""
    profiles = known_profiles(settings)
    manifest = project_manifest(settings)
    return dg.Definitions(
        assets=[
            build_landing_assets(profiles),
            build_catalog_assets(profiles),
            build_dbt_assets(manifest),
            build_publish_asset(manifest),
            scorecard_page,
            worklists,
        ],
        asset_checks=[build_expectation_checks(settings)],
        jobs=[nightly],
        schedules=[build_schedule(settings)],
        sensors=[build_inbox_sensor(settings)],
        resources={"night": build_night_resource(settings, night)},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of the home that the environment names; built when Dagster asks, not at import."""
    return build_defs(Settings())
