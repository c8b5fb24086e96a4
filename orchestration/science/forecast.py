"""Won amount of the coming periods: last year's, the trailing mean, stage-weighted, and a survival Monte Carlo with its spread.

Days count from the origin, the last day known; periods are (0, end 1], (end 1, end 2] … `open_deals` has opportunity_key,
segment, stage, age_days (in the stage), amount; `history` a row per past stage entry with opportunity_key, segment, stage,
exit_days to the deal's end or the origin, cause (1 won, 2 and 3 other ends, 0 open), stage_days in the stage itself, amount,
won_amount (NULL unless won), followup_days to the origin; `arrivals` a row per deal newly created: segment, stage, amount.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from orchestration.science.resampling import key_hashes, normals, uniforms
from orchestration.science.spells import FrameError, as_frame, finite_days
from orchestration.science.win_curves import NOT_CREATED, WinCurves

QUANTILES = (0.1, 0.5, 0.9)
_CELLS_AT_ONCE = 4_000_000
# Purposes of random numbers; a normal takes two.
_OUTCOME, _RATIO = 0, 1


@dataclass(frozen=True)
class SurvivalForecast:
    """Drawn won amounts, a row per draw and a column per period: of what is open, and of what is still to be created."""

    period_ends: np.ndarray
    from_open: np.ndarray
    from_new: np.ndarray

    def summary(self) -> pd.DataFrame:
        """One row per period: its end, P10, P50, P90, the mean, and the parts of the mean."""
        total = self.from_open + self.from_new
        low, middle, high = np.quantile(total, QUANTILES, axis=0)
        return pd.DataFrame(
            {
                "period_end_days": self.period_ends,
                "p10": low,
                "p50": middle,
                "p90": high,
                "mean": total.mean(axis=0),
                "mean_from_open": self.from_open.mean(axis=0),
                "mean_from_new": self.from_new.mean(axis=0),
            }
        )


def same_period_last_year(actuals: Sequence[float], periods_per_year: int = 12) -> float:
    """The next period's forecast from the actuals so far, in order; NULL with less than a year of them."""
    return float(actuals[-periods_per_year]) if len(actuals) >= periods_per_year else float("nan")


def trailing_mean(actuals: Sequence[float], periods: int = 4) -> float:
    """The mean of the last periods; NULL when there are fewer."""
    return float(np.mean(actuals[-periods:])) if len(actuals) >= periods else float("nan")


def stage_weighted(open_deals: pd.DataFrame, history: pd.DataFrame, period_ends: Sequence[float]) -> np.ndarray:
    """Per period, the open amount times the share that was won, within as many days, of the amounts that stood in its stage.

    The share is over all past days on which deals stood there and that have had the time: a day in the pipeline is what the
    forecast is made on, and deals that stay long are seen more often. It knows neither age nor pipeline still to be created.
    """
    money = {"amount": "float64"}
    deals = as_frame(open_deals, ["stage", "amount"]).astype(money)
    past = as_frame(history, ["stage", "stage_days", "exit_days", "cause", "amount", "won_amount", "followup_days"])
    past = past.astype(money | {"won_amount": "float64"})
    by_stage = deals.groupby("stage", sort=True)["amount"].sum()
    won_by = np.zeros(len(period_ends))
    for place, end in enumerate(period_ends):
        # Days u with u < stage_days and u + end <= followup_days; and of these the days with exit_days <= u + end.
        until = np.minimum(past["stage_days"], past["followup_days"] - end + 1)
        stood = past["amount"] * np.maximum(until, 0)
        won = past["won_amount"].where(past["cause"] == 1, 0.0) * np.maximum(until - np.maximum(past["exit_days"] - end, 0), 0)
        rate = won.groupby(past["stage"]).sum() / stood.groupby(past["stage"]).sum()
        won_by[place] = (by_stage * rate.replace([np.inf, -np.inf], np.nan).reindex(by_stage.index).fillna(0.0)).sum()
    return np.maximum(np.diff(won_by, prepend=0.0), 0.0)


