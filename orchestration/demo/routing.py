"""Planted in the hand-off: days on which the sync to Salesforce stood still, and first touches without a conversation.

Whole leads are chosen by time and number alone, so that nothing else that is drawn moves.
"""

import calendar
import datetime as dt

import numpy as np

from orchestration.demo.clock import from_paris
from orchestration.demo.staff import Staff

# Mondays, months apart. From 07:00 on nothing came through until Wednesday 14:00.
_OUTAGES = ((2025, 2, 10), (2025, 5, 19), (2025, 9, 15), (2026, 1, 19), (2026, 3, 16), (2026, 6, 8), (2026, 9, 14))
_HOLLOW_OF_FIVE = 3  # leads in five of a rep who touches only for the clock


def outages() -> list[tuple[int, int]]:
    """Begin and end of each standstill, UTC seconds."""
    found = []
    for day in _OUTAGES:
        wednesday = dt.date(*day) + dt.timedelta(days=2)
        begin = calendar.timegm((*day, 7, 0, 0))
        end = calendar.timegm((wednesday.year, wednesday.month, wednesday.day, 14, 0, 0))
        found.append((int(from_paris(np.int64(begin))), int(from_paris(np.int64(end)))))
    return found


def is_routed_late(mql_at: np.ndarray) -> np.ndarray:
    """Which leads became MQL while the sync stood still."""
    late = np.zeros(mql_at.shape, dtype=bool)
    for begin, end in outages():
        late |= (mql_at >= begin) & (mql_at < end)
    return late


def synced_after_outage(mql_at: np.ndarray, synced_at: np.ndarray) -> np.ndarray:
    """Hold back what would have been synced while nothing came through; it comes when the standstill ends."""
    held_back = synced_at
    for begin, end in outages():
        held_back = np.where((mql_at >= begin) & (mql_at < end), end + synced_at - mql_at, held_back)
    return held_back


def is_touched_hollow(lead: np.ndarray, owner: np.ndarray, staff: Staff) -> np.ndarray:
    """Which leads get a call of a few seconds for a first touch, and nothing after it."""
    return np.array(staff.touches_hollow)[owner] & (lead % 5 < _HOLLOW_OF_FIVE)
