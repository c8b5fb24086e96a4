"""How the fields of Salesforce leads age: decides first who is stale on the last night, then writes the history.

Times, authors and gaps only; what the values were belongs to `tables.py`.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo.clock import DAY, END, HOUR, NEVER, next_working_time
from orchestration.demo.draws import between
from orchestration.demo.plan import FIELDS, FieldDecay

# No decisive date lies nearer to the limit than this, so that no time zone and no rounding can tip a verdict.
_MARGIN = 2 * DAY
_LONGEST_WAIT = 3 * DAY  # what next_working_time may add, rounded up
MAX_CHANGES = 3


@dataclass(frozen=True)
class FieldHistory:
    """One field of every Salesforce lead; changes in time order, NEVER fills up."""

    field: FieldDecay
    is_missing: np.ndarray
    is_stale: np.ndarray
    changed_at: np.ndarray  # shape (leads, MAX_CHANGES)
    by_human: np.ndarray  # same shape


def draw_field_histories(
    rng: np.random.Generator, created_at: np.ndarray, deleted_at: np.ndarray, is_missing: dict[str, np.ndarray]
) -> tuple[FieldHistory, ...]:
    """Draw the histories of all fields.

    Args:
        rng: Stream of this module.
        created_at: When each lead appeared in Salesforce; all before the end.
        deleted_at: NEVER for leads that stay; deleted ones are changed no more and get no history.
        is_missing: By field, which leads have no value there; these have no history either.
    """
    return tuple(_draw_field(rng, field, created_at, deleted_at >= NEVER, is_missing[field.name]) for field in FIELDS)


def draw_touches(rng: np.random.Generator, created_at: np.ndarray, deleted_at: np.ndarray) -> np.ndarray:
    """Draw recent writes of the integration that move LastModifiedDate and nothing else."""
    touched = (rng.random(created_at.size) < 0.3) & (deleted_at >= NEVER)
    low = np.maximum(created_at + HOUR, END - 60 * DAY)
    high = np.full_like(created_at, END - HOUR)
    return np.where(touched & (low < high), between(rng, low, high), NEVER)


def last_human_change(history: FieldHistory, created_at: np.ndarray) -> np.ndarray:
    """Find what decides freshness: the last change by a person before the end, else the record's creation."""
    counts = history.by_human & (history.changed_at < END)
    return np.maximum(created_at, np.where(counts, history.changed_at, 0).max(axis=1))


def _draw_field(
    rng: np.random.Generator, field: FieldDecay, created_at: np.ndarray, stays: np.ndarray, is_missing: np.ndarray
) -> FieldHistory:
    count = created_at.size
    fresh_from = END - field.limit_days * DAY + _MARGIN
    stale_until = END - field.limit_days * DAY - _MARGIN
    is_old = created_at <= stale_until
    is_stale = is_old & (rng.random(count) < field.stale_share)
    # A lead created too near the limit is kept out of doubt by a change, like an old one drawn as fresh.
    must_change = ~is_stale & (created_at < fresh_from)
    may_change = rng.random(count) < np.where(is_stale, 0.3, 0.2)
    low = np.where(must_change, np.maximum(fresh_from, created_at + HOUR), created_at + HOUR)
    high = np.where(is_stale, stale_until, END) - _LONGEST_WAIT
    has_change = (must_change | may_change) & (low < high)
    decisive = np.where(has_change, next_working_time(between(rng, low, high), rng), NEVER)

    has_earlier = has_change & (rng.random(count) < 0.25) & (decisive - created_at > 6 * DAY)
    if field.name == "email":  # an address has three spellings at most: two changes, one of them by the integration
        has_earlier[:] = False
    before = np.where(has_earlier, decisive, created_at + 6 * DAY) - _LONGEST_WAIT - DAY
    earlier = np.where(has_earlier, next_working_time(between(rng, created_at + HOUR, before), rng), NEVER)

    has_sync = (rng.random(count) < 0.2) & (created_at < END - 3 * HOUR)
    synced = np.where(has_sync, between(rng, created_at + HOUR, np.full_like(created_at, END - HOUR)), NEVER)

    changed_at = np.stack([decisive, earlier, synced], axis=1)
    changed_at[is_missing | ~stays] = NEVER
    order = np.argsort(changed_at, axis=1, kind="stable")
    changed_at = np.take_along_axis(changed_at, order, axis=1)
    for position in (1, 2):  # two changes in one second would leave their order open
        changed_at[:, position] = np.maximum(changed_at[:, position], np.minimum(changed_at[:, position - 1] + 1, NEVER))
    by_human = np.take_along_axis(np.broadcast_to([True, True, False], changed_at.shape), order, axis=1)
    return FieldHistory(field, is_missing, is_stale & ~is_missing, changed_at, by_human)
