"""Record ids as each vendor writes them: 18-character Salesforce ids with checksum, HubSpot numbers, Stripe ids.

Ids are text only; which record gets which number belongs to the caller.
"""

import numpy as np
import pyarrow as pa

_BASE62 = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", dtype=np.uint8)
_CHECKSUM = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_FIRST_NUMBER, _STEP = 10_000_019, 13


def salesforce_ids(prefix: str, count: int) -> pa.StringArray:
    """Make ids of `count` records of one object, ascending as Salesforce hands them out.

    The last three characters say which of the fifteen before are capitals, so that ids survive tools that ignore
    case (Salesforce: "18-character ID").
    """
    numbers = _FIRST_NUMBER + _STEP * np.arange(count, dtype=np.int64)
    chars = np.empty((count, 18), dtype=np.uint8)
    chars[:, :6] = np.frombuffer(f"{prefix}7S0".encode(), dtype=np.uint8)
    chars[:, 6:15] = _BASE62[numbers[:, None] // 62 ** np.arange(8, -1, -1, dtype=np.int64) % 62]
    is_capital = (chars[:, :15] >= ord("A")) & (chars[:, :15] <= ord("Z"))
    chars[:, 15:] = _CHECKSUM[is_capital.reshape(count, 3, 5) @ (1 << np.arange(5))]
    return _strings(chars)


def hubspot_ids(first: int, count: int) -> np.ndarray:
    """Make ascending record numbers."""
    return first + 17 * np.arange(count, dtype=np.int64)


def stripe_ids(rng: np.random.Generator, prefix: str, count: int) -> pa.StringArray:
    """Make random ids with Stripe's prefix of the object."""
    lead = np.frombuffer(prefix.encode(), dtype=np.uint8)
    chars = np.empty((count, lead.size + 16), dtype=np.uint8)
    chars[:, : lead.size] = lead
    chars[:, lead.size :] = _BASE62[rng.integers(0, 62, (count, 16))]
    return _strings(chars)


def _strings(chars: np.ndarray) -> pa.StringArray:
    count, width = chars.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(chars)))
