"""The backtest on planted worlds: honest intervals, no look ahead, and scores equal to their formulas."""

import numpy as np
import pandas as pd
import pytest

from orchestration.science.backtest import arrivals_as_known, choose, history_as_known, rolling_origin, score
from orchestration.science.spells import FrameError

QUICK = {"history_days": 730, "draws": 160, "replicates": 5}


def sales_world(seed: int, days: int, origins: np.ndarray, *, per_day: float = 1.0, swing: float = 0.0, stages: int = 1):
    """Stage entries and snapshots of deals that arrive at random; two segments win 30 % and 15 %, after months.

    With `swing` arrivals go up and down, out of step with the year. With two stages some deals move on to a proposal, and those
    that do are likelier to be won.
    """
    rng = np.random.default_rng(seed)
    rate = per_day * (1 + swing * np.sin(2 * np.pi * np.arange(days) / 190))
    entered = np.repeat(np.arange(days), rng.poisson(rate))
    n = len(entered)
    second = rng.integers(0, 2, n)
    won = rng.random(n) < np.where(second, 0.15, 0.3)
    lag = np.ceil(rng.lognormal(np.log(np.where(won, np.where(second, 110, 60), 45)), np.where(won, 0.4, 0.8)))
    amount = np.round(rng.lognormal(np.log(20_000), 0.6, n), 2)
    deals = pd.DataFrame(
        {
            "opportunity_key": [f"world {seed} deal {i}" for i in range(n)],
            "segment": np.where(second, "band=large", "band=small"),
            "stage": "sqo",
            "entered_day": entered,
            "left_day": entered + lag,
            "ended_day": entered + lag,
            "cause": np.where(won, 1, 2),
            "amount": amount,
            "won_amount": np.where(won, np.round(amount * rng.lognormal(-0.1, 0.2, n), 2), np.nan),
        }
    )
    if stages == 2:
        moved_on = won | (rng.random(n) < 0.35)
        moved_day = np.floor(entered + lag * rng.beta(2, 2, n))
        proposals = deals[moved_on].assign(stage="proposal", entered_day=moved_day[moved_on])
        deals["left_day"] = np.where(moved_on, moved_day, deals["left_day"])
        deals = pd.concat([deals, proposals], ignore_index=True)
    snapshots = [
        deals[(deals["entered_day"] <= origin) & (deals["left_day"] > origin)].assign(
            snapshot_day=origin, age_days=lambda frame, day=origin: day - frame["entered_day"]
        )
        for origin in origins
    ]
    columns = ["snapshot_day", "opportunity_key", "segment", "stage", "age_days", "amount"]
    return deals, pd.concat(snapshots, ignore_index=True)[columns]


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    """Six worlds of one or two stages, each forecast over fifty-one months of thirty days."""
    days, origins = 30 * 80, np.arange(30 * 29, 30 * 80, 30)
    worlds = []
    for seed in range(6):
        entries, snapshots = sales_world(seed, days, origins, swing=0.5, stages=1 + seed % 2)
        world = rolling_origin(entries, snapshots, last_day=days, seed=seed, **QUICK)
        worlds.append(world.assign(world=seed, origin_day=world["origin_day"] + seed * 100_000))
    return pd.concat(worlds, ignore_index=True)


def test_the_interval_holds_eight_of_ten_actuals_over_300_periods(judged):
    survival = score(judged).set_index("method").loc["survival"]
    assert survival["n_periods"] >= 300
    assert 0.75 <= survival["coverage"] <= 0.85


def test_survival_beats_the_naive_forecasts_where_deals_take_months(judged):
    scores = score(judged).set_index("method")
    assert scores.loc["survival", "wape"] < 0.9 * scores.loc["trailing_mean", "wape"]
    assert scores.loc["survival", "wape"] < 0.9 * scores.loc["same_period_last_year", "wape"]
    assert abs(scores.loc["survival", "bias"]) < 0.08
    assert choose(score(judged), {"survival": 100.0, "trailing_mean": 70.0}).method == "survival"


def test_what_comes_after_the_origin_changes_no_forecast():
    days, origins = 30 * 40, np.array([900])
    entries, snapshots = sales_world(3, days, origins)
    future = entries["ended_day"] > 900
    other = entries.assign(
        cause=np.where(future, 1, entries["cause"]),
        ended_day=entries["ended_day"] + np.where(future, 5, 0),
        won_amount=np.where(future, 1.0, entries["won_amount"]),
    )
    first = rolling_origin(entries, snapshots, last_day=days, **QUICK)
    second = rolling_origin(other, snapshots, last_day=days, **QUICK)
    pd.testing.assert_frame_equal(first.drop(columns="actual"), second.drop(columns="actual"))
    assert (first["actual"] != second["actual"]).all()


