"""What can be said of a feed from its extracts alone: did it come, did it shrink, did its header change.

Judged against `as_of`, from the ledger. `late` means that a file did not come; what its rows say is other rooms' business.
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Feed

_EXTRACTS_COMPARED = 7
CHECKS = {
    "came_in_time": "Its newest extract is no older than its profile allows.",
    "volume_is_steady": "Its newest extract has not lost more rows than its profile allows against the median of those before.",
    "header_is_unchanged": "Its newest extract has the same unknown columns as the one before.",
}


@dataclass(frozen=True)
class FeedCheck:
    """One judgement of a feed; figures are counts, days and column names."""

    feed: str
    name: str
    passed: bool
    message: str
    figures: Mapping[str, Any]


def judge_feeds(ledger: Ledger, feeds: Sequence[Feed], as_of: dt.date) -> list[FeedCheck]:
    """Every check of every feed of which a file has landed by `as_of`."""
    extracts = ledger.extracts()
    return [
        check
        for feed in feeds
        if any(at[:10] <= as_of.isoformat() for at, _ in extracts.get(feed.name, []))
        for check in _judge(feed, ledger.extract_figures(feed.name), as_of)
    ]


def _judge(feed: Feed, figures: Sequence[Mapping[str, Any]], as_of: dt.date) -> Iterator[FeedCheck]:
    known = [row for row in figures if row["extracted_at"][:10] <= as_of.isoformat()]
    newest, earlier = known[-1], known[:-1]
    age = (as_of - dt.date.fromisoformat(newest["extracted_at"][:10])).days
    yield FeedCheck(
        feed.name, "came_in_time", age <= feed.max_days_late,
        f"its newest extract is {age} days old; {feed.max_days_late} are allowed",
        {"age_days": age, "max_days_late": feed.max_days_late},
    )  # fmt: skip
    yield _volume(feed, newest, earlier[-_EXTRACTS_COMPARED:])
    extra, before = _columns(newest), _columns(earlier[-1]) if earlier else _columns(newest)
    yield FeedCheck(
        feed.name, "header_is_unchanged", extra == before,
        f"unknown columns: {', '.join(sorted(extra)) or 'none'}; before: {', '.join(sorted(before)) or 'none'}",
        {"new_columns": sorted(extra - before), "columns_gone": sorted(before - extra)},
    )  # fmt: skip


def collapsed_extracts(feed: Feed, figures: Sequence[Mapping[str, Any]]) -> set[str]:
    """Extract times of a full feed that lost more rows than its profile allows: what they lack is not believed to be gone."""
    return {
        row["extracted_at"]
        for number, row in enumerate(figures)
        if not _volume(feed, row, figures[max(number - _EXTRACTS_COMPARED, 0) : number]).passed
    }


def _volume(feed: Feed, newest: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> FeedCheck:
    rows = newest["rows_loaded"]
    usual = median(row["rows_loaded"] for row in earlier) if earlier else rows
    drop = (usual - rows) / usual if usual else 0.0
    # A delta file holds what changed: a quiet day is no loss.
    passed = feed.delivery == "delta" or drop <= feed.max_volume_drop
    return FeedCheck(
        feed.name, "volume_is_steady", passed, f"{rows} rows; the median of the {len(earlier)} extracts before is {usual:g}",
        {"rows": rows, "usual_rows": float(usual), "drop_share": round(drop, 4), "max_volume_drop": feed.max_volume_drop},
    )  # fmt: skip


def _columns(extract: Mapping[str, Any]) -> set[str]:
    return set(json.loads(extract["extra_columns"] or "[]"))
