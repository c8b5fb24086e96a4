"""When a delivered file was extracted: by the date in its name, else the latest time in its rows, else as its feed declares."""

import datetime as dt
import re
from pathlib import Path

from orchestration.landing.ledger import Delivery
from orchestration.landing.parts import Part
from orchestration.landing.refused import RefusedError
from orchestration.landing.worker import Worker

_DATE_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


def deliveries_of(
    names: list[str], part: Part, rows: Path, worker: Worker
) -> tuple[list[Delivery], tuple[str | None, str | None]]:
    """The extract time of each name: from the name, else the latest time within, else as declared."""
    fallback: tuple[str | None, str | None] = (None, None)
    if not all(_date_in_name(name) for name in names):
        latest = worker.call("latest_time", part, rows, size=rows.stat().st_size * 10)
        declared = part.recognition.feed.extract_time.declared
        if latest:
            fallback = (latest, "latest_timestamp")
        elif declared:
            fallback = (f"{declared} 00:00:00", "declared")
    deliveries = [delivery_of(name, *fallback) for name in names]
    if all(delivery.extracted_at is None for delivery in deliveries):
        raise RefusedError(
            "no_extract_time",
            f"{names[0]}: line 1: no date in its name, none in its rows and none declared for feed "
            f"{part.recognition.feed.name}; remedy: name it with its extract day, such as contacts-2026-09-30.csv",
            part.recognition.feed.name,
        )
    return deliveries, fallback


def _date_in_name(name: str) -> str | None:
    """The date nearest to the end of a path: a member's own name before its archive's."""
    for part in reversed(Path(name).parts):
        for year, month, day in _DATE_IN_NAME.findall(part):
            try:
                return dt.date(int(year), int(month), int(day)).isoformat() + " 00:00:00"
            except ValueError:
                continue
    return None


def delivery_of(name: str, fallback: str | None, fallback_source: str | None) -> Delivery:
    """A name with its extract time: the date in it, else the fallback."""
    in_name = _date_in_name(name)
    return Delivery(name, in_name, "name") if in_name else Delivery(name, fallback, fallback_source)
