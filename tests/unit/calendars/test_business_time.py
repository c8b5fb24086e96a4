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
    closed = business_time(closures=[{"from": dt.date(2026, 12, 24), "to": dt.date(2026, 12, 31), "reason": "year end"}])
    assert closed.minutes_between(paris("2026-12-23 17:00"), paris("2027-01-04 10:00")) == 120
    worked = business_time(worked_holidays=[dt.date(2026, 5, 25)])
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


def easter(year: int) -> dt.date:
    """Gregorian Easter Sunday (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114
    return dt.date(year, n // 31, n % 31 + 1)


# Beside the eleven days of all France: by law (code du travail L3134-13, decree 83-1003) and in the Antilles by custom too.
OWN_DAYS = {
    None: {}, "57": {(12, 26)}, "971": {(5, 27), (7, 21)}, "972": {(5, 22), (7, 21)}, "973": {(6, 10)}, "974": {(12, 20)},
    "976": {(4, 27)},
}  # fmt: skip
FROM_EASTER = {"57": {-2}, "971": {-2, -24}}  # Good Friday, mid-Lent


def free_days(part: str | None, year: int) -> set[dt.date]:
    """A year's public holidays in a part of France, without the package that the product asks."""
    fixed = {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25), *OWN_DAYS[part]}
    moved = {1, 39, 50} | FROM_EASTER.get(part, set())
    return {dt.date(year, *day) for day in fixed} | {easter(year) + dt.timedelta(days=days) for days in moved}


def minutes_on_the_wall(spec: dict, start: dt.datetime, end: dt.datetime) -> int:
    """Every minute from start to end, asked alone: is this place at work then?"""
    zone, part, worked = ZoneInfo(spec["timezone"]), spec["holidays"].get("subdivision"), 0
    free = {day for year in range(2023, 2029) for day in free_days(part, year)} - set(spec.get("worked_holidays", []))
    for closure in spec.get("closures", []):
        free |= {closure["from"] + dt.timedelta(days=n) for n in range((closure["to"] - closure["from"]).days + 1)}
    names, now = [*WEEK, "saturday", "sunday"], start.astimezone(dt.UTC)
    while now < end:
        local = now.astimezone(zone)
        spans = () if local.date() in free else spec["hours"].get(names[local.weekday()], ())
        worked += any(span[:5] <= f"{local:%H:%M}" < span[6:] for span in spans)
        now += dt.timedelta(minutes=1)
    return worked


SPLIT = {day: ["08:30-12:00", "13:30-17:45"] for day in WEEK}
SIX_DAYS = SPLIT | {"saturday": ["09:00-12:30"]}
NIGHTS = {day: ["00:00-06:00", "22:00-24:00"] for day in (*WEEK, "saturday", "sunday")}
YEAR_END = {"from": dt.date(2026, 12, 24), "to": dt.date(2027, 1, 3), "reason": "year end"}
BRIDGE = {"from": dt.date(2026, 5, 15), "to": dt.date(2026, 5, 15), "reason": "bridge"}
WHIT_MONDAY = dt.date(2026, 5, 25)


def here(part: str | None = None, timezone: str = "Europe/Paris", **changes) -> dict:
    country = {"country": "FR"} | ({"subdivision": part} if part else {})
    return FRANCE | {"timezone": timezone, "holidays": country} | changes


