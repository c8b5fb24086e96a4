"""The periods of an objective: which days a month, quarter, half or year of the fiscal calendar has. No clock."""

import datetime as dt
import re
from dataclasses import dataclass

_FORMS = {
    "month": re.compile(r"([0-9]{4})-([0-9]{2})"),
    "quarter": re.compile(r"([0-9]{4})Q([1-4])"),
    "half": re.compile(r"([0-9]{4})H([12])"),
    "year": re.compile(r"([0-9]{4})"),
}
_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
EXAMPLES = {"month": "2026-07", "quarter": "2026Q3", "half": "2026H2", "year": "2026"}


@dataclass(frozen=True)
class Period:
    """Days from `first` to `last`, both included; `months` is its length, 0 when it is of no standard kind."""

    first: dt.date
    last: dt.date
    months: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def overlaps(self, other: "Period") -> bool:
        """Whether a day belongs to both."""
        return self.first <= other.last and other.first <= self.last


def period_of(kind: str, name: str, fiscal_start_month: int = 1) -> Period:
    """The days of a named period. `fiscal_…` kinds count from the fiscal year, which is called after the year it ends in.

    Raises:
        ValueError: the name is not one of that kind.
    """
    is_fiscal, kind = kind.startswith("fiscal_"), kind.removeprefix("fiscal_")
    found = _FORMS[kind].fullmatch(name)
    if found is None or not 2000 <= int(found[1]) <= 2100:
        raise ValueError(f"'{name}' is no {kind}")
    length = _MONTHS[kind]
    number = int(found[2]) if found.lastindex == 2 else 1
    if kind == "month" and not 1 <= number <= 12:
        raise ValueError(f"'{name}' is no month")
    start = (int(found[1]) * 12) + (number - 1) * length
    if is_fiscal and fiscal_start_month > 1:
        start += fiscal_start_month - 1 - 12
    return Period(_month_start(start), _month_start(start + length) - dt.timedelta(days=1), length)


def _month_start(months: int) -> dt.date:
    return dt.date(months // 12, months % 12 + 1, 1)
