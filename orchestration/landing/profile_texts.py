"""The kinds of text that a profile may hold, each with its check: names, headers, currencies, time zones, formats, patterns."""

import datetime as dt
import re
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"'{name}' is no time zone") from error
    return name


def _dated_format(text: str) -> str:
    """A strptime format must give back the day that it wrote, or its month where a vendor reports months."""
    day = dt.datetime(2001, 2, 3, 16, 5, 6, tzinfo=dt.UTC)
    try:
        read = dt.datetime.strptime(day.strftime(text), text).replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        raise ValueError(f"'{text}' is no strptime format ({error})") from error
    if (read.year, read.month) != (day.year, day.month):
        raise ValueError(f"'{text}' does not say year and month")
    return text


def _sql_pattern(text: str) -> str:
    """The engine reads the pattern too, and knows neither look-around nor back references."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is no regular expression ({error})") from error
    if re.search(r"\(\?<?[=!]|\\[1-9]", text):
        raise ValueError(f"'{text}' has look-around or a back reference, which is no regular expression of the engine")
    return text


def _iso_day(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"'{text}' is no day") from error
    return text


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Header = Annotated[str, Field(pattern=r"\S")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Timezone = Annotated[str, AfterValidator(_known_timezone)]
TimeFormat = Annotated[str, AfterValidator(_dated_format)]
SqlPattern = Annotated[str, AfterValidator(_sql_pattern)]
IsoDay = Annotated[str, AfterValidator(_iso_day)]
