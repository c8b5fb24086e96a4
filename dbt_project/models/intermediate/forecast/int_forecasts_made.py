"""One row per segment, day on which a forecast is made, period after it and method: the estimates of orchestration/science."""

from orchestration.science.forecast_table import OPEN_DEAL_COLUMNS, STAY_COLUMNS, make_forecasts
from orchestration.science.relations import read_frame


def model(dbt, session):
    """Read what dbt prepared, and forecast."""
    dbt.config(materialized="table")
    # One by one: within another call dbt does not see what is read.
    stays = dbt.ref("int_forecast_stays")
    open_deals = dbt.ref("int_forecast_open_deals")
    as_of = dbt.source("tandem", "night").df()["as_of"].iloc[0]
    key = "opportunity_key"
    return make_forecasts(read_frame(stays, STAY_COLUMNS, key), read_frame(open_deals, OPEN_DEAL_COLUMNS, key), as_of)