def test_row_order_changes_no_forecast():
    days, origins = 30 * 40, np.array([900, 930])
    entries, snapshots = sales_world(4, days, origins, stages=2)
    mixed = rolling_origin(
        entries.sample(frac=1, random_state=1), snapshots.sample(frac=1, random_state=2), last_day=days, **QUICK
    )
    pd.testing.assert_frame_equal(rolling_origin(entries, snapshots, last_day=days, **QUICK), mixed, check_exact=True)


def test_history_and_arrivals_are_what_was_known_on_the_day():
    entries = pd.DataFrame(
        {
            "opportunity_key": ["a", "a", "b", "c", "d"],
            "segment": "all",
            "stage": ["sqo", "proposal", "sqo", "sqo", "sqo"],
            "entered_day": [0, 40, 95, 101, 10],
            "left_day": [40, 120, np.nan, np.nan, 100],
            "ended_day": [120, 120, np.nan, np.nan, 100],
            "cause": [1, 1, 0, 0, 2],
            "amount": 10.0,
            "won_amount": [9.0, 9.0, np.nan, np.nan, np.nan],
        }
    )
    known = history_as_known(entries, 100).set_index(["opportunity_key", "stage"])
    assert known["cause"].to_dict() == {("a", "sqo"): 0, ("a", "proposal"): 0, ("b", "sqo"): 0, ("d", "sqo"): 2}
    assert known["exit_days"].tolist() == [100, 60, 5, 90]
    assert known["stage_days"].tolist() == [40, 60, 5, 90]
    assert known["won_amount"].isna().all()
    assert arrivals_as_known(entries, 100, 50)["opportunity_key"].tolist() == ["b"]
    assert arrivals_as_known(entries, 100, 365)["stage"].tolist() == ["sqo"] * 3


def test_scores_equal_their_formulas():
    forecasts = pd.DataFrame(
        {
            "origin_day": [0, 30, 0, 30, 60],
            "method": ["a", "a", "b", "b", "b"],
            "forecast": [8.0, 14.0, 10.0, 10.0, 1.0],
            "p10": [5.0, 12.0, np.nan, np.nan, np.nan],
            "p90": [9.0, 20.0, np.nan, np.nan, np.nan],
            "actual": [10.0, 12.0, 10.0, 12.0, 1.0],
        }
    ).query("origin_day < 60")
    scores = score(forecasts).set_index("method")
    assert scores.loc["a", ["n_periods", "wape", "bias"]].tolist() == [2, 4 / 22, 0]
    assert scores.loc["a", "coverage"] == 0.5
    # P10: .1*5 and .1*0; P50: .5*2 and .5*2; P90: .9*1 and .1*8.
    assert scores.loc["a", "pinball_p50"] == 1
    assert scores.loc["a", "pinball"] == pytest.approx((0.25 + 1 + 0.85) / 3)
    assert scores.loc["b", "wape"] == pytest.approx(2 / 22)
    assert scores.loc["b", "bias"] == pytest.approx(-2 / 22)
    assert np.isnan(scores.loc["b", ["pinball", "coverage"]].astype(float)).all()


def test_methods_are_scored_on_the_origins_that_all_of_them_have():
    forecasts = pd.DataFrame({"origin_day": [0, 30, 0, 30], "method": ["a", "a", "b", "b"], "forecast": [np.nan, 5, 100, 5]})
    forecasts = forecasts.assign(p10=np.nan, p90=np.nan, actual=5.0)
    assert score(forecasts)[["n_periods", "wape"]].to_numpy().tolist() == [[1, 0], [1, 0]]


def test_the_best_method_that_has_a_forecast_is_chosen_and_the_spread_said():
    scores = pd.DataFrame({"method": ["a", "b", "c"], "wape": [0.1, 0.2, 0.2]})
    choice = choose(scores, {"a": float("nan"), "b": 50.0, "c": 60.0})
    assert (choice.method, choice.forecast, choice.disagreement) == ("b", 50.0, 0.2)
    with pytest.raises(FrameError, match="no method"):
        choose(scores, {"a": float("nan")})


def test_no_snapshot_gives_no_row():
    entries, snapshots = sales_world(1, 400, np.array([300]))
    assert rolling_origin(entries, snapshots, last_day=310, **QUICK).empty
    assert score(rolling_origin(entries, snapshots, last_day=310, **QUICK)).empty