# Calendar, and two local times; how many business minutes lie between is counted minute by minute.
UNLISTED = {
    "Alsace-Moselle, Good Friday": (here("57"), "2026-04-02 16:00", "2026-04-07 10:00"),
    "France, the same days": (here(), "2026-04-02 16:00", "2026-04-07 10:00"),
    "Alsace-Moselle, 26 December on a Thursday": (here("57"), "2024-12-24 17:00", "2024-12-27 09:30"),
    "Alsace-Moselle, 26 December on a Friday": (here("57", hours=SPLIT), "2025-12-24 12:00", "2025-12-29 08:45"),
    "France, 26 December": (here(hours=SPLIT), "2025-12-24 12:00", "2025-12-29 08:45"),
    "La Réunion, 20 December on a Wednesday": (here("974", "Indian/Reunion"), "2023-12-19 17:30", "2023-12-21 09:10"),
    "La Réunion, 20 December on a Monday": (here("974", "Indian/Reunion"), "2027-12-17 17:00", "2027-12-21 10:00"),
    "Guadeloupe, 27 May": (here("971", "America/Guadeloupe"), "2026-05-26 17:15", "2026-05-28 09:45"),
    "Martinique, 22 May": (here("972", "America/Martinique"), "2026-05-21 12:00", "2026-05-26 12:00"),
    "Guyane, 10 June": (here("973", "America/Cayenne"), "2026-06-09 09:00", "2026-06-11 09:01"),
    "Mayotte, 27 April": (here("976", "Indian/Mayotte"), "2026-04-24 17:59", "2026-04-28 09:01"),
    "Guadeloupe worked by the clock of Paris": (here("971"), "2026-05-26 17:15", "2026-05-28 09:45"),
    "a year's end closure": (here(closures=[YEAR_END]), "2026-12-23 17:20", "2027-01-04 09:40"),
    "begun within the closure": (here(closures=[YEAR_END]), "2026-12-28 11:00", "2027-01-04 11:00"),
    "ended within the closure": (here(closures=[YEAR_END]), "2026-12-22 11:00", "2026-12-30 16:00"),
    "Ascension with its bridge": (here(closures=[BRIDGE]), "2026-05-13 17:00", "2026-05-18 10:00"),
    "a worked Whit Monday": (here(worked_holidays=[WHIT_MONDAY]), "2026-05-22 17:00", "2026-05-26 10:00"),
    "a Whit Monday off": (here(), "2026-05-22 17:00", "2026-05-26 10:00"),
    "clock forward, six days a week": (here(hours=SIX_DAYS), "2027-03-27 11:00", "2027-03-30 09:00"),
    "clock back, six days a week": (here(hours=SIX_DAYS), "2027-10-30 11:00", "2027-11-02 09:00"),
    "night shift as the clock goes forward": (here(hours=NIGHTS), "2026-03-28 21:00", "2026-03-29 23:00"),
    "night shift as the clock goes back": (here(hours=NIGHTS), "2026-10-24 21:00", "2026-10-25 23:00"),
    "begun at night": (here(), "2026-09-08 02:17", "2026-09-08 09:17"),
    "begun on a Saturday": (here(), "2026-09-12 15:30", "2026-09-14 11:00"),
    "begun on a holiday": (here(), "2026-07-14 10:00", "2026-07-15 09:30"),
    "a whole night": (here(), "2026-09-08 18:00", "2026-09-09 09:00"),
    "over lunch": (here(hours=SPLIT), "2026-09-08 11:50", "2026-09-08 13:40"),
    "within lunch": (here(hours=SPLIT), "2026-09-08 12:10", "2026-09-08 13:20"),
    "29 February": (here(), "2028-02-28 17:00", "2028-03-01 10:00"),
    "1 November on a Sunday, 11 on a Wednesday": (here(), "2026-10-30 16:00", "2026-11-12 10:00"),
    "two holidays in May": (here(), "2026-04-30 17:00", "2026-05-11 10:00"),
    "New Year": (here(), "2025-12-31 17:59", "2026-01-02 09:01"),
    "Lord Howe puts the clock by half an hour": (here(None, "Australia/Lord_Howe", hours=NIGHTS), "2026-04-04 20:00",
                                                 "2026-04-05 12:00"),
    "St John's, half an hour off": (here(None, "America/St_Johns"), "2026-03-06 16:00", "2026-03-10 10:00"),
}  # fmt: skip


@pytest.fixture(params=["UTC", "America/New_York", "Asia/Kolkata"])
def _host_zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_host_zone")
@pytest.mark.parametrize("vector", UNLISTED)
def test_unlisted_vectors_are_what_a_count_of_minutes_gives(vector):
    spec, start, end = UNLISTED[vector]
    zone = ZoneInfo(spec["timezone"])
    a, b = (dt.datetime.fromisoformat(text).replace(tzinfo=zone) for text in (start, end))
    laid_out = BusinessTime(Calendar.model_validate(spec), dt.date(2023, 1, 1), dt.date(2028, 12, 31))
    wanted = minutes_on_the_wall(spec, a, b)
    assert laid_out.minutes_between(a, b) == wanted
    if wanted:
        assert laid_out.minutes_between(a, laid_out.deadline(a, wanted)) == wanted


def test_every_holiday_of_four_years_in_every_part_is_the_laws():
    for part in OWN_DAYS:
        spec = here(part)
        days = BusinessTime(Calendar.model_validate(spec | {"hours": NIGHTS}), dt.date(2024, 1, 1), dt.date(2027, 12, 31)).days
        closed = {day.day for day in days if day.closed_because}
        assert closed == set().union(*(free_days(part, year) for year in range(2024, 2028))), part
