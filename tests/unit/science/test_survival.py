"""Cumulative incidence against worked numbers, slow independent oracles and planted truth."""

import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.science.spells import FrameError, RiskSets, read_spells
from orchestration.science.survival import cumulative_incidence, end_abandoned, estimate_curves, time_in_stage, time_to_reach

TOY = pd.DataFrame({"exit_days": [1, 2, 3, 4, 5, 6, 6, 7, 8, 9], "cause": [1, 2, 0, 1, 2, 1, 2, 0, 1, 0]})
INCIDENCES = ["incidence_reached", "incidence_terminal", "incidence_recycled"]


def slow_oracle(frame: pd.DataFrame, horizon: float) -> dict[str, object]:
    """Row by row from the definition: risk sets counted anew at each time, the variance as a double sum."""
    rows = list(frame.itertuples())
    times = sorted({row.exit_days for row in rows if row.cause > 0})
    survival, steps, incidence = 1.0, [], {1: 0.0, 2: 0.0, 3: 0.0}
    for t in times:
        late = [getattr(row, "entry_days", 0) for row in rows]
        at_risk = [row for row, e in zip(rows, late, strict=True) if row.exit_days >= t and (e == 0 or e < t)]
        ended = [row for row in at_risk if row.exit_days == t and row.cause > 0]
        if t > horizon or not ended:
            continue
        by_cause = {k: sum(row.cause == k for row in ended) for k in incidence}
        for k in incidence:
            incidence[k] += survival * by_cause[k] / len(at_risk)
        steps.append((survival, len(at_risk), by_cause, dict(incidence)))
        survival *= 1 - len(ended) / len(at_risk)
    errors = {}
    for k in incidence:
        variance = 0.0
        for before, n, by_cause, so_far in steps:
            d, all_d, still_to_come = by_cause[k], sum(by_cause.values()), incidence[k] - so_far[k]
            if n > all_d:
                variance += still_to_come**2 * all_d / (n * (n - all_d))
            variance += before**2 * d * (n - d) / n**3 - 2 * still_to_come * before * d / n**2
        errors[k] = variance**0.5
    return {"survival": survival, "incidence": incidence, "errors": errors}


