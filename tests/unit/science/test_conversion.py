"""The worked example of long lags: what each reading of one conversion says, and which of them is near the truth."""

import numpy as np
import pandas as pd
import pytest

from orchestration.science.conversion import (
    cumulative_incidence_at,
    one_minus_kaplan_meier,
    period_ratio,
    share_reached,
    spells_as_known,
)

AS_OF, HORIZON, TRUTH = 720, 365, 0.1884


def long_lags(seed: int) -> pd.DataFrame:
    """Two years of growing cohorts; one in five is won after some six months, the others are lost sooner."""
    rng = np.random.default_rng(seed)
    entered = np.concatenate([month * 30 + rng.uniform(0, 30, 100 + 10 * month) for month in range(24)])
    won = rng.random(len(entered)) < 0.20
    lag = np.where(won, rng.lognormal(np.log(180), 0.45, len(entered)), rng.lognormal(np.log(60), 0.9, len(entered)))
    return pd.DataFrame({"entered_day": entered, "ended_day": entered + lag, "cause": np.where(won, 1, 2)})


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(7, (0.1213, 0.0031, 0.1708, 0.1834, 0.7418)), (23, (0.1217, 0.0010, 0.1615, 0.1851, 0.7263))],
)
def test_the_five_readings_of_long_lags(seed, expected):
    spells = long_lags(seed)
    readings = (
        share_reached(spells, AS_OF),
        share_reached(spells, AS_OF, entered_since=AS_OF - 90),
        period_ratio(spells, AS_OF, 90),
        cumulative_incidence_at(spells, AS_OF, HORIZON),
        one_minus_kaplan_meier(spells, AS_OF, HORIZON),
    )
    np.testing.assert_allclose(readings, expected, atol=1e-4)
    assert abs(readings[3] - TRUTH) < 0.03


def test_censoring_the_lost_over_states_the_toy_vector():
    toy = pd.DataFrame(
        {"entered_day": 0, "ended_day": [1, 2, None, 4, 5, 6, 6, None, 8, None], "cause": [1, 2, 0, 1, 2, 1, 2, 0, 1, 0]}
    )
    toy["entered_day"] = [0, 0, 6, 0, 0, 0, 0, 2, 0, 0]
    assert one_minus_kaplan_meier(toy, 9, 9) == pytest.approx(0.691429, abs=1e-6)
    assert cumulative_incidence_at(toy, 9, 9) == pytest.approx(0.5, abs=1e-6)


def test_an_end_after_as_of_is_not_known_yet():
    spells = pd.DataFrame({"entered_day": [0, 0, 50], "ended_day": [5, 20, 60], "cause": [1, 1, 1]})
    known = spells_as_known(spells, 10)
    assert known["cause"].tolist() == [1, 0]
    assert known["exit_days"].tolist() == [5, 10]


def test_a_period_in_which_none_entered_has_no_ratio():
    spells = pd.DataFrame({"entered_day": [0.0], "ended_day": [95.0], "cause": [1]})
    assert np.isnan(period_ratio(spells, 100, 10))
