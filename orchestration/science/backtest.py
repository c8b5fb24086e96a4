"""How good each forecast would have been: made again at past origins with what was known then, and held against what came.

`entries` has a row per stage entry: opportunity_key, segment, stage, entered_day, left_day (of the stage), ended_day (of the
opportunity; both NULL until then), cause, amount at entry, won_amount. `snapshots` has a row per origin and open opportunity:
snapshot_day and the columns of `open_deals` (forecast.py). Errors: Hyndman & Athanasopoulos (2021); pinball loss: Koenker &
Bassett (1978).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.science.conversion import spells_as_known
from orchestration.science.forecast import QUANTILES, same_period_last_year, stage_weighted, survival_forecast, trailing_mean
from orchestration.science.spells import FrameError, as_frame

METHODS = ("same_period_last_year", "stage_weighted", "survival", "trailing_mean")
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
    frame = as_frame(entries, _ENTRY_COLUMNS)
    created = frame.sort_values(["entered_day", "stage"], kind="stable").drop_duplicates("opportunity_key")
    return created[(created["entered_day"] > origin - arrival_days) & (created["entered_day"] <= origin)]


def rolling_origin(
    entries: pd.DataFrame,
    snapshots: pd.DataFrame,
    *,
    last_day: float,
    period_days: int = 30,
    history_days: float = 1_095,
    arrival_days: float = 365,
    draws: int = 500,
    replicates: int = 20,
    seed: int = 20260101,
) -> pd.DataFrame:
    """One row per origin (snapshot day whose period is over by `last_day`) and method.

    Columns: `origin_day`, `method`, `forecast`, `p10`, `p90` (survival only), `actual`.
    """
    entries = as_frame(entries, _ENTRY_COLUMNS).sort_values(["opportunity_key", "stage"], kind="stable")
    snapshots = as_frame(snapshots, ["snapshot_day"])
    won = _WonAmounts(entries)
    judged = []
    for origin, open_deals in snapshots[snapshots["snapshot_day"] + period_days <= last_day].groupby("snapshot_day", sort=True):
        history = history_as_known(entries, origin, history_days)
        survival = survival_forecast(
            open_deals,
            history,
            arrivals_as_known(entries, origin, arrival_days),
            arrival_days=min(arrival_days, max(origin - won.first_day, 1)),
            period_ends=[period_days],
            draws=draws,
            replicates=replicates,
            seed=seed,
        )
        survival = survival.summary().iloc[0]
        points = {
            "same_period_last_year": same_period_last_year(won.periods_until(origin - 365 + period_days, period_days, 1), 1),
            "stage_weighted": float(stage_weighted(open_deals, history, [period_days])[0]),
            "survival": survival["p50"],
            "trailing_mean": trailing_mean(won.periods_until(origin, period_days, 4), 4),
        }
        actual = won.between(origin, origin + period_days)
        for method in METHODS:
            is_survival = method == "survival"
            judged.append(
                {
                    "origin_day": origin,
                    "method": method,
                    "forecast": points[method],
                    "p10": survival["p10"] if is_survival else np.nan,
                    "p90": survival["p90"] if is_survival else np.nan,
                    "actual": actual,
                }
            )
    return pd.DataFrame(judged, columns=["origin_day", "method", "forecast", "p10", "p90", "actual"])


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
