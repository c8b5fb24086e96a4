"""SQL for local times that a change of clocks repeats or skips: nothing in them says which moment is meant.

The dear question is asked of few times only: those of the hours, months and weekdays in which clocks change.
"""

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from orchestration.landing.row_versions import cheap_first, quoted

MONTHS = "03 04 09 10 11"
_DAY_MICROSECONDS = 24 * 3600 * 1_000_000
# What the zones did before is no rule for what they do, and is asked of every night.
_FIRST_YEAR, _LAST_YEAR = 1970, 2100


def changes_clock(local: str, timezone: str) -> str:
    """SQL: whether a local time is one of those."""
    instant = f"timezone({quoted(timezone)}, {local})"
    back = f"timezone({quoted(timezone)}, {instant} - interval 1 hour)"
    return f"coalesce(timezone({quoted(timezone)}, {instant}) <> {local} or {back} = {local}, false)"


def is_night_of_change(text: str) -> str:
    """SQL for plain times, as text, of the hours and months in which clocks change anywhere."""
    return cheap_first(f"substr({text}, 12, 2) between '00' and '03'", f"contains('{MONTHS}', substr({text}, 6, 2))")


def may_change_clock(moment: str, timezone: str) -> str:
    """The same for a time that has been read, on the weekdays on which this zone's clocks change."""
    is_night = f"epoch_us({moment}) % {_DAY_MICROSECONDS} < {_DAY_MICROSECONDS // 6}"
    days = " or ".join(f"dayofweek({moment}) = {day}" for day in weekdays_of_change(timezone))
    is_day = f"epoch_us({moment}) < 0{' or ' + days if days else ''}"
    is_month = f"month({moment}) between 3 and 4 or month({moment}) between 9 and 11"
    return cheap_first(is_night, cheap_first(is_day, is_month))


@lru_cache
def weekdays_of_change(timezone: str) -> tuple[int, ...]:
    """The weekdays (Sunday is 0) of the local days in which a zone's offset from UTC changes."""
    zone, found = ZoneInfo(timezone), set()
    week, end = dt.datetime(_FIRST_YEAR, 1, 1, tzinfo=zone), dt.datetime(_LAST_YEAR, 1, 1, tzinfo=zone)
    while week < end:
        following = week + dt.timedelta(days=7)
        if week.utcoffset() != following.utcoffset():
            days = [week + dt.timedelta(days=number) for number in range(7)]
            found |= {day.isoweekday() % 7 for day in days if day.utcoffset() != (day + dt.timedelta(days=1)).utcoffset()}
        week = following
    return tuple(sorted(found))
