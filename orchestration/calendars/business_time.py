"""Business time: how long a team was at work between two instants, and when a term set in it ends.

Opening and closing are local times turned into UTC one by one; everything is summed there, in whole microseconds, so that
neither a change of summer time nor the time zone of the machine matters. No clock and no local time without a zone.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from orchestration.calendars.calendar_file import WEEKDAYS, Calendar, minutes_of, public_holidays

MINUTE = 60_000_000
_DAY = 24 * 60 * MINUTE
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class OutOfRangeError(ValueError):
    """An instant lies outside the days for which the working time was laid out."""


@dataclass(frozen=True)
class WorkingDay:
    """One local day: what is worked on it, and why nothing is."""

    day: dt.date
    spans: tuple[tuple[int, int], ...]
    closed_because: str | None

    @property
    def minutes(self) -> int:
        """Nominal minutes of work, as the hours say."""
        return sum(closing - opening for opening, closing in self.spans)


@dataclass(frozen=True)
class BusinessTime:
    """A calendar laid out over the local days from `first` to `last`."""

    calendar: Calendar
    first: dt.date
    last: dt.date

    @cached_property
    def days(self) -> tuple[WorkingDay, ...]:
        """Every local day in order."""
        count = (self.last - self.first).days + 1
        return tuple(self._working_day(self.first + dt.timedelta(days=number)) for number in range(count))

    def _working_day(self, day: dt.date) -> WorkingDay:
        spec = self.calendar
        spans = tuple(sorted(minutes_of(span) for span in spec.hours.get(WEEKDAYS[day.weekday()], [])))
        reason = next((closure.reason for closure in spec.closures if closure.first <= day <= closure.last), None)
        if reason is None and spec.holidays is not None and day not in spec.worked_holidays:
            reason = public_holidays(spec.holidays, day.year).get(day)
        if reason is not None:
            return WorkingDay(day, (), reason)
        return WorkingDay(day, spans, None if spans else "weekend")

    @cached_property
    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        zone = ZoneInfo(self.calendar.timezone)
        intervals = [
            (_utc(day.day, opening, zone), _utc(day.day, closing, zone)) for day in self.days for opening, closing in day.spans
        ]
        # Where the clock is put forward a span of the lost hour is empty.
        kept = [(opens, closes) for opens, closes in intervals if closes > opens]
        both = np.array(kept, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    @cached_property
    def _worked_before(self) -> np.ndarray:
        opens, closes = self._bounds
        return np.concatenate([[0], np.cumsum(closes - opens)])

    @cached_property
    def _range(self) -> tuple[int, int]:
        zone = ZoneInfo(self.calendar.timezone)
        return _utc(self.first, 0, zone), _utc(self.last + dt.timedelta(days=1), 0, zone)

    @property
    def day_minutes(self) -> int:
        """Minutes of the longest working day of the week: what one business day (`1bd`) of a term is."""
        return max(sum(b - a for a, b in map(minutes_of, spans)) for spans in self.calendar.hours.values())

    def worked_until(self, instants: np.ndarray) -> np.ndarray:
        """Microseconds of work from the first day to each instant (microseconds since 1970, UTC).

        Raises:
            OutOfRangeError: an instant is outside the days laid out.
        """
        instants = np.asarray(instants, dtype=np.int64)
        low, high = self._range
        if instants.size and (instants.min() < low or instants.max() > high):
            raise OutOfRangeError(f"an instant is outside {self.first} to {self.last}; lay out more days")
        opens, closes = self._bounds
        number = np.searchsorted(opens, instants, side="right")
        if not len(opens):
            return np.zeros_like(instants)
        place = np.maximum(number - 1, 0)
        within = np.where(number > 0, np.minimum(instants, closes[place]) - opens[place], 0)
        return np.where(number > 0, self._worked_before[place] + within, 0)

    def minutes_between(self, start: dt.datetime, end: dt.datetime) -> float:
        """Business minutes from one instant to another; 0 when the end is not later."""
        a, b = self.worked_until(np.array([microseconds(start), microseconds(end)]))
        return max(int(b - a), 0) / MINUTE

    def deadline(self, start: dt.datetime, minutes: float) -> dt.datetime:
        """The first instant at which so many business minutes have been worked since `start`.

        Raises:
            OutOfRangeError: it lies beyond the days laid out.
        """
        wanted = int(self.worked_until(np.array([microseconds(start)]))[0]) + round(minutes * MINUTE)
        if minutes <= 0:
            return _EPOCH + dt.timedelta(microseconds=microseconds(start))
        place = int(np.searchsorted(self._worked_before, wanted, side="left")) - 1
        opens, _ = self._bounds
        if place >= len(opens):
            raise OutOfRangeError(f"the term ends after {self.last}; lay out more days")
        instant = int(opens[place]) + wanted - int(self._worked_before[place])
        return _EPOCH + dt.timedelta(microseconds=instant)

    def pieces(self) -> Iterator[tuple[dt.date, dt.datetime, dt.datetime, int, bool]]:
        """Time cut where work begins or ends and at UTC midnights: UTC day, from, until, microseconds worked before, at work.

        With it SQL answers by an equi-join on the UTC day: worked(t) = worked before + (t - from when at work).
        """
        low, high = self._range
        opens, closes = self._bounds
        midnights = np.arange(-(-low // _DAY) * _DAY, high + 1, _DAY, dtype=np.int64)
        cuts = np.unique(np.concatenate([[low, high], opens, closes, midnights]))
        starts, ends = cuts[:-1], cuts[1:]
        worked = self.worked_until(cuts)
        for start, end, before, after in zip(starts, ends, worked[:-1], worked[1:], strict=True):
            begins = _naive(int(start))
            yield begins.date(), begins, _naive(int(end)), int(before), bool(after > before)


def microseconds(instant: dt.datetime) -> int:
    """Microseconds since 1970; a time without a zone is UTC."""
    aware = instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant
    return (aware.astimezone(dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)


def _naive(value: int) -> dt.datetime:
    return (_EPOCH + dt.timedelta(microseconds=value)).replace(tzinfo=None)


def _utc(day: dt.date, minute: int, zone: ZoneInfo) -> int:
    days, minute = divmod(minute, 24 * 60)
    local = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(minute // 60, minute % 60), zone)
    return microseconds(local)
