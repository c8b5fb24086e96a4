"""The working calendars that a company keeps in seeds/calendars/: hours by weekday, public holidays, closures.

Only what a file may say; what follows from it is in `business_time.py`.
"""

import datetime as dt
import re
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, Field, model_validator

from orchestration.landing.profile_faults import Misfit, MisfitsError
from orchestration.registry.documents import Document, Reading, Strict, each_once, read_folder

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d:[0-5]\d|2[0-3]:[0-5]\d|24:00)$")
_LONGEST_CLOSURE_DAYS = 366


def minutes_of(span: str) -> tuple[int, int]:
    """Opening and closing of `09:00-18:00` in minutes of the day."""
    opening, closing = (60 * int(part[:2]) + int(part[3:]) for part in span.split("-"))
    return opening, closing


def _is_span(value: str) -> str:
    if not _SPAN.match(value):
        raise ValueError(f"'{value}' is no span of hours")
    opening, closing = minutes_of(value)
    if closing <= opening:
        raise ValueError(f"'{value}' closes before it opens")
    return value


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{value}' is no time zone") from error
    return value


def _is_day(value: object) -> object:
    # A number or a time of day would be taken for a day without a word.
    if isinstance(value, bool | int | float | dt.datetime):
        raise ValueError("is no calendar day")
    return value


Span = Annotated[str, AfterValidator(_is_span)]
Zone = Annotated[str, AfterValidator(_is_zone)]


class PublicHolidays(Strict):
    """Whose public holidays nobody works on, as the package `holidays` names countries and their parts."""

    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    subdivision: str | None = None

    @model_validator(mode="after")
    def _check_known(self) -> "PublicHolidays":
        try:
            parts = holidays.country_holidays(self.country).subdivisions
        except NotImplementedError as error:
            remedy = "write its ISO 3166 code, such as FR, or leave `holidays` out and list closures"
            raise MisfitsError([Misfit(("country",), f"no holidays are known for '{self.country}'", remedy)]) from error
        if self.subdivision is not None and self.subdivision not in parts:
            remedy = f"write one of {', '.join(parts) or 'none'}, in quotes"
            raise MisfitsError([Misfit(("subdivision",), f"'{self.subdivision}' is no part of {self.country}", remedy)])
        return self


class Closure(Strict):
    """Days, first and last included, on which the company does not work."""

    first: dt.date = Field(alias="from")
    last: dt.date = Field(alias="to")
    reason: Annotated[str, Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _check_days(cls, value: object) -> object:
        for key in ("from", "to"):
            if isinstance(value, dict) and key in value:
                try:
                    _is_day(value[key])
                except ValueError as error:
                    raise MisfitsError([Misfit((key,), str(error), "write year-month-day, such as 2026-12-24")]) from error
        return value

    @model_validator(mode="after")
    def _check_order(self) -> "Closure":
        if self.last < self.first:
            raise MisfitsError([Misfit(("to",), f"{self.last} is before {self.first}", "write the last day of the closure")])
        if (self.last - self.first).days >= _LONGEST_CLOSURE_DAYS:
            raise MisfitsError([Misfit(("to",), "longer than a year", "a closed team needs no calendar: shorten it")])
        return self


class Calendar(Strict):
    """When a team works."""

    timezone: Zone
    hours: dict[Literal[WEEKDAYS], list[Span]] = Field(min_length=1)
    holidays: PublicHolidays | None = None
    closures: list[Closure] = Field([])
    worked_holidays: Annotated[list[dt.date], AfterValidator(each_once)] = Field(
        [], description="Public holidays on which the company works all the same."
    )

    @model_validator(mode="after")
    def _check_hours(self) -> "Calendar":
        misfits = []
        for weekday, spans in self.hours.items():
            bounds = sorted(minutes_of(span) for span in spans)
            if any(later[0] < earlier[1] for earlier, later in pairwise(bounds)):
                misfits.append(Misfit(("hours", weekday), "two spans overlap", "write each minute of the day once"))
        if not any(self.hours.values()):
            misfits.append(Misfit(("hours",), "no day has working hours", "write some, such as monday: [09:00-18:00]"))
        for number, day in enumerate(self.worked_holidays):
            if self.holidays is None or day not in public_holidays(self.holidays, day.year):
                misfits.append(Misfit(("worked_holidays", number), f"{day} is no public holiday here", "take it out"))
        if misfits:
            raise MisfitsError(misfits)
        return self


class CalendarDocument(Document[Calendar]):
    """One file of seeds/calendars/."""

    kind: Literal["Calendar"]


REMEDIES = {
    "name": "write lower-case letters, digits and hyphens, 63 at most",
    "timezone": "write its IANA name, such as Europe/Paris",
    "hours": "write spans in quotes as opening-closing, such as monday: ['09:00-12:30', '13:30-18:00']",
    "closures": "write {from: 2026-12-24, to: 2026-12-31, reason: why}",
    "worked_holidays": "write days as year-month-day, such as 2026-05-25",
    "country": "write its ISO 3166 code in capitals, such as FR",
    "subdivision": "write it in quotes, such as '57'",
    "version": "write a whole number from 1 on",
    "spec": "write timezone and hours below it",
    "metadata": "write name, label_en and label_fr below it",
}


def read_calendars(folder: Path) -> Reading[Calendar]:
    """Every calendar of a folder, and what is wrong there."""
    return read_folder(folder, CalendarDocument, REMEDIES)


def public_holidays(where: PublicHolidays, year: int) -> dict[dt.date, str]:
    """A year's public holidays and their names."""
    return dict(_holidays_of(where.country, where.subdivision, year))


@lru_cache(maxsize=512)
def _holidays_of(country: str, subdivision: str | None, year: int) -> tuple[tuple[dt.date, str], ...]:
    found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return tuple(sorted(found.items()))
