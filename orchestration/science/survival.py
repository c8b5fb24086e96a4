"""Conversion under censoring: cumulative incidence with competing risks, and time in stage, for many groups in one pass.

Aalen & Johansen (1978): F_k(t) = sum over event times of S(t-) d_k / n, S the all-cause Kaplan-Meier (1958) estimate; standard
errors by the delta method (Marubini & Valsecchi 1995). Risk sets, units and ties: spells.py. Intervals: bootstrap clustered on
accounts, because leads of one account are not independent. Never 1 - KM with other exits censored: see conversion.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from orchestration.science.resampling import cluster_weights, key_hashes, t_quantile
from orchestration.science.spells import CAUSES, FrameError, RiskSets, as_frame, read_spells

# What is asked of products and sums of fractions: 0.5000000000000001 is a half, 0.9999999999999999 is one.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Curves:
    """The estimates after each cell of the risk sets; causes are rows."""

    risk: RiskSets
    at_risk: np.ndarray
    least_at_risk: np.ndarray
    survival: np.ndarray
    incidence: np.ndarray
    standard_error: np.ndarray

    def survival_at(self, group: np.ndarray, days: np.ndarray) -> np.ndarray:
        """S at a time; 1 before the first event."""
        return np.append(self.survival, 1.0)[self.risk.cell_at(group, days)]

    def incidence_at(self, group: np.ndarray, days: np.ndarray, cause: int = 1) -> np.ndarray:
        """F of a cause at a time; 0 before the first event."""
        return np.append(self.incidence[cause - 1], 0.0)[self.risk.cell_at(group, days)]


def estimate_curves(risk: RiskSets) -> Curves:
    """The whole curves of all groups."""
    n_slots = risk.n_slots
    joined = np.bincount(risk.joins, minlength=n_slots).astype(np.float64)
    left = np.bincount(risk.leaves, minlength=n_slots).astype(np.float64)
    events = [np.bincount(risk.leaves[risk.cause == k], minlength=n_slots).astype(np.float64) for k in (1, 2, 3)]
    at_risk, least, survival = np.empty(n_slots), np.empty(n_slots), np.empty(n_slots)
    incidence, errors = np.empty((3, n_slots)), np.empty((3, n_slots))
    for block in risk.blocks:
        n = np.cumsum(block.of(joined), axis=1) - np.cumsum(block.of(left), axis=1) + block.of(left)
        d = [block.of(counts) for counts in events]
        before, after = _survival(n, d[0] + d[1] + d[2])
        block.of(at_risk)[:] = n
        # Padding has no one at risk and comes after the last event time.
        block.of(least)[:] = np.minimum.accumulate(np.where(n > 0, n, np.inf), axis=1)
        block.of(survival)[:] = after
        for k in range(3):
            share = np.divide(before * d[k], n, out=np.zeros_like(n), where=n > 0)
            cumulated = np.cumsum(share, axis=1)
            block.of(incidence[k])[:] = np.minimum(cumulated, 1.0)
            block.of(errors[k])[:] = _standard_error(cumulated, share, before, n, d[k], d[0] + d[1] + d[2])
    take = risk.slot
    return Curves(risk, at_risk[take], least[take], survival[take], incidence[:, take], errors[:, take])


def _survival(n: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """S just before and just after each time."""
    hazard = np.divide(d, n, out=np.zeros_like(n), where=d > 0)
    after = np.cumprod(1.0 - np.minimum(hazard, 1.0), axis=1)
    before = np.ones_like(after)
    before[:, 1:] = after[:, :-1]
    return before, after


def _standard_error(
    cumulated: np.ndarray, share: np.ndarray, before: np.ndarray, n: np.ndarray, d_cause: np.ndarray, d: np.ndarray
) -> np.ndarray:
    # When all at risk end, S is 0 and F moves no more: that time adds nothing to later variances.
    greenwood = np.divide(d, n * (n - d), out=np.zeros_like(n), where=(d > 0) & (n > d))
    binomial = np.divide(before**2 * (n - d_cause) * d_cause, n**3, out=np.zeros_like(n), where=n > 0)
    cross = np.divide(share, n, out=np.zeros_like(n), where=n > 0)
    variance = (
        cumulated**2 * np.cumsum(greenwood, axis=1)
        - 2 * cumulated * np.cumsum(cumulated * greenwood, axis=1)
        + np.cumsum(cumulated**2 * greenwood, axis=1)
        + np.cumsum(binomial, axis=1)
        - 2 * cumulated * np.cumsum(cross, axis=1)
        + 2 * np.cumsum(cumulated * cross, axis=1)
    )
    return np.sqrt(np.maximum(variance, 0.0))


class ResampledCurves:
    """Replicates of the curves of cause 1 in which whole clusters (accounts) weigh more or less."""

    def __init__(self, risk: RiskSets, hashes: np.ndarray, cluster: np.ndarray, seed: int) -> None:
        """Take the clusters' hashes in order, and each spell's cluster as its place in them."""
        cluster = cluster[risk.rows]
        # Sums of floats depend on their order: rows in an order of their own content make them independent of the input's.
        order = np.lexsort((cluster, risk.joins, risk.cause, risk.leaves))
        self._risk, self._hashes, self._seed = risk, hashes, seed
        self._cluster, self._leaves, self._joins = cluster[order], risk.leaves[order], risk.joins[order]
        cause = risk.cause[order]
        self._ended, self._reached = np.flatnonzero(cause > 0), np.flatnonzero(cause == 1)
        self._slot = np.append(risk.slot, risk.n_slots)

    def curves(self, replicate: int) -> tuple[np.ndarray, np.ndarray]:
        """S and F of cause 1 by cell, and at the end, where cell -1 points, their values before the first event."""
        n_slots = self._risk.n_slots
        weight = cluster_weights(self._hashes, replicate, self._seed)[self._cluster]
        left = np.bincount(self._leaves, weight, n_slots)
        joined = np.bincount(self._joins, weight, n_slots)
        ended = np.bincount(self._leaves[self._ended], weight[self._ended], n_slots)
        reached = np.bincount(self._leaves[self._reached], weight[self._reached], n_slots)
        survival, incidence = np.ones(n_slots + 1), np.zeros(n_slots + 1)
        for block in self._risk.blocks:
            n = np.cumsum(block.of(joined), axis=1) - np.cumsum(block.of(left), axis=1) + block.of(left)
            before, block.of(survival)[:] = _survival(n, block.of(ended))
            share = np.divide(before * block.of(reached), n, out=np.zeros_like(n), where=block.of(reached) > 0)
            np.cumsum(share, axis=1, out=block.of(incidence))
        return survival[self._slot], incidence[self._slot]


def cumulative_incidence(
    spells: pd.DataFrame | pa.Table,
    group_columns: Sequence[str],
    horizons: Sequence[float],
    *,
    account_column: str | None = None,
    replicates: int = 200,
    seed: int = 20260101,
    confidence: float = 0.95,
    min_at_risk: int = 10,
) -> pd.DataFrame:
    """One row per group and horizon, in order: the cumulative incidence of each cause.

    Columns: the group's, `horizon_days`, `n_entered`, `n_at_risk` (at the horizon), `incidence_*` and `se_*` per cause,
    `survival`, `is_shown` (false past the last time with `min_at_risk` at risk: publish NULL there), and, when an account
    column is named, `n_accounts`, `ci_low`, `ci_high` of `incidence_reached`.

    Raises:
        FrameError: see spells.py; or an account is NULL.
    """
    frame = as_frame(spells, [*group_columns, *([account_column] if account_column else [])])
    checked = read_spells(frame, group_columns)
    risk = RiskSets(checked)
    curves = estimate_curves(risk)
    horizon = np.tile(np.asarray(sorted(horizons), dtype=np.float64), checked.n_groups)
    group = np.repeat(np.arange(checked.n_groups), len(horizons))
    cell = risk.cell_at(group, horizon)
    n_at_risk = risk.n_at_risk(group, horizon)
    rates = checked.keys.iloc[group].reset_index(drop=True)
    rates["horizon_days"] = horizon
    rates["n_entered"] = np.bincount(checked.group, minlength=checked.n_groups)[group]
    rates["n_at_risk"] = n_at_risk
    for k, name in enumerate(CAUSES):
        rates[f"incidence_{name}"] = np.append(curves.incidence[k], 0.0)[cell]
        rates[f"se_{name}"] = np.append(curves.standard_error[k], 0.0)[cell]
    rates["survival"] = np.append(curves.survival, 1.0)[cell]
    # With late entries the risk set may be small first and large later: an estimate that passed through it stays hidden.
    rates["is_shown"] = np.minimum(n_at_risk, np.append(curves.least_at_risk, np.inf)[cell]) >= min_at_risk
    if account_column:
        accounts = frame[account_column]
        if wrong := int(accounts.isna().sum()):
            raise FrameError(f"column {account_column}: {wrong} rows are NULL; without an account take the person's key")
        hashes, account = np.unique(key_hashes(accounts), return_inverse=True)
        n_accounts = _count_distinct(checked.group, account, checked.n_groups)[group]
        spread = _clustered_spread(risk, hashes, account, cell, replicates, seed)
        rates["n_accounts"] = n_accounts
        rates["ci_low"], rates["ci_high"] = _interval(
            rates["incidence_reached"].to_numpy(), spread, n_accounts, np.minimum(n_accounts, n_at_risk), confidence
        )
    return rates


def _count_distinct(group: np.ndarray, account: np.ndarray, n_groups: int) -> np.ndarray:
    pairs = np.unique(group * (int(account.max(initial=0)) + 1) + account)
    return np.bincount(pairs // (int(account.max(initial=0)) + 1), minlength=n_groups)


def _clustered_spread(
    risk: RiskSets, hashes: np.ndarray, account: np.ndarray, cell: np.ndarray, replicates: int, seed: int
) -> np.ndarray:
    """The bootstrap's standard deviation of F of cause 1 at the given cells.

    Only a mean and a sum of squares are kept, so that memory does not grow with the replicates.
    """
    resampled = ResampledCurves(risk, hashes, account, seed)
    mean, squares = np.zeros(len(cell)), np.zeros(len(cell))
    for replicate in range(replicates):
        _, incidence = resampled.curves(replicate)
        drawn = incidence[cell]
        step = drawn - mean
        mean += step / (replicate + 1)
        squares += step * (drawn - mean)
    return np.sqrt(squares / max(replicates - 1, 1))


def _interval(
    rate: np.ndarray, spread: np.ndarray, n_accounts: np.ndarray, n_trials: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """A log(-log) interval with the bootstrap's spread and Student's t over accounts; NULL with one account.

    At 0 or 1 every replicate is the same: there the interval ends at Wilson's bound for as many trials as accounts at risk.
    """
    upper = 0.5 + confidence / 2
    quantile = t_quantile(upper, n_accounts - 1)
    inside = (rate > _ROUNDING) & (rate < 1 - _ROUNDING)
    safe = np.where(inside, rate, 0.5)
    # Of n accounts the bootstrap sees the variance around their own mean: n - 1 of n parts.
    spread = spread * np.sqrt(n_accounts / np.maximum(n_accounts - 1, 1))
    shift = quantile * spread / (safe * np.abs(np.log(safe)))
    squared = t_quantile(upper, np.full(1, np.inf))[0] ** 2
    wilson = squared / (np.maximum(n_trials, 0) + squared)
    low = np.where(inside, safe ** np.exp(shift), np.where(rate > 0.5, 1 - wilson, 0.0))
    high = np.where(inside, safe ** np.exp(-shift), np.where(rate < 0.5, wilson, 1.0))
    alone = n_accounts < 2
    return np.where(alone, np.nan, low), np.where(alone, np.nan, high)


def end_abandoned(
    spells: pd.DataFrame | pa.Table, group_columns: Sequence[str], *, factor: float = 2.0, min_ended: int = 10
) -> pd.DataFrame:
    """The spells, but those open past `factor` times the P95 of their group's ended spells have become terminal.

    Leads that are forgotten are not censored by chance: left open, they count as if they could still be won. The end is put at
    the limit; spells that did end keep their end, and groups with fewer ended spells have no limit.
    """
    frame = as_frame(spells, group_columns)
    checked = read_spells(frame, group_columns)
    ended = pd.Series(checked.exit_days[checked.cause > 0]).groupby(checked.group[checked.cause > 0])
    limit = (factor * ended.quantile(0.95)).where(ended.size() >= min_ended).reindex(range(checked.n_groups)).to_numpy()
    limit = np.floor(limit[checked.group])
    is_abandoned = (checked.cause == 0) & (checked.exit_days > limit) & (checked.entry_days < limit)
    return frame.assign(
        exit_days=np.where(is_abandoned, limit, checked.exit_days), cause=np.where(is_abandoned, 2, checked.cause)
    )


def time_in_stage(
    spells: pd.DataFrame | pa.Table, group_columns: Sequence[str], probabilities: Sequence[float] = (0.5, 0.75, 0.9)
) -> pd.DataFrame:
    """One row per group: quantiles of the time in stage, whatever ended it, by Kaplan-Meier.

    Columns: the group's, `p50_days` and so on (NULL where the curve does not come down so far), `n`, `n_censored`.
    """
    checked = read_spells(spells, group_columns)
    curves = estimate_curves(RiskSets(checked))
    times = checked.keys.copy()
    for probability in probabilities:
        is_before = curves.survival > 1 - probability + _ROUNDING
        times[f"p{probability * 100:g}_days"] = _first_time_after(curves.risk, is_before)
    times["n"] = np.bincount(checked.group, minlength=checked.n_groups)
    times["n_censored"] = np.bincount(checked.group[checked.cause == 0], minlength=checked.n_groups)
    return times


def time_to_reach(
    spells: pd.DataFrame | pa.Table, group_columns: Sequence[str], horizon: float, probability: float = 0.5
) -> pd.DataFrame:
    """One row per group: the quantile of F1(t) / F1(horizon), the time of those who get there by then.

    Columns: the group's, `horizon_days`, `days` (NULL when none got there).
    """
    checked = read_spells(spells, group_columns)
    curves = estimate_curves(RiskSets(checked))
    groups = np.arange(checked.n_groups)
    reached = curves.incidence_at(groups, np.full(checked.n_groups, float(horizon)))
    is_before = curves.incidence[0] < probability * reached[curves.risk.cell_group] - _ROUNDING
    times = checked.keys.copy()
    times["horizon_days"] = float(horizon)
    times["days"] = np.where(reached > 0, _first_time_after(curves.risk, is_before), np.nan)
    return times


def _first_time_after(risk: RiskSets, is_before: np.ndarray) -> np.ndarray:
    """Per group the first time that is no longer before, of a flag that never comes back; NULL if it never ends."""
    passed = np.bincount(risk.cell_group[is_before], minlength=len(risk.n_times))
    cell = np.where(passed < risk.n_times, risk.first_cell + passed, -1)
    return np.append(risk.cell_time, np.nan)[cell]
