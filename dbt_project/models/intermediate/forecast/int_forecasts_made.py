"""One row per segment, day on which a forecast is made, period after it and method: the estimates of orchestration/science."""

from orchestration.science.forecast_table import make_forecasts


def model(dbt, session):
    """Read what dbt prepared, and forecast."""
    dbt.config(materialized="table")
    stays = dbt.ref("int_forecast_stays").df()
    open_deals = dbt.ref("int_forecast_open_deals").df()
    as_of = dbt.source("tandem", "night").df()["as_of"].iloc[0]
    return make_forecasts(stays, open_deals, as_of)
