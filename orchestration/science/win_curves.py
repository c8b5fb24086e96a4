"""The chance that an open opportunity is won by a day, given its stage, its segment and how long it has been there.

Landmark Aalen-Johansen (van Houwelingen 2007; Putter & Spitoni 2018): only past entries that were still in the stage at that
age tell what becomes of one that is. Those that had moved on by then did better, and would promise too much. Where a segment
has too few at risk its stage over all segments stands in, then all stages; beyond the longest time ever seen none is won.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.science.resampling import key_hashes
from orchestration.science.spells import FROM_THE_START, FrameError, RiskSets, Spells, as_frame, finite_days, read_spells
from orchestration.science.survival import ResampledCurves, estimate_curves

# The age of an opportunity still to be created: it can be won on its first day.
NOT_CREATED = -1.0
# Ages at which who is still in the stage is asked anew: each week, later each fortnight and month. Between two of them an age
# counts as P(won | open since the first); with steps of a month, forecasts of stages passed through were 10 % too high.
LANDMARKS = np.concatenate(
    [[NOT_CREATED], np.arange(0, 182, 7), np.arange(182, 365, 14), np.arange(365, 1_096, 30)], dtype=np.float64
)


@dataclass(frozen=True)
class Reading:
    """Where each opportunity's curve is read: at its age, and at the ends of the periods."""

    at_age: np.ndarray
    at_ends: np.ndarray


class WinCurves:
    """Curves by segment and stage, by stage, and over all, each from every landmark on, in one pass."""

    def __init__(self, history: pd.DataFrame, *, min_at_risk: int = 10, seed: int = 0) -> None:
        """Take past stage entries as forecast.py describes them; amounts are not read."""
        frame = as_frame(history, ["opportunity_key", "stage_days"])
        entries = read_spells(frame, ["stage", "segment"])
        stage, self._stages = pd.factorize(entries.keys["stage"], sort=True)
        self._kinds = pd.MultiIndex.from_frame(entries.keys)
        self._min_at_risk = min_at_risk
        # Numbers of the curves: segments in stages, then stages, then all.
        self._first_stage, self._whole = entries.n_groups, entries.n_groups + len(self._stages)
        levels = [entries.group, self._first_stage + stage[entries.group], np.full_like(entries.group, self._whole)]

        stage_days = finite_days(frame, "stage_days")
        if wrong := int(np.count_nonzero(stage_days > entries.exit_days)):
            raise FrameError(
                f"column stage_days: {wrong} rows are above exit_days; a deal leaves its stage when it ends, or before"
            )
        n_landmarks = np.searchsorted(LANDMARKS, stage_days, "left")
        row = np.repeat(np.arange(len(frame)), n_landmarks)
        place = np.arange(len(row)) - np.repeat(np.cumsum(n_landmarks) - n_landmarks, n_landmarks)
        since = np.maximum(LANDMARKS[place], 0)
        late = entries.entry_days[row] - since
        spells = Spells(
            group=np.concatenate([level[row] * len(LANDMARKS) + place for level in levels]),
            entry_days=np.tile(np.where(late > 0, late, FROM_THE_START), len(levels)),
            exit_days=np.tile(entries.exit_days[row] - since, len(levels)),
            cause=np.tile(entries.cause[row], len(levels)),
            keys=pd.DataFrame(index=range((self._whole + 1) * len(LANDMARKS))),
        )
        self._risk = RiskSets(spells)
        hashes, cluster = np.unique(key_hashes(frame["opportunity_key"]), return_inverse=True)
        self._resampled = ResampledCurves(self._risk, hashes, np.tile(cluster[row], len(levels)), seed)

    def locate(self, deals: pd.DataFrame, age: np.ndarray, ends: np.ndarray) -> Reading:
        """Choose each deal's curve; `ends` has a column per period, in days since the deal entered its stage."""
        place = np.searchsorted(LANDMARKS, age, "right") - 1
        since = np.maximum(LANDMARKS[place], 0)
        own = self._kinds.get_indexer(pd.MultiIndex.from_frame(deals[["stage", "segment"]]))
        stage = self._stages.get_indexer(deals["stage"])
        candidates = np.stack([own, np.where(stage >= 0, self._first_stage + stage, -1), np.full(len(age), self._whole)])
        curve = np.maximum(candidates, 0) * len(LANDMARKS) + place
        # Those who outlived the age, not those who ended on it.
        asked = np.tile(np.nextafter(age - since, np.inf), 3)
        has_enough = (candidates >= 0) & (self._risk.n_at_risk(curve.ravel(), asked).reshape(curve.shape) >= self._min_at_risk)
        has_enough[2] = True
        chosen = curve[np.argmax(has_enough, axis=0), np.arange(len(age))]
        at_age = self._risk.cell_at(chosen, age - since)
        at_ends = self._risk.cell_at(np.repeat(chosen, ends.shape[1]), (ends - since[:, None]).ravel()).reshape(ends.shape)
        return Reading(at_age, np.where(ends > age[:, None], at_ends, at_age[:, None]))

    def estimate(self) -> tuple[np.ndarray, np.ndarray]:
        """Survival and incidence by cell, as `win_probability` reads them."""
        curves = estimate_curves(self._risk)
        return np.append(curves.survival, 1.0), np.append(curves.incidence[0], 0.0)

    def replicate(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """The same of a bootstrap replicate, in which past opportunities weigh more or less."""
        return self._resampled.curves(number)

    @staticmethod
    def win_probability(reading: Reading, curves: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        """Per deal and period end, the chance to be won by then."""
        survival, incidence = curves
        still_open = survival[reading.at_age][:, None]
        gained = incidence[reading.at_ends] - incidence[reading.at_age][:, None]
        return np.divide(gained, still_open, out=np.zeros_like(gained), where=still_open > 0).clip(0.0, 1.0)
