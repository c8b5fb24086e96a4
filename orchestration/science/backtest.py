"""How good each forecast would have been: made again at past origins with what was known then, and held against what came.

`entries` has a row per stage entry: opportunity_key, segment, stage, entered_day, left_day (of the stage), ended_day (of the
opportunity; both NULL until then), cause, amount at entry, won_amount. `snapshots` has a row per origin and open opportunity:
snapshot_day and the columns of `open_deals` (forecast.py). Errors: Hyndman & Athanasopoulos (2021); pinball loss: Koenker &
Bassett (1978).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.science.conversion import spells_as_known
from orchestration.science.forecast import QUANTILES, same_period_last_year, stage_weighted, survival_forecast, trailing_mean
from orchestration.science.resampling import key_hashes, uniforms
from orchestration.science.spells import FrameError, as_frame

METHODS = ("same_period_last_year", "stage_weighted", "survival", "trailing_mean")
_REASONS = {
    "same_period_last_year": "less_than_a_year",
    "stage_weighted": "too_few_closed",
    "survival": "too_few_closed",
    "trailing_mean": "too_few_periods",
}
# A purpose of random numbers that no forecast draws with.
_SAMPLE = 16
_NOTHING_MADE = pd.DataFrame(columns=["origin_day", "period_no", "method", "forecast", "p10", "p90", "actual", "reason"])
_ENTRY_COLUMNS = (
    "opportunity_key",
    "segment",
    "stage",
    "entered_day",
    "left_day",
    "ended_day",
    "cause",
    "amount",
    "won_amount",
)


def history_as_known(entries: pd.DataFrame, origin: float, history_days: float = 1_095) -> pd.DataFrame:
    """The forecast's `history` at an origin: entries of the last `history_days`, their ends only as far as known."""
    frame = as_frame(entries, _ENTRY_COLUMNS)
    known = spells_as_known(frame[frame["entered_day"] > origin - history_days], origin)
    return known.assign(
        stage_days=np.minimum(known["left_day"].fillna(np.inf) - known["entered_day"], known["exit_days"]),
        won_amount=known["won_amount"].where(known["cause"] == 1),
        followup_days=origin - known["entered_day"],
    )


def arrivals_as_known(entries: pd.DataFrame, origin: float, arrival_days: float) -> pd.DataFrame:
    """The forecast's `arrivals` at an origin: first stage entries of opportunities created in the last `arrival_days`."""
    return _created_until(_first_entries(as_frame(entries, _ENTRY_COLUMNS)), origin, arrival_days)


def _first_entries(entries: pd.DataFrame) -> pd.DataFrame:
    return entries.sort_values(["entered_day", "stage"], kind="stable").drop_duplicates("opportunity_key")


def _created_until(first_entries: pd.DataFrame, origin: float, days: float) -> pd.DataFrame:
    return first_entries[(first_entries["entered_day"] > origin - days) & (first_entries["entered_day"] <= origin)]


def rolling_origin(entries: pd.DataFrame, snapshots: pd.DataFrame, *, last_day: float, **settings: float) -> pd.DataFrame:
    """One row per origin (snapshot day whose period is over by `last_day`) and method; settings as for `forecast_origins`.

    Columns: `origin_day`, `method`, `forecast`, `p10`, `p90` (survival only), `actual`.
    """
    origins = as_frame(snapshots, ["snapshot_day"])["snapshot_day"].unique()
    made = forecast_origins(entries, snapshots, origins=origins, last_day=last_day, **settings)
    return made[made["actual"].notna()][["origin_day", "method", "forecast", "p10", "p90", "actual"]].reset_index(drop=True)


def forecast_origins(
    entries: pd.DataFrame,
    snapshots: pd.DataFrame,
    *,
    origins: Sequence[float],
    last_day: float,
    period_days: int = 30,
    n_periods: int = 1,
    history_days: float = 1_095,
    arrival_days: float = 365,
    min_ended: int = 30,
    min_won: int = 10,
    most_learnt_from: int = 10_000,
    draws: int = 500,
    replicates: int = 20,
    seed: int = 20260101,
) -> pd.DataFrame:
    """One row per origin, period of `period_days` after it and method, made with what was known at the origin.

    Columns: `origin_day`, `period_no`, `method`, `forecast`, `p10`, `p90` (survival only), `actual` (NULL unless the period is
    over by `last_day`), `reason` why there is no forecast: too_few_closed, less_than_a_year, too_few_periods. Of more than
    `most_learnt_from` past opportunities that many are learnt from, chosen by their keys: more cost time and tell no more.
    """
    entries = as_frame(entries, _ENTRY_COLUMNS).sort_values(["opportunity_key", "stage"], kind="stable")
    places = uniforms(key_hashes(entries["opportunity_key"]), np.array([0]), seed, _SAMPLE)
    snapshots = as_frame(snapshots, ["snapshot_day"])
    open_by_origin = dict(list(snapshots.groupby("snapshot_day")))
    won = _WonAmounts(entries)
    first_entries = _first_entries(entries)
    made = []
    for origin in sorted(origins):
        open_deals = open_by_origin.get(origin, snapshots.head(0))
        ends = [period_days * (place + 1) for place in range(n_periods)]
        is_past = (entries["entered_day"] <= origin) & (entries["entered_day"] > origin - history_days)
        share = most_learnt_from / max(len(np.unique(places[is_past])), 1)
        history = history_as_known(entries[is_past & (places < share)], origin, history_days)
        nothing = np.full(n_periods, np.nan)
        by_method = {
            "same_period_last_year": [
                same_period_last_year(won.periods_until(origin - 365 + end, period_days, 1), 1) for end in ends
            ],
            "stage_weighted": nothing,
            "survival": nothing,
            "trailing_mean": np.full(n_periods, trailing_mean(won.periods_until(origin, period_days, 4), 4)),
        }
        p10, p90 = nothing, nothing
        if _has_enough(history, min_ended, min_won):
            by_method["stage_weighted"] = stage_weighted(open_deals, history, ends)
            summary = survival_forecast(
                open_deals,
                history,
                _created_until(first_entries, origin, arrival_days),
                arrival_days=min(arrival_days, max(origin - won.first_day, 1)),
                period_ends=ends,
                draws=draws,
                replicates=replicates,
                seed=seed,
            ).summary()
            by_method["survival"], p10, p90 = (summary[column].to_numpy() for column in ("p50", "p10", "p90"))
        for method, forecasts in by_method.items():
            is_survival = method == "survival"
            made.append(
                pd.DataFrame(
                    {
                        "origin_day": origin,
                        "period_no": np.arange(1, n_periods + 1),
                        "method": method,
                        "forecast": forecasts,
                        "p10": p10 if is_survival else nothing,
                        "p90": p90 if is_survival else nothing,
                        "actual": [
                            won.between(origin + end - period_days, origin + end) if origin + end <= last_day else np.nan
                            for end in ends
                        ],
                        "reason": [None if np.isfinite(value) else _REASONS[method] for value in forecasts],
                    }
                )
            )
    return pd.concat(made, ignore_index=True) if made else _NOTHING_MADE.copy()


