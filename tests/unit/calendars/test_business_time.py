"""Business time: the reference vectors, any host time zone, closures and overseas, and what must hold for any hours."""

import datetime as dt
import os
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.calendars.business_time import BusinessTime, OutOfRangeError
from orchestration.calendars.calendar_file import Calendar, read_calendars
from orchestration.settings import Settings

PARIS = ZoneInfo("Europe/Paris")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")
FRANCE = {"timezone": "Europe/Paris", "holidays": {"country": "FR"}, "hours": {day: ["09:00-18:00"] for day in WEEK}}


def business_time(**changes) -> BusinessTime:
    return BusinessTime(Calendar.model_validate(FRANCE | changes), dt.date(2025, 12, 1), dt.date(2027, 2, 1))


def paris(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS)


VECTORS = [
    ("2026-01-09 17:30", "2026-01-12 09:30", 60, 64),
    ("2026-03-27 17:00", "2026-03-30 10:00", 120, 64),  # the clock goes forward on the 29th
    ("2026-10-23 17:00", "2026-10-26 10:00", 120, 66),  # and back on the 25th
    ("2026-07-13 17:59", "2026-07-15 09:01", 2, None),
    ("2026-04-03 16:00", "2026-04-07 11:00", 240, None),
    ("2026-01-10 10:00", "2026-01-10 17:00", 0, None),
]


@pytest.mark.parametrize("host", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kolkata"])
def test_the_reference_vectors_hold_in_any_host_time_zone(host, monkeypatch):
    monkeypatch.setenv("TZ", host)
    time.tzset()
    try:
        for start, end, minutes, elapsed_hours in VECTORS:
            a, b = paris(start), paris(end)
            assert business_time().minutes_between(a, b) == minutes
            if elapsed_hours:
                assert (b.astimezone(dt.UTC) - a.astimezone(dt.UTC)) == dt.timedelta(hours=elapsed_hours)
    finally:
        monkeypatch.undo()
        os.environ.pop("TZ", None)
        time.tzset()


def test_the_shipped_calendar_has_the_eleven_french_holidays():
    reading = read_calendars(Settings().seeds_dir / "calendars")
    assert reading.faults == []
    shipped = next(item for item in reading.documents if item.name == "fr-paris-9-18")
    days = BusinessTime(shipped.spec, dt.date(2026, 1, 1), dt.date(2026, 12, 31)).days
    closed = [f"{day.day:%m-%d}" for day in days if day.closed_because not in (None, "weekend")]
    assert closed == ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]


@pytest.mark.parametrize(
    ("subdivision", "timezone", "extra"),
    [
        ("57", "Europe/Paris", ["2026-04-03"]),  # its 26 December 2026 is a Saturday
        ("6AE", "Europe/Paris", ["2026-04-03"]),
        ("971", "America/Guadeloupe", ["2026-05-27"]),
        ("972", "America/Martinique", ["2026-05-22"]),
        ("973", "America/Cayenne", ["2026-06-10"]),
        ("974", "Indian/Reunion", []),  # its 20 December 2026 is a Sunday
        ("976", "Indian/Mayotte", ["2026-04-27"]),
    ],
)
def test_parts_of_france_have_their_own_holidays_and_clock(subdivision, timezone, extra):
    there = business_time(timezone=timezone, holidays={"country": "FR", "subdivision": subdivision})
    zone = ZoneInfo(timezone)
    for day in extra:
        nine = dt.datetime.fromisoformat(f"{day} 09:00").replace(tzinfo=zone)
        assert there.minutes_between(nine, nine + dt.timedelta(hours=9)) == 0
        assert business_time(timezone=timezone).minutes_between(nine, nine + dt.timedelta(hours=9)) == 540
    morning = dt.datetime(2026, 2, 10, 8, 0, tzinfo=zone)
    assert there.minutes_between(morning, morning + dt.timedelta(hours=2)) == 60


