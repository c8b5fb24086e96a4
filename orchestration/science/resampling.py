"""Random numbers that belong to a key, not to a row: the same whatever the order of rows and whoever else is there.

Counter-based (Salmon et al. 2011): SplitMix64's finaliser (Steele, Lea & Flood 2014) over the key's hash, a stream (a replicate
or a draw) and the seed.
"""

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

_STEP = np.uint64(0x9E3779B97F4A7C15)


def _mixed(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def key_hashes(keys: pd.Series) -> np.ndarray:
    """A 64-bit hash of each key, the same in every process; what is unsigned already is such a hash."""
    if keys.dtype == np.uint64:
        return keys.to_numpy()
    return pd.util.hash_array(keys.array if isinstance(keys.dtype, pd.StringDtype) else keys.to_numpy())


def uniforms(hashes: np.ndarray, streams: np.ndarray, seed: int, purpose: int = 0) -> np.ndarray:
    """A number in (0, 1) for each key and stream, which are broadcast against each other."""
    # Arrays of one, not scalars: only arrays wrap around without a warning.
    start = _mixed(np.array([seed], dtype=np.uint64) + _STEP * np.array([purpose + 1], dtype=np.uint64))
    offsets = _mixed(start + _STEP * (np.asarray(streams, dtype=np.uint64) + np.uint64(1)))
    bits = _mixed(offsets ^ hashes) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) * 2.0**-53


def cluster_weights(hashes: np.ndarray, replicate: int, seed: int) -> np.ndarray:
    """Exponential weights, mean and variance 1, for one replicate of the Bayesian bootstrap (Rubin 1981).

    Unlike multinomial or Poisson weights none is zero, so that no risk set, however small, comes out empty.
    """
    return -np.log(uniforms(hashes, np.array([replicate]), seed))


def normals(hashes: np.ndarray, streams: np.ndarray, seed: int, purpose: int) -> np.ndarray:
    """Standard normal numbers (Box & Muller 1958); takes the purposes `purpose` and `purpose + 1`."""
    radius = np.sqrt(-2 * np.log(uniforms(hashes, streams, seed, purpose)))
    return radius * np.cos(2 * np.pi * uniforms(hashes, streams, seed, purpose + 1))


def t_quantile(probability: float, degrees: np.ndarray) -> np.ndarray:
    """Student's t quantile: closed form for 1 and 2 degrees, else the Cornish-Fisher series (Abramowitz & Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(probability)
    degrees = np.asarray(degrees, dtype=np.float64)
    n = np.maximum(degrees, 3.0)
    series = (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * n**4)
    )
    one = math.tan(math.pi * (probability - 0.5))
    two = (2 * probability - 1) / math.sqrt(2 * probability * (1 - probability))
    return np.where(degrees >= 3, series, np.where(degrees >= 2, two, np.where(degrees >= 1, one, np.nan)))
