"""One row per objective on a stage of the funnel and day of its period: what journeys still bring after it."""

from orchestration.science.still_to_come import still_to_come


def model(dbt, session):
    """Read what dbt prepared, and look ahead."""
    dbt.config(materialized="table")
    # One by one: within another call dbt does not see what is read.
    journeys = dbt.ref("int_objective_journeys").df()
    objectives = dbt.source("tandem", "objective").df()
    filters = dbt.source("tandem", "objective_filter").df()
    days = dbt.source("tandem", "calendar_day").df()
    actuals = dbt.ref("int_objective_actuals").df()
    as_of = dbt.source("tandem", "night").df()["as_of"].iloc[0]
    return still_to_come(journeys, objectives, filters, days, actuals, as_of)
