"""The chance that an open opportunity is won by a day, given its stage, its segment and how long it has been there.

P(won by x | open at age a) = (F(x) - F(a)) / S(a), F and S by Aalen & Johansen from past stage entries (survival.py). Where a
segment has too few at risk at that age its stage over all segments stands in, then all stages. Beyond the longest time ever
seen nothing is won.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.science.resampling import key_hashes
from orchestration.science.spells import RiskSets, as_frame, read_spells
from orchestration.science.survival import ResampledCurves, estimate_curves

# Not in the curve yet: an opportunity still to be created can be won on its first day.
NOT_CREATED = -1.0


@dataclass(frozen=True)
class Reading:
    """Where each opportunity's curve is read: at its age, and at the ends of the periods."""

    at_age: np.ndarray
    at_ends: np.ndarray


class WinCurves:
    """Curves by segment and stage, by stage, and over all, from one pass."""

    def __init__(self, history: pd.DataFrame, *, min_at_risk: int = 10, seed: int = 0) -> None:
        """Take stage entries: opportunity_key, segment, stage, exit_days, cause, and entry_days where history starts late."""
        frame = as_frame(history, ["opportunity_key", "segment", "stage", "exit_days", "cause"])
        levels = [frame.assign(level=0), frame.assign(level=1, segment=""), frame.assign(level=2, segment="", stage="")]
        spells = read_spells(pd.concat(levels, ignore_index=True), ["level", "stage", "segment"])
        hashes, cluster = np.unique(key_hashes(frame["opportunity_key"]), return_inverse=True)
        self._risk = RiskSets(spells)
        self._groups = pd.MultiIndex.from_frame(spells.keys)
        self._min_at_risk = min_at_risk
        self._resampled = ResampledCurves(self._risk, hashes, np.tile(cluster, len(levels)), seed)
        curves = estimate_curves(self._risk)
        self._estimate = np.append(curves.survival, 1.0), np.append(curves.incidence[0], 0.0)

    def locate(self, segment: Sequence[str], stage: Sequence[str], age: np.ndarray, ends: np.ndarray) -> Reading:
        """Choose each opportunity's curve; `ends` has a row per opportunity and a column per period, in days since entry."""
        group = np.full(len(age), -1)
        for level in (2, 1, 0):
            wanted = pd.MultiIndex.from_arrays(
                [
                    np.full(len(age), level),
                    np.asarray(stage, dtype=object) if level < 2 else np.full(len(age), "", dtype=object),
                    np.asarray(segment, dtype=object) if level < 1 else np.full(len(age), "", dtype=object),
                ]
            )
            found = self._groups.get_indexer(wanted)
            # Those who outlived the age, not those who ended on it.
            n = (
                self._risk.n_at_risk(np.maximum(found, 0), np.nextafter(age, np.inf))
                if len(self._groups)
                else np.zeros(len(age))
            )
            group = np.where((found >= 0) & ((n >= self._min_at_risk) | (level == 2)), found, group)
        known = group >= 0
        at_age = np.where(known, self._cell(group, age), -1)
        at_ends = np.where(known[:, None], self._cell(np.repeat(group, ends.shape[1]), ends.ravel()).reshape(ends.shape), -1)
        return Reading(at_age, np.where(ends > age[:, None], at_ends, at_age[:, None]))

    def _cell(self, group: np.ndarray, days: np.ndarray) -> np.ndarray:
        return self._risk.cell_at(np.maximum(group, 0), days) if len(self._groups) else np.full(len(days), -1)

    def win_probability(self, reading: Reading, replicate: int | None = None) -> np.ndarray:
        """Per opportunity and period end, the chance to be won by then; of the estimate, or of a replicate of it."""
        survival, incidence = self._estimate if replicate is None else self._resampled.curves(replicate)
        still_open = survival[reading.at_age][:, None]
        gained = incidence[reading.at_ends] - incidence[reading.at_age][:, None]
        return np.divide(gained, still_open, out=np.zeros_like(gained), where=still_open > 0).clip(0.0, 1.0)
