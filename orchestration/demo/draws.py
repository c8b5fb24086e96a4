"""Random draws that more than one module needs: bounded lognormals, weighted picks, uniform times.

Only mechanics; every parameter comes from `plan.py`.
"""

from collections.abc import Sequence

import numpy as np

from orchestration.demo.clock import DAY
from orchestration.demo.plan import Lag


def bounded_lognormal(
    rng: np.random.Generator, median: np.ndarray, sigma: float, shortest: float, longest: float
) -> np.ndarray:
    """Draw lognormal values again until they lie in [shortest, longest)."""
    values = median * np.exp(sigma * rng.standard_normal(median.shape))
    while (outside := np.flatnonzero((values < shortest) | (values >= longest))).size:
        values[outside] = median[outside] * np.exp(sigma * rng.standard_normal(outside.size))
    return values


def lag_seconds(rng: np.random.Generator, lag: Lag, pace: np.ndarray) -> np.ndarray:
    """Draw one lag for each lead, its median stretched by the pace of the lead's channel."""
    days = bounded_lognormal(rng, lag.median * pace, lag.sigma, lag.shortest, lag.longest)
    return (days * DAY).astype(np.int64)


def pick(rng: np.random.Generator, weights: Sequence[float], size: int) -> np.ndarray:
    """Draw positions with the given weights."""
    cumulated = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(cumulated / cumulated[-1], rng.random(size), side="right")


def between(rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Draw uniform whole seconds in [low, high); `low` where the interval is empty."""
    span = np.maximum(high - low, 0)
    return low + (rng.random(np.shape(span)) * span).astype(np.int64)