def random_spells(seed: int, n: int = 400, *, day_grain: bool = True, late: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = rng.exponential(40, n)
    frame = pd.DataFrame(
        {
            "cohort": rng.integers(0, 3, n),
            "segment": rng.choice(["all", "channel=email"], n),
            "exit_days": np.floor(days) if day_grain else days,
            "cause": rng.integers(0, 4, n),
            "account_key": [f"account {i}" for i in rng.integers(0, n // 3, n)],
        }
    )
    if late:
        entered = np.floor(rng.uniform(0, 1, n) * frame["exit_days"])
        frame["entry_days"] = np.where(rng.random(n) < 0.5, entered, 0)
    return frame


def test_the_toy_vector_to_the_sixth_digit():
    rates = cumulative_incidence(TOY, [], range(1, 10))
    expected = [0.1, 0.1, 0.1, 0.214286, 0.214286, 0.328571, 0.328571, 0.5, 0.5]
    np.testing.assert_allclose(rates["incidence_reached"], expected, atol=1e-6)
    np.testing.assert_allclose(rates["incidence_terminal"].iloc[-1], 0.328571, atol=1e-6)
    np.testing.assert_allclose(rates["survival"].iloc[-1], 0.171429, atol=1e-6)
    np.testing.assert_allclose(rates["se_reached"].iloc[[0, -1]], [0.094868, 0.180984], atol=1e-6)
    assert rates["n_at_risk"].tolist() == [10, 9, 8, 7, 6, 5, 3, 2, 1]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("day_grain", [False, True])
def test_points_and_errors_equal_an_independent_row_by_row_oracle(day_grain, late):
    frame = random_spells(3, day_grain=day_grain, late=late)
    rates = cumulative_incidence(frame, ["cohort", "segment"], [0, 7, 30, 90, 400])
    assert len(rates) == 6 * 5
    for row in rates.itertuples():
        group = frame[(frame["cohort"] == row.cohort) & (frame["segment"] == row.segment)]
        oracle = slow_oracle(group, row.horizon_days)
        np.testing.assert_allclose(row.survival, oracle["survival"], atol=1e-9)
        for k, name in enumerate(["reached", "terminal", "recycled"], start=1):
            np.testing.assert_allclose(getattr(row, f"incidence_{name}"), oracle["incidence"][k], atol=1e-9)
            np.testing.assert_allclose(getattr(row, f"se_{name}"), oracle["errors"][k], atol=1e-9)


def test_without_censoring_incidence_is_the_plain_share_and_its_error_the_binomial_one():
    frame = random_spells(5, day_grain=False).assign(cause=lambda f: f["cause"].clip(lower=1))
    last = cumulative_incidence(frame, [], [30.0, 1e6])
    for row, horizon in zip(last.itertuples(), (30.0, 1e6), strict=True):
        share = ((frame["cause"] == 1) & (frame["exit_days"] <= horizon)).mean()
        assert row.incidence_reached == pytest.approx(share, abs=1e-12)
        assert row.se_reached == pytest.approx((share * (1 - share) / len(frame)) ** 0.5, rel=1e-2)


spell_rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=60
)


@given(spell_rows)
@settings(max_examples=150, deadline=None)
def test_reached_lost_recycled_and_open_sum_to_one_at_each_time_and_only_grow(rows):
    frame = pd.DataFrame(rows, columns=["cohort", "exit_days", "cause", "entry_days"])
    frame["entry_days"] = np.minimum(frame["entry_days"], frame["exit_days"])
    rates = cumulative_incidence(frame, ["cohort"], range(32))
    np.testing.assert_allclose(rates[[*INCIDENCES, "survival"]].sum(axis=1), 1.0, atol=1e-12)
    growth = rates.groupby("cohort")[INCIDENCES].diff().fillna(0)
    assert (growth >= -1e-15).all(axis=None)
    assert rates["survival"].between(0, 1).all()


def test_row_order_and_other_groups_change_no_bit():
    frame = random_spells(11, n=3_000, late=True)
    columns, horizons = ["cohort", "segment"], [14, 90, 365]
    whole = cumulative_incidence(frame, columns, horizons, account_column="account_key", replicates=20)
    shuffled = frame.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(
        whole, cumulative_incidence(shuffled, columns, horizons, account_column="account_key", replicates=20), check_exact=True
    )
    alone = [
        cumulative_incidence(part, columns, horizons, account_column="account_key", replicates=20)
        for _, part in frame.groupby("cohort")
    ]
    pd.testing.assert_frame_equal(whole, pd.concat(alone, ignore_index=True), check_exact=True)


def test_a_spell_seen_late_is_at_risk_only_from_then_on():
    # Of ten spells seen from the start five are lost on day 2; ten more are first seen on day 5, having survived till then.
    seen = pd.DataFrame({"entry_days": 0.0, "exit_days": [2] * 5 + [10] * 5, "cause": [2] * 5 + [1] * 5})
    late = pd.DataFrame({"entry_days": 5.0, "exit_days": [10] * 10, "cause": [1] * 10})
    rates = cumulative_incidence(pd.concat([seen, late]), [], [1, 5, 6, 10])
    assert rates["n_at_risk"].tolist() == [10, 5, 15, 15]
    assert rates["incidence_terminal"].tolist() == [0, 0.5, 0.5, 0.5]
    assert rates["incidence_reached"].tolist() == [0, 0, 0, 0.5]
    blind = cumulative_incidence(pd.concat([seen, late]).drop(columns="entry_days"), [], [10])
    assert blind["incidence_reached"].item() == 0.75


def test_a_spell_that_ended_when_it_was_first_seen_counts_in_no_risk_set():
    frame = pd.DataFrame({"entry_days": [0, 0, 4], "exit_days": [4, 9, 4], "cause": [1, 0, 2]})
    rates = cumulative_incidence(frame, [], [4])
    assert (rates["incidence_reached"].item(), rates["incidence_terminal"].item()) == (0.5, 0)
    assert (rates["n_entered"].item(), rates["n_at_risk"].item()) == (3, 2)


def test_an_end_on_the_day_of_entry_counts():
    rates = cumulative_incidence(pd.DataFrame({"exit_days": [0, 0, 5], "cause": [1, 0, 2]}), [], [0, 5])
    assert rates["incidence_reached"].tolist() == [1 / 3, 1 / 3]
    assert rates["incidence_terminal"].tolist() == pytest.approx([0, 2 / 3], abs=1e-12)


def test_figures_are_hidden_past_the_last_day_with_ten_at_risk():
    frame = pd.DataFrame({"exit_days": list(range(1, 31)), "cause": [1, 2, 0] * 10})
    rates = cumulative_incidence(frame, [], [1, 21, 22, 365])
    assert rates["n_at_risk"].tolist() == [30, 10, 9, 0]
    assert rates["is_shown"].tolist() == [True, True, False, False]


def test_an_estimate_that_went_through_a_small_early_risk_set_stays_hidden():
    seen = pd.DataFrame({"entry_days": 0, "exit_days": [3, 50], "cause": [2, 0]})
    late = pd.DataFrame({"entry_days": 5, "exit_days": [60] * 30, "cause": [1] * 30})
    rates = cumulative_incidence(pd.concat([seen, late]), [], [10])
    assert rates["n_at_risk"].item() == 31
    assert not rates["is_shown"].item()


def test_a_group_without_any_end_is_all_open():
    frame = pd.DataFrame(
        {"cohort": ["a", "b", "b"], "exit_days": [30, 3, 40], "cause": [0, 1, 0], "account_key": ["x", "y", "z"]}
    )
    rates = cumulative_incidence(frame, ["cohort"], [14], account_column="account_key")
    assert rates["cohort"].tolist() == ["a", "b"]
    assert rates["incidence_reached"].tolist() == [0.0, 0.5]
    assert rates["survival"].tolist() == [1.0, 0.5]
    assert np.isnan(rates["ci_low"].iloc[0])  # one account: no spread to see


def test_no_rows_give_no_rows():
    empty = pd.DataFrame(
        {"cohort": pd.Series([], dtype=str), "exit_days": [], "cause": [], "account_key": pd.Series([], dtype=str)}
    )
    assert cumulative_incidence(empty, ["cohort"], [14, 30], account_column="account_key").empty
    assert time_in_stage(empty, ["cohort"]).empty


def test_with_no_event_the_interval_ends_at_wilsons_bound_of_the_accounts_at_risk():
    frame = pd.DataFrame({"exit_days": [100] * 60, "cause": [0] * 60, "account_key": [f"a{i // 2}" for i in range(60)]})
    rates = cumulative_incidence(frame, [], [90], account_column="account_key", replicates=5)
    assert rates["n_accounts"].item() == 30
    assert rates["ci_low"].item() == 0
    assert rates["ci_high"].item() == pytest.approx(3.841458820694 / 33.841458820694, abs=1e-9)


def clustered_world(seed: int, n_accounts: int) -> pd.DataFrame:
    """Accounts of one to eight leads that share their account's chance and are seen for a limited time."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(n_accounts), rng.integers(1, 9, n_accounts))
    chance = rng.beta(1.2, 2.8, n_accounts)[account]
    won = rng.random(len(account)) < chance
    lag = np.floor(np.where(won, rng.lognormal(np.log(60), 0.5, len(account)), rng.lognormal(np.log(40), 0.8, len(account))))
    seen = np.floor(rng.uniform(0, 300, len(account)))
    return pd.DataFrame(
        {"account_key": account, "exit_days": np.minimum(lag, seen), "cause": np.where(lag <= seen, np.where(won, 1, 2), 0)}
    )


def test_the_interval_covers_the_truth_in_95_of_100_clustered_worlds():
    worlds, horizon = 1_200, 120
    rng = np.random.default_rng(1)
    truth = 0.3 * (np.floor(rng.lognormal(np.log(60), 0.5, 2_000_000)) <= horizon).mean()
    frames = [clustered_world(seed, 120).assign(world=seed) for seed in range(worlds)]
    spells = pd.concat(frames, ignore_index=True)
    spells["account_key"] = spells["world"] * 1_000 + spells["account_key"]
    rates = cumulative_incidence(spells, ["world"], [horizon], account_column="account_key", replicates=150, seed=4)
    assert rates["is_shown"].all()
    coverage = ((rates["ci_low"] <= truth) & (truth <= rates["ci_high"])).mean()
    assert 0.93 <= coverage <= 0.97
    # The worlds matter: rows taken as independent give an interval that is too narrow.
    alone = 1.96 * rates["se_reached"]
    assert ((rates["incidence_reached"] - truth).abs() <= alone).mean() < 0.90


def test_quantiles_of_time_in_stage_count_the_still_open():
    times = time_in_stage(TOY.assign(segment="all"), ["segment"])
    # S: .9 .8 .8 .685714 .571429 .342857 .342857 .171429 .171429
    assert times.loc[0, ["p50_days", "p75_days"]].tolist() == [6, 8]
    assert np.isnan(times.loc[0, "p90_days"])
    assert times.loc[0, ["n", "n_censored"]].tolist() == [10, 3]


def test_without_censoring_the_median_time_is_the_order_statistic_also_where_products_round():
    for n in range(2, 60, 2):
        times = time_in_stage(pd.DataFrame({"exit_days": range(1, n + 1), "cause": 1}), [])
        assert times["p50_days"].item() == n // 2


def test_the_median_time_to_reach_is_that_of_those_who_get_there_within_the_horizon():
    frame = pd.DataFrame(
        {"exit_days": [1, 2, 3, 4, 5, 500, 9, 9], "cause": [1, 1, 1, 1, 1, 1, 2, 2], "segment": ["all"] * 7 + ["none"]}
    )
    times = time_to_reach(frame, ["segment"], 365)
    assert times["days"].iloc[0] == 3
    assert np.isnan(times["days"].iloc[1])


def test_when_all_get_there_the_interval_begins_at_wilsons_bound_although_thirds_do_not_add_up():
    frame = pd.DataFrame({"exit_days": [1, 2, 3] * 11 + [50] * 11, "cause": [1] * 44, "account_key": range(44)})
    rates = cumulative_incidence(frame, [], [49, 50], account_column="account_key", replicates=5)
    assert rates["incidence_reached"].iloc[1] == pytest.approx(1, abs=1e-12)
    assert rates["incidence_reached"].max() <= 1
    assert rates["ci_low"].iloc[1] == pytest.approx(11 / (11 + 3.841458820694), abs=1e-9)
    assert rates["ci_high"].iloc[1] == 1


def test_spells_that_nobody_closes_end_at_twice_the_95th_percentile():
    frame = pd.DataFrame(
        {
            "segment": ["all"] * 104 + ["few"] * 2,
            "exit_days": [*range(1, 101), 192, 193, 400, 500, 5, 9_000],
            "cause": [2] * 100 + [0, 0, 0, 1] + [2, 0],
        }
    )
    limit = 2 * np.quantile([*range(1, 101), 500], 0.95)
    ended = end_abandoned(frame, ["segment"])
    assert ended["exit_days"].tolist()[100:] == [192, limit, limit, 500, 5, 9_000]
    assert ended["cause"].tolist()[100:] == [0, 2, 2, 1, 2, 0]
    assert ended["exit_days"].tolist()[:100] == list(range(1, 101))


def test_arrow_tables_are_taken_as_they_come_from_the_warehouse():
    table = pa.table(
        {
            "cohort_month": pa.array([datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)] * 10),
            "segment": pa.array(["all"] * 20).dictionary_encode(),
            "exit_days": pa.array([3, 4] * 10, pa.int32()),
            "entry_days": pa.array([None, 1] * 10, pa.int32()),
            "cause": pa.array([1, 0] * 10, pa.int8()),
        }
    )
    rates = cumulative_incidence(table, ["cohort_month", "segment"], [14])
    assert rates["cohort_month"].tolist() == [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
    assert rates["incidence_reached"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"cause": [4, 1]}, "column cause: 1 rows"),
        ({"cause": [None, 1]}, "column cause: 1 rows"),
        ({"exit_days": [-1, 3]}, "column exit_days: 1 rows"),
        ({"exit_days": [float("nan"), 3]}, "column exit_days: 1 rows"),
        ({"entry_days": [9, 0]}, "column entry_days: 1 rows"),
        ({"cohort": [None, "a"]}, "1 rows have no group"),
        ({"account_key": [None, "a"]}, "column account_key: 1 rows are NULL"),
    ],
)
def test_a_frame_that_cannot_be_taken_is_refused_with_its_column(broken, message):
    good = {"cohort": ["a", "a"], "exit_days": [3, 4], "cause": [1, 0], "account_key": ["x", "y"]}
    with pytest.raises(FrameError, match=message):
        cumulative_incidence(pd.DataFrame(good | broken), ["cohort"], [14], account_column="account_key")


def test_an_absent_column_is_named():
    with pytest.raises(FrameError, match="cause"):
        estimate_curves(RiskSets(read_spells(TOY.drop(columns="cause"), [])))