def _has_enough(history: pd.DataFrame, min_ended: int, min_won: int) -> bool:
    cause = history["cause"].to_numpy()
    n_ended, n_won = (history["opportunity_key"][is_such].nunique() for is_such in (cause > 0, cause == 1))
    return n_ended >= min_ended and n_won >= min_won


class _WonAmounts:
    """Won amounts by day, each opportunity once, summed between days."""

    def __init__(self, entries: pd.DataFrame) -> None:
        won = entries[entries["cause"] == 1].drop_duplicates("opportunity_key").sort_values("ended_day", kind="stable")
        self.first_day = float(entries["entered_day"].min()) if len(entries) else 0.0
        self._days = won["ended_day"].to_numpy(dtype=np.float64)
        self._sums = np.concatenate([[0.0], np.cumsum(won["won_amount"].to_numpy(dtype=np.float64))])

    def between(self, after: float, until: float) -> float:
        """Won after a day and until another, that day included."""
        low, high = np.searchsorted(self._days, [after, until], "right")
        return float(self._sums[high] - self._sums[low])

    def periods_until(self, day: float, period_days: float, periods: int) -> list[float]:
        """The last periods that history covers, oldest first."""
        ends = [day - place * period_days for place in range(periods - 1, -1, -1)]
        return [self.between(end - period_days, end) for end in ends if end - period_days >= self.first_day - 1]


def score(forecasts: pd.DataFrame) -> pd.DataFrame:
    """One row per method: what its forecasts were worth, on the origins for which all methods had one.

    Columns: `method`, `n_periods`, `wape`, `bias` (above 0: too high), `pinball_p50`, `pinball` (mean over P10, P50, P90),
    `coverage` (share of actuals in P10-P90); NULL where a method has no such figure or nothing came.
    """
    frame = as_frame(forecasts, ["origin_day", "method", "forecast", "p10", "p90", "actual"])
    usable = frame[frame.groupby("origin_day")["forecast"].transform(lambda values: values.notna().all())]
    scores = []
    for method in sorted(frame["method"].unique()):
        rows = usable[usable["method"] == method].sort_values("origin_day")
        actual, forecast = rows["actual"].to_numpy(np.float64), rows["forecast"].to_numpy(np.float64)
        total = actual.sum()
        has_interval = len(rows) > 0 and bool(rows[["p10", "p90"]].notna().all(axis=None))
        losses = [
            _pinball(actual, rows[c].to_numpy(np.float64), q)
            for c, q in zip(("p10", "forecast", "p90"), QUANTILES, strict=True)
        ]
        scores.append(
            {
                "method": method,
                "n_periods": len(rows),
                "wape": np.abs(actual - forecast).sum() / total if total > 0 else np.nan,
                "bias": (forecast - actual).sum() / total if total > 0 else np.nan,
                "pinball_p50": losses[1],
                "pinball": float(np.mean(losses)) if has_interval else np.nan,
                "coverage": float(rows["actual"].between(rows["p10"], rows["p90"]).mean()) if has_interval else np.nan,
            }
        )
    return pd.DataFrame(scores)


def _pinball(actual: np.ndarray, forecast: np.ndarray, quantile: float) -> float:
    missed = actual - forecast
    return float(np.maximum(quantile * missed, (quantile - 1) * missed).mean()) if len(actual) else float("nan")


@dataclass(frozen=True)
class Choice:
    """The method that was best so far, what it says now, and how far the methods lie apart now (range / its forecast)."""

    method: str
    forecast: float
    disagreement: float


def choose(scores: pd.DataFrame, forecasts: dict[str, float]) -> Choice:
    """Pick the method of least WAPE (by name where equal) among those that have a forecast now.

    Raises:
        FrameError: none of them has been scored.
    """
    known = {method: value for method, value in forecasts.items() if np.isfinite(value)}
    scored = scores[scores["method"].isin(list(known))].dropna(subset="wape").sort_values(["wape", "method"])
    if scored.empty:
        raise FrameError("no method with a forecast has a WAPE: the backtest needs a period with won amounts")
    best = scored["method"].iloc[0]
    spread = max(known.values()) - min(known.values())
    return Choice(best, known[best], spread / known[best] if known[best] > 0 else float("nan"))
