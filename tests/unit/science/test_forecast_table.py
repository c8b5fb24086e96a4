"""The night's table of forecasts: reasons where nothing can be said, and nothing that depends on the order of rows."""

import datetime as dt

import pandas as pd
import pytest

from orchestration.science.backtest import forecast_origins
from orchestration.science.forecast_table import N_ORIGINS, N_PERIODS, PERIOD_DAYS, SCHEMA, make_forecasts, origins_until

AS_OF = dt.date(2026, 9, 30)


def company(n_deals: int, first: str, every_days: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deals opened one after another, each for sixty days; every third is won, the others lost."""
    stays, open_deals = [], []
    for number in range(n_deals):
        entered = pd.Timestamp(first) + pd.Timedelta(days=every_days * number)
        if entered > pd.Timestamp(AS_OF):
            break
        ended = entered + pd.Timedelta(days=60)
        is_over = ended <= pd.Timestamp(AS_OF)
        key, money = f"deal {number}", 1_000.0 + number
        stays.append(
            {
                "opportunity_key": key,
                "kind": "crm/new",
                "pipeline": "new" if number % 10 else "rare",
                "stage": "offer",
                "entered_on": entered,
                "left_on": ended if is_over else pd.NaT,
                "ended_on": ended if is_over else pd.NaT,
                "cause": (1 if number % 3 == 0 else 2) if is_over else 0,
                "amount": money,
                "won_amount": money if is_over and number % 3 == 0 else None,
            }
        )
        for origin in origins_until(AS_OF):
            day = pd.Timestamp(1970, 1, 1) + pd.Timedelta(days=origin)
            if entered <= day < ended:
                open_deals.append(
                    stays[-1] | {"snapshot_on": day, "age_days": (day - entered).days}  # as it stood
                )
    return pd.DataFrame(stays), pd.DataFrame(open_deals)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_forecasts(*company(260, "2024-08-01"), AS_OF).to_pandas()


def test_every_method_forecasts_three_periods_now_and_its_past_ones_stand_beside_what_came(table):
    now = table[(table["segment"] == "all") & (table["origin_on"] == AS_OF)]
    assert sorted(now["period_no"].unique()) == list(range(1, N_PERIODS + 1))
    assert now["forecast"].notna().all()
    assert now["actual"].isna().all()
    assert now["reason"].isna().all()
    is_over = pd.to_datetime(table["origin_on"]) + pd.to_timedelta(PERIOD_DAYS * table["period_no"], "D") <= pd.Timestamp(AS_OF)
    assert (table["actual"].notna() == is_over).all()
    survival = table[(table["method"] == "survival") & table["forecast"].notna()]
    assert (survival["p10"] <= survival["forecast"]).all()
    assert (survival["forecast"] <= survival["p90"]).all()


def test_a_steady_company_is_forecast_as_it_is(table):
    now = table[(table["segment"] == "all") & (table["origin_on"] == AS_OF) & (table["period_no"] == 1)].set_index("method")
    # Ten deals a month of about 1,250, a third of them won.
    assert now["forecast"].between(2_500, 6_500).all()


def test_a_company_of_too_few_closed_deals_gets_reasons_and_no_number():
    made = make_forecasts(*company(12, "2026-05-01"), AS_OF).to_pandas()
    now = made[(made["segment"] == "all") & (made["origin_on"] == AS_OF)].set_index("method")
    assert now.loc[["survival", "stage_weighted"], "forecast"].isna().all()
    assert set(now.loc[["survival", "stage_weighted"], "reason"]) == {"too_few_closed"}
    assert set(now.loc["same_period_last_year", "reason"]) == {"less_than_a_year"}


def test_a_pipeline_that_is_too_small_gets_reasons_while_the_whole_gets_forecasts(table):
    rare = table[(table["segment"] == "pipeline=rare") & (table["method"] == "survival") & (table["origin_on"] == AS_OF)]
    assert rare["forecast"].isna().all()
    assert set(rare["reason"]) == {"too_few_closed"}


def test_the_order_of_rows_changes_nothing(table):
    stays, open_deals = company(260, "2024-08-01")
    mixed = make_forecasts(stays.sample(frac=1, random_state=3), open_deals.sample(frac=1, random_state=4), AS_OF)
    pd.testing.assert_frame_equal(mixed.to_pandas(), table, check_exact=True)


def test_no_opportunities_give_an_empty_table_with_all_columns():
    stays, open_deals = company(3, "2026-09-01")
    assert make_forecasts(stays.head(0), open_deals.head(0), AS_OF).schema.equals(SCHEMA)


def test_of_a_long_history_a_part_chosen_by_key_forecasts_the_same_amounts_within_their_spread():
    stays, open_deals = company(260, "2024-08-01")
    origins = origins_until(AS_OF)
    assert len(origins) == N_ORIGINS + 1

    def numbered(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        days = {f"{n}_day": (pd.to_datetime(frame[f"{n}_on"]) - pd.Timestamp(1970, 1, 1)) / pd.Timedelta(days=1) for n in names}
        return frame.assign(segment="all", **days)

    entries, deals = numbered(stays, ["entered", "left", "ended"]), numbered(open_deals, ["snapshot"])
    whole, part = (
        forecast_origins(entries, deals, origins=origins[-1:], last_day=origins[-1], most_learnt_from=most)
        for most in (10_000, 130)
    )
    whole, part = (made[made["method"] == "survival"].iloc[0] for made in (whole, part))
    assert whole["forecast"] != part["forecast"]
    assert whole["p10"] <= part["forecast"] <= whole["p90"]