def test_a_closure_is_not_worked_and_a_worked_holiday_is():
    closed = business_time(closures=[{"from": "2026-12-24", "to": "2026-12-31", "reason": "year end"}])
    assert closed.minutes_between(paris("2026-12-23 17:00"), paris("2027-01-04 10:00")) == 120
    worked = business_time(worked_holidays=["2026-05-25"])
    assert worked.minutes_between(paris("2026-05-25 09:00"), paris("2026-05-25 18:00")) == 540


def test_a_day_and_night_calendar_has_23_and_25_hours_on_the_days_of_the_switch():
    always = business_time(holidays=None, hours={day: ["00:00-24:00"] for day in (*WEEK, "saturday", "sunday")})
    assert always.minutes_between(paris("2026-03-29 00:00"), paris("2026-03-30 00:00")) == 23 * 60
    assert always.minutes_between(paris("2026-10-25 00:00"), paris("2026-10-26 00:00")) == 25 * 60


def test_an_instant_beyond_the_days_laid_out_is_refused_and_never_counted_short():
    with pytest.raises(OutOfRangeError, match="lay out more days"):
        business_time().minutes_between(paris("2026-12-01 09:00"), paris("2027-03-01 09:00"))


hours = st.lists(st.integers(16, 96), min_size=2, max_size=6, unique=True).map(
    lambda quarters: [
        f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}"
        for a, b in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    ]
)
calendars = st.builds(
    lambda zone, week, part: Calendar.model_validate(
        {"timezone": zone, "hours": week, "holidays": {"country": "FR", "subdivision": part}}
    ),
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Indian/Reunion"]),
    st.dictionaries(st.sampled_from([*WEEK, "saturday", "sunday"]), hours, min_size=1),
    st.sampled_from([None, "57", "974"]),
)
SINCE = int(dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp())
instants = st.integers(0, 250 * 86_400).map(lambda seconds: dt.datetime.fromtimestamp(SINCE + seconds, dt.UTC))


@given(calendars, instants, instants, instants)
def test_business_time_is_additive_and_never_decreases(calendar, one, two, three):
    laid_out = BusinessTime(calendar, dt.date(2026, 2, 1), dt.date(2027, 1, 1))
    a, b, c = sorted([one, two, three])
    assert laid_out.minutes_between(a, b) + laid_out.minutes_between(b, c) == pytest.approx(laid_out.minutes_between(a, c))
    assert 0 <= laid_out.minutes_between(a, b) <= laid_out.minutes_between(a, c) <= (c - a).total_seconds() / 60


@given(calendars, instants, st.integers(1, 5_000))
def test_a_term_ends_exactly_when_it_has_been_worked(calendar, start, minutes):
    laid_out = BusinessTime(calendar, dt.date(2026, 2, 1), dt.date(2031, 1, 1))
    end = laid_out.deadline(start, minutes)
    assert laid_out.minutes_between(start, end) == minutes
    assert laid_out.minutes_between(start, end - dt.timedelta(microseconds=1)) < minutes


def minute_by_minute(calendar: Calendar, start: dt.datetime, minutes: int) -> int:
    """The slow way: is each single minute worked, by the wall clock of the place?"""
    import holidays

    zone, worked = ZoneInfo(calendar.timezone), 0
    free = holidays.country_holidays("FR", subdiv=calendar.holidays.subdivision, years=[2026, 2027])
    names = [*WEEK, "saturday", "sunday"]
    for number in range(minutes):
        local = (start + dt.timedelta(minutes=number)).astimezone(zone)
        clock = f"{local:%H:%M}"
        spans = calendar.hours.get(names[local.weekday()], [])
        worked += local.date() not in free and any(span[:5] <= clock < span[6:] for span in spans)
    return worked


@given(calendars, instants, st.integers(1, 4 * 24 * 60))
def test_it_agrees_with_counting_minute_by_minute(calendar, start, minutes):
    start = start.replace(second=0)
    laid_out = BusinessTime(calendar, dt.date(2026, 2, 1), dt.date(2027, 2, 1))
    end = start + dt.timedelta(minutes=minutes)
    assert laid_out.minutes_between(start, end) == minute_by_minute(calendar, start, minutes)
