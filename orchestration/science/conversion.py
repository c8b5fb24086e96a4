"""Five readings of one conversion, side by side: one that holds, and those that a dashboard usually shows.

All take spells by day: `entered_day` and `ended_day` (numbers; the end NULL while open) and `cause` (spells.py), and read them
as known at `as_of`. `cumulative_incidence_at` is the estimate; with the others the size of their error can be shown.
"""

import numpy as np
import pandas as pd

from orchestration.science.spells import RiskSets, as_frame, read_spells
from orchestration.science.survival import estimate_curves

COLUMNS = ("entered_day", "ended_day", "cause")


def spells_as_known(spells: pd.DataFrame, as_of: float) -> pd.DataFrame:
    """The spells entered by `as_of`, with `exit_days` and `cause` as they stood then: later ends are not known yet."""
    frame = as_frame(spells, COLUMNS)
    frame = frame[frame["entered_day"] <= as_of]
    ended = frame["ended_day"].fillna(np.inf)
    known = ended <= as_of
    return frame.assign(cause=np.where(known, frame["cause"], 0), exit_days=np.minimum(ended, as_of) - frame["entered_day"])


def share_reached(spells: pd.DataFrame, as_of: float, entered_since: float = -np.inf) -> float:
    """Reached by `as_of` per spell entered since a day: too low, because the young have not had their time."""
    known = spells_as_known(spells, as_of)
    known = known[known["entered_day"] >= entered_since]
    return float((known["cause"] == 1).mean())


def period_ratio(spells: pd.DataFrame, as_of: float, days: float) -> float:
    """Reached in the last days per spell entered in them: different spells above and below; may exceed 1."""
    known = spells_as_known(spells, as_of)
    reached = (known["cause"] == 1) & (known["ended_day"] > as_of - days)
    entered = known["entered_day"] > as_of - days
    return float(reached.sum() / entered.sum()) if entered.any() else float("nan")


def cumulative_incidence_at(spells: pd.DataFrame, as_of: float, horizon: float) -> float:
    """Aalen-Johansen: the share that reaches within the horizon, open spells censored, other exits competing."""
    curves = estimate_curves(RiskSets(read_spells(spells_as_known(spells, as_of), [])))
    return float(curves.incidence_at(np.array([0]), np.array([float(horizon)]))[0])


def one_minus_kaplan_meier(spells: pd.DataFrame, as_of: float, horizon: float) -> float:
    """Other exits taken as censored, as if the lost could still be won: far too high."""
    known = spells_as_known(spells, as_of)
    known["cause"] = np.where(known["cause"] == 1, 1, 0)
    curves = estimate_curves(RiskSets(read_spells(known, [])))
    return float(1 - curves.survival_at(np.array([0]), np.array([float(horizon)]))[0])
