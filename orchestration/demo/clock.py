"""Time in the demo: UTC seconds as int64, Paris wall clock, working hours and the bounds of a night.

Vectorised and without any "now". What happens when belongs to the modules that draw.
"""

import calendar
import datetime as dt

import numpy as np

DAY = 86_400
HOUR = 3_600
MINUTE = 60
FIRST_DAY = dt.date(2024, 10, 1)
LAST_DAY = dt.date(2026, 9, 30)
# Later than any night: an event that never happens needs no null handling in comparisons.
NEVER = calendar.timegm((3000, 1, 1, 0, 0, 0))

_EPOCH = dt.date(1970, 1, 1)
_OPENING, _CLOSING = 9 * HOUR, 18 * HOUR - MINUTE
_MONDAY_OFFSET = 3  # 1970-01-01 was a Thursday


def _summer_time_switches() -> np.ndarray:
    """Last Sunday of March and of October, 01:00 UTC; starts with a March, so odd counts mean summer time."""
    switches = []
    for year in range(2020, 2030):
        for month in (3, 10):
            last_sunday = 31 - (dt.date(year, month, 31).weekday() + 1) % 7
            switches.append(calendar.timegm((year, month, last_sunday, 1, 0, 0)))
    return np.array(switches, dtype=np.int64)


SUMMER_TIME_SWITCHES = _summer_time_switches()


def to_paris(utc: np.ndarray) -> np.ndarray:
    """Turn UTC seconds into wall-clock seconds in Paris."""
    passed = np.searchsorted(SUMMER_TIME_SWITCHES, utc, side="right")
    return utc + HOUR * (1 + passed % 2)


def from_paris(local: np.ndarray) -> np.ndarray:
    """Turn wall-clock seconds in Paris into UTC; exact except in the hours of a switch, where nothing is drawn."""
    passed = np.searchsorted(SUMMER_TIME_SWITCHES, np.asarray(local) - HOUR, side="right")
    return local - HOUR * (1 + passed % 2)


def day_number(day: dt.date) -> int:
    """Count the days since 1970-01-01."""
    return (day - _EPOCH).days


def midnight(day: dt.date) -> int:
    """Give the first second of `day` in Paris."""
    return int(from_paris(np.int64(day_number(day) * DAY)))


# Where the world ends for truth.json: the first second after the last night.
END = midnight(LAST_DAY + dt.timedelta(days=1))


def paris_day_number(utc: np.ndarray) -> np.ndarray:
    """Give the Paris calendar day of each time, as days since 1970-01-01."""
    return to_paris(utc) // DAY


def next_working_time(utc: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep a time in working hours, else wait for up to three hours after the next opening (Mon-Fri 9-18 in Paris).

    Never earlier than `utc` and at most 2.75 days later, which is what keeps journeys ordered and lags bounded.
    """
    local = to_paris(utc)
    day, second = local // DAY, local % DAY
    target = day + (second >= _CLOSING)
    weekday = (target + _MONDAY_OFFSET) % 7
    target = target + np.where(weekday >= 5, 7 - weekday, 0)
    works = (target == day) & (second >= _OPENING)
    opened = target * DAY + _OPENING + rng.integers(0, 3 * HOUR, np.shape(utc))
    return np.where(utc >= NEVER, NEVER, from_paris(np.where(works, local, opened)))


def next_waking_minute(utc: np.ndarray) -> np.ndarray:
    """Wait for a whole minute between 06:00 and 22:59 in Paris, at most eight hours later.

    HubSpot exports have no seconds, and no hour that a switch of summer time makes ambiguous may be used.
    """
    minute = -(-utc // MINUTE) * MINUTE
    hour = to_paris(minute) % DAY // HOUR
    wait = np.where(hour < 6, 6 * HOUR, np.where(hour >= 23, 8 * HOUR, 0))
    return np.where(utc >= NEVER, NEVER, minute + wait)
