"""Forecasts against numbers worked by hand and against the truth of planted worlds."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from orchestration.science.forecast import same_period_last_year, stage_weighted, survival_forecast, trailing_mean
from orchestration.science.spells import FrameError
from orchestration.science.win_curves import WinCurves

NO_ARRIVALS = pd.DataFrame({"segment": [], "stage": [], "amount": []})


def entries(**columns) -> pd.DataFrame:
    frame = pd.DataFrame({"segment": "all", "stage": "sqo", "amount": 100.0, **columns})
    frame["opportunity_key"] = [f"past {i}" for i in range(len(frame))]
    frame["stage_days"] = frame.get("stage_days", frame["exit_days"])
    frame["won_amount"] = frame.get("won_amount", frame["amount"].where(frame["cause"] == 1))
    frame["followup_days"] = 1_000
    return frame


def deals(n: int, **columns) -> pd.DataFrame:
    base = {
        "opportunity_key": [f"open {i}" for i in range(n)],
        "segment": "all",
        "stage": "sqo",
        "age_days": 0.0,
        "amount": 100.0,
    }
    return pd.DataFrame(base | columns, index=range(n))


def test_naive_forecasts_need_their_periods():
    actuals = list(range(1, 14))
    assert same_period_last_year(actuals) == 2
    assert trailing_mean(actuals) == 11.5
    assert np.isnan(same_period_last_year(actuals[:11]))
    assert np.isnan(trailing_mean(actuals[:3]))


def test_the_stage_rate_is_by_value_over_the_days_that_deals_stood_in_the_stage():
    # 100 won for 80 after 10 days and 300 lost after 20: of their days in the stage, days 5 to 9 lead to a win within 5 days.
    past = entries(exit_days=[10, 20], cause=[1, 2], amount=[100.0, 300.0], won_amount=[80.0, np.nan])
    rate = 5 * 80 / (10 * 100 + 20 * 300)
    np.testing.assert_allclose(stage_weighted(deals(3), past, [5]), [300 * rate])
    np.testing.assert_allclose(stage_weighted(deals(3), past, [5, 10]).cumsum(), [300 * rate, 300 * 2 * rate])
    assert stage_weighted(deals(3, stage="unseen"), past, [5]).tolist() == [0]


def test_money_may_come_as_decimals():
    past = entries(exit_days=[10, 20], cause=[1, 2], amount=[100.0, 300.0], won_amount=[80.0, np.nan])
    exact = past.assign(amount=past["amount"].map(Decimal), won_amount=[Decimal("80.00"), None])
    asked = deals(3).assign(amount=Decimal("100.00"))
    np.testing.assert_allclose(stage_weighted(asked, exact, [5]), stage_weighted(deals(3), past, [5]))
    drawn = [
        survival_forecast(d, h, NO_ARRIVALS, arrival_days=1, period_ends=[30], draws=50).from_open
        for d, h in ((asked, exact), (deals(3), past))
    ]
    np.testing.assert_array_equal(*drawn)


def test_days_without_time_to_the_period_end_are_not_in_the_stage_rate():
    past = entries(exit_days=[10, 7], cause=[1, 0]).assign(followup_days=[1_000, 7])
    # The open deal was seen for seven days: only its days 0 to 2 have had five days since.
    np.testing.assert_allclose(stage_weighted(deals(1), past, [5]), [100 * 5 * 100 / (10 * 100 + 3 * 100)])


def test_the_chance_to_win_is_conditional_on_age():
    past = entries(exit_days=np.tile([10, 20, 30, 40], 10), cause=np.tile([1, 1, 2, 1], 10))
    curves = WinCurves(past)
    age = np.array([0.0, 10.0, 20.0, 39.0, 40.0])
    reading = curves.locate(deals(5), age, age[:, None] + np.array([10, 20]))
    np.testing.assert_allclose(
        curves.win_probability(reading, curves.estimate()), [[1 / 4, 1 / 2], [1 / 3, 1 / 3], [0, 1 / 2], [1, 1], [0, 0]]
    )


def test_a_deal_is_compared_with_those_still_in_its_stage_not_with_those_that_moved_on():
    # Twenty deals: ten move on at day 7 and are won at day 30, ten stay and are lost at day 30.
    past = entries(exit_days=[30] * 20, cause=[1] * 10 + [2] * 10, stage_days=[7] * 10 + [30] * 10)
    curves = WinCurves(past)
    age = np.array([0.0, 7.0])
    reading = curves.locate(deals(2), age, np.full((2, 1), 60.0))
    assert curves.win_probability(reading, curves.estimate()).ravel().tolist() == [0.5, 0]


def test_a_small_segment_borrows_its_stage_and_an_unknown_stage_borrows_all():
    past = pd.concat(
        [
            entries(exit_days=[10] * 20, cause=[1] * 10 + [2] * 10),
            entries(exit_days=[10] * 5, cause=[1] * 5, segment="few"),
            entries(exit_days=[10] * 15, cause=[2] * 15, stage="sal"),
        ],
        ignore_index=True,
    )
    asked = deals(4, segment=["all", "few", "new", "all"], stage=["sqo", "sqo", "sqo", "unseen"])
    curves = WinCurves(past)
    chance = curves.win_probability(curves.locate(asked, np.zeros(4), np.full((4, 1), 30.0)), curves.estimate()).ravel()
    np.testing.assert_allclose(chance, [10 / 20, 15 / 25, 15 / 25, 15 / 40])


def test_a_segment_whose_deals_all_ended_by_that_age_borrows_its_stage():
    past = pd.concat(
        [
            entries(exit_days=[5] * 20, cause=[1] * 20, segment="quick"),
            entries(exit_days=[30] * 20, cause=[1] * 10 + [2] * 10, segment="slow"),
        ],
        ignore_index=True,
    )
    curves = WinCurves(past)
    reading = curves.locate(deals(1, segment="quick"), np.array([5.0]), np.array([[60.0]]))
    assert curves.win_probability(reading, curves.estimate()).item() == 0.5


def test_draws_have_the_mean_and_spread_of_the_chances_they_are_drawn_from():
    past = entries(exit_days=np.tile([10, 50], 2_000), cause=np.tile([1, 1], 2_000))
    past["won_amount"] = 90.0
    drawn = survival_forecast(deals(400), past, NO_ARRIVALS, arrival_days=365, period_ends=[30, 60], draws=4_000, replicates=4)
    # Each of 400 deals of 100, won for 90 of 100, half in each period.
    assert drawn.from_open.mean(axis=0) == pytest.approx([18_000, 18_000], rel=0.02)
    assert drawn.from_open.sum(axis=1) == pytest.approx(36_000, rel=1e-9)
    assert drawn.from_open[:, 0].std() == pytest.approx(90 * 10, rel=0.15)
    summary = drawn.summary()
    assert summary["period_end_days"].tolist() == [30, 60]
    assert (summary["p10"] < summary["p50"]).all()
    assert (summary["p50"] < summary["p90"]).all()
    assert summary["mean_from_new"].tolist() == [0, 0]


def test_won_amounts_scatter_around_the_forecast_as_they_did():
    rng = np.random.default_rng(5)
    past = entries(exit_days=[10] * 3_000, cause=[1] * 3_000)
    past["won_amount"] = 100 * rng.lognormal(-0.2, 0.5, 3_000)
    drawn = survival_forecast(deals(1), past, NO_ARRIVALS, arrival_days=1, period_ends=[30], draws=4_000, replicates=2)
    logarithms = np.log(drawn.from_open[:, 0] / 100)
    assert [logarithms.mean(), logarithms.std()] == pytest.approx([-0.2, 0.5], abs=0.03)


def test_deals_still_to_be_created_come_at_their_rate_and_after_their_lag():
    past = entries(exit_days=np.tile([10, 20], 1_000), cause=np.tile([1, 2], 1_000))
    arrivals = pd.DataFrame({"segment": "all", "stage": "sqo", "amount": [50.0, 150.0] * 365})
    drawn = survival_forecast(deals(0), past, arrivals, arrival_days=365, period_ends=[10, 30], draws=4_000, replicates=4)
    # Two a day of 100 each, half of them won ten days later: none within ten days, those of twenty days within thirty.
    assert drawn.from_new[:, 0].max() == 0
    assert drawn.from_new[:, 1].mean() == pytest.approx(2 * 20 * 100 / 2, rel=0.03)
    counts = drawn.from_new[:, 1] / 100
    assert counts.var() == pytest.approx(20 * 1.25 * (1 + 20 / 730), rel=0.12)


def test_a_rate_known_from_few_arrivals_scatters_more_than_poisson():
    past = entries(exit_days=np.tile([10, 20], 1_000), cause=np.tile([1, 2], 1_000))
    arrivals = pd.DataFrame({"segment": "all", "stage": "sqo", "amount": [100.0] * 20})
    drawn = survival_forecast(deals(0), past, arrivals, arrival_days=10, period_ends=[30], draws=8_000, replicates=4)
    wins, expected = drawn.from_new[:, 0] / 100, 20 * 2.05 / 2
    assert wins.mean() == pytest.approx(expected, rel=0.04)
    assert wins.var() == pytest.approx(expected + expected**2 / 20.5, rel=0.12)


def test_little_history_widens_the_interval():
    def width(n: int) -> float:
        past = entries(exit_days=np.tile([10, 10, 10, 10], n), cause=np.tile([1, 2, 2, 2], n))
        few = survival_forecast(deals(400), past, NO_ARRIVALS, arrival_days=1, period_ends=[30], draws=2_000).summary()
        return (few["p90"] - few["p10"]).item()

    assert width(5) > 2 * width(2_000)


def test_row_order_changes_nothing_and_another_deal_does_not_change_a_deals_luck():
    rng = np.random.default_rng(3)
    past = entries(exit_days=rng.integers(0, 90, 500), cause=rng.integers(0, 3, 500))
    asked = deals(60, age_days=rng.integers(0, 40, 60).astype(float), amount=np.round(rng.lognormal(9, 1, 60), 2))
    arrivals = pd.DataFrame({"segment": "all", "stage": "sqo", "amount": rng.lognormal(9, 1, 200)})

    def drawn(open_deals, history, new):
        return survival_forecast(open_deals, history, new, arrival_days=365, period_ends=[30, 90], draws=200)

    whole = drawn(asked, past, arrivals)
    mixed = drawn(*(frame.sample(frac=1, random_state=1) for frame in (asked, past, arrivals)))
    np.testing.assert_array_equal(whole.from_open, mixed.from_open)
    np.testing.assert_array_equal(whole.from_new, mixed.from_new)
    parts = drawn(asked.iloc[:25], past, arrivals).from_open + drawn(asked.iloc[25:], past, arrivals).from_open
    np.testing.assert_allclose(whole.from_open, parts, rtol=1e-12)


def test_frames_that_cannot_be_taken_are_refused():
    past = entries(exit_days=[10], cause=[1])

    def forecast(open_deals, ends=(30,)):
        return survival_forecast(open_deals, past, NO_ARRIVALS, arrival_days=1, period_ends=ends, draws=10)

    with pytest.raises(FrameError, match="opportunity_key: 1 rows are there twice"):
        forecast(deals(2, opportunity_key="same"))
    with pytest.raises(FrameError, match="amount: 2 rows are NULL"):
        forecast(deals(2, amount=np.nan))
    with pytest.raises(FrameError, match="period_ends"):
        forecast(deals(1), ends=(60, 30))
    with pytest.raises(FrameError, match="age_days: 2 rows are NULL, infinite or negative"):
        forecast(deals(2, age_days=-1.0))
    with pytest.raises(FrameError, match="stage_days: 1 rows are above exit_days"):
        survival_forecast(deals(1), past.assign(stage_days=11), NO_ARRIVALS, arrival_days=1, period_ends=[30])
    with pytest.raises(FrameError, match="stage_days"):
        survival_forecast(deals(1), past.drop(columns="stage_days"), NO_ARRIVALS, arrival_days=1, period_ends=[30])


def test_without_history_nothing_is_won():
    nothing = entries(exit_days=[10], cause=[1]).iloc[:0]
    drawn = survival_forecast(deals(3), nothing, NO_ARRIVALS, arrival_days=1, period_ends=[30], draws=10)
    assert drawn.from_open.sum() == 0