def survival_forecast(
    open_deals: pd.DataFrame,
    history: pd.DataFrame,
    arrivals: pd.DataFrame,
    *,
    arrival_days: float,
    period_ends: Sequence[float],
    draws: int = 2_000,
    replicates: int = 50,
    seed: int = 20260101,
    min_at_risk: int = 10,
) -> SurvivalForecast:
    """Draw outcome, day and amount of each open opportunity and of those that `arrival_days` of arrivals let expect.

    The draws are shared among bootstrap replicates of the win curves, so that the spread includes what history cannot tell.

    Raises:
        FrameError: a column is absent, an opportunity is there twice, an amount is NULL, or days are NULL or negative.
    """
    deals = _checked_open(open_deals)
    new = as_frame(arrivals, ["segment", "stage", "amount"]).dropna(subset="amount")
    ends = np.asarray(period_ends, dtype=np.float64)
    if len(ends) == 0 or (np.diff(ends, prepend=0.0) <= 0).any():
        raise FrameError(f"period_ends {list(period_ends)}: give at least one, above 0 and rising")
    curves = WinCurves(history, min_at_risk=min_at_risk, seed=seed)
    ratio = _amount_ratio(history)
    from_open, from_new = np.zeros((draws, len(ends))), np.zeros((draws, len(ends)))
    hashes = key_hashes(deals["opportunity_key"])
    order = np.argsort(hashes, kind="stable")  # sums in an order of their own
    deals, hashes = deals.iloc[order], hashes[order]
    age = deals["age_days"].to_numpy(dtype=np.float64)
    amount = deals["amount"].to_numpy(dtype=np.float64)
    open_reading = curves.locate(deals, age, age[:, None] + ends[None, :])
    pipeline = _NewPipeline(new, curves, arrival_days, ends)
    for replicate, streams in enumerate(np.array_split(np.arange(draws), min(replicates, draws))):
        drawn_curves = curves.replicate(replicate)
        chance = curves.win_probability(open_reading, drawn_curves)
        step = max(1, _CELLS_AT_ONCE // max(len(deals), 1))
        for start in range(0, len(streams), step):
            part = streams[start : start + step]
            from_open[part] = _draw_open(hashes, amount, chance, part, ratio, seed)
        rng = np.random.default_rng([seed, replicate])
        from_new[streams] = pipeline.draw(rng, curves.win_probability(pipeline.reading, drawn_curves), len(streams), ratio)
    return SurvivalForecast(ends, from_open, from_new)


def _checked_open(open_deals: pd.DataFrame) -> pd.DataFrame:
    deals = as_frame(open_deals, ["opportunity_key", "segment", "stage", "age_days", "amount"])
    if wrong := int(deals["opportunity_key"].duplicated().sum()):
        raise FrameError(f"column opportunity_key: {wrong} rows are there twice; give one row per open opportunity")
    finite_days(deals, "age_days")
    if wrong := int(deals["amount"].isna().sum()):
        raise FrameError(f"column amount: {wrong} rows are NULL; give the mean of the segment, or leave them out and say so")
    return deals


def _amount_ratio(history: pd.DataFrame) -> tuple[float, float]:
    """Mean and deviation of the logarithm of won to forecast amount; 1 without spread when nothing can be compared."""
    past = as_frame(history, ["amount", "won_amount", "cause"])
    comparable = past[(past["cause"] == 1) & (past["amount"] > 0) & (past["won_amount"] > 0)]
    if comparable.empty:
        return 0.0, 0.0
    logarithms = np.sort(np.log(comparable["won_amount"].to_numpy(np.float64) / comparable["amount"].to_numpy(np.float64)))
    return float(logarithms.mean()), float(logarithms.std(ddof=1)) if len(logarithms) > 1 else 0.0


def _draw_open(
    hashes: np.ndarray, amount: np.ndarray, chance: np.ndarray, streams: np.ndarray, ratio: tuple[float, float], seed: int
) -> np.ndarray:
    """Won amount per draw and period. A deal's luck is tied to its key: other deals do not change it."""
    n_periods = chance.shape[1]
    luck = uniforms(hashes[None, :], streams[:, None], seed, _OUTCOME)
    draw, deal = np.nonzero(luck < chance[:, -1])
    period = (luck[draw, deal][:, None] >= chance[deal]).sum(axis=1)
    won = amount[deal] * np.exp(ratio[0] + ratio[1] * normals(hashes[deal], streams[draw], seed, _RATIO))
    return np.bincount(draw * n_periods + period, won, len(streams) * n_periods).reshape(len(streams), n_periods)


class _NewPipeline:
    """Deals still to be created: like those that arrived lately, each on a day of its own."""

    def __init__(self, arrivals: pd.DataFrame, curves: WinCurves, arrival_days: float, ends: np.ndarray) -> None:
        arrivals = arrivals.sort_values(["stage", "segment", "amount"], kind="stable")
        self._ends, self._arrival_days = ends, arrival_days
        self._amounts = arrivals["amount"].to_numpy(dtype=np.float64)
        self._n_like = arrivals.groupby(["stage", "segment"], sort=True).size().to_numpy()
        # Read once for each kind of deal and number of days left: far fewer than deals drawn.
        kinds = arrivals.drop_duplicates(["stage", "segment"])
        days_left = np.arange(int(np.ceil(ends[-1])) + 1, dtype=np.float64)
        self.reading = curves.locate(kinds, np.full(len(kinds), NOT_CREATED), np.tile(days_left, (len(kinds), 1)))

    def draw(self, rng: np.random.Generator, chance_within: np.ndarray, draws: int, ratio: tuple[float, float]) -> np.ndarray:
        """Won amount per draw and period, given each kind's chance by days left.

        How many are created is Poisson, around a rate that is itself only known from the arrivals (Gamma, Jeffreys' prior).
        Of these only the won ones are drawn: their numbers by kind and period are Poisson too (Kingman 1993, colouring).
        """
        n_kinds, n_periods = len(self._n_like), len(self._ends)
        if n_kinds == 0:
            return np.zeros((draws, n_periods))
        rate = rng.gamma(len(self._amounts) + 0.5, 1 / self._arrival_days, draws)
        share = self._n_like[:, None] / len(self._amounts)
        n_won = rng.poisson(rate[:, None, None] * share * self._days_worth(chance_within))
        draw, kind, period = (np.repeat(place.ravel(), n_won.ravel()) for place in np.indices(n_won.shape))
        like = (np.cumsum(self._n_like) - self._n_like)[kind] + rng.integers(0, self._n_like[kind])
        amount = self._amounts[like] * np.exp(ratio[0] + ratio[1] * rng.standard_normal(len(like)))
        return np.bincount(draw * n_periods + period, amount, draws * n_periods).reshape(draws, n_periods)

    def _days_worth(self, chance_within: np.ndarray) -> np.ndarray:
        """Per kind and period: the days to come, each times the chance that a deal created on it is won in the period."""
        day = np.arange(1, int(np.ceil(self._ends[-1])) + 1)
        length = np.minimum(day, self._ends[-1]) - (day - 1)
        days_left = np.floor(self._ends[:, None] - day[None, :]).astype(np.int64)
        won_by = (np.where(days_left >= 0, chance_within[:, np.maximum(days_left, 0)], 0.0) * length).sum(axis=2)
        return np.maximum(np.diff(won_by, prepend=0.0, axis=1), 0.0)
