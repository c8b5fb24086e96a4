"""What a file of seeds/feedback/ may say: reasons that sales gave, when marketing acknowledged them, and what it changed.

Whether the change had an effect is counted in dbt (`mart_feedback_effect`); here are words and days.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from orchestration.landing.profile_faults import Fault, Misfit, MisfitsError
from orchestration.objectives.objective_file import Day, Role
from orchestration.registry.documents import Document, Reading, Registered, Strict, each_once, read_folder

REASONS = (
    "bad_data", "duplicate", "not_icp", "wrong_persona", "no_need", "no_budget", "no_timing", "competitor",
    "existing_customer_or_opportunity", "student_or_partner", "unreachable", "no_capacity", "junk", "sla_expired", "other",
)  # fmt: skip
ANY_CHANNEL = "*"
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class About(Strict):
    """Which leads that were sent back it is about: reasons, channels (all when left out), first and last day."""

    reasons: Annotated[list[Literal[REASONS]], AfterValidator(each_once), Field(min_length=1)]
    channels: Annotated[list[Channel], AfterValidator(each_once), Field(min_length=1)] | None = None
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _check_days(self) -> "About":
        if self.last < self.first:
            problem = f"{self.last} is before {self.first}"
            raise MisfitsError([Misfit(("to",), problem, "write the last day that it is about")])
        return self


class Acknowledged(Strict):
    """When marketing said that it had read it, and who did."""

    day: Day
    by: Role


class Change(Strict):
    """What was changed because of it."""

    day: Day
    kind: Literal["scoring_rule", "campaign", "form", "targeting", "routing", "data_source", "training"]
    what: Annotated[str, Field(min_length=10)]
    by: Role


class Declined(Strict):
    """Why nothing was changed."""

    day: Day
    reason: Annotated[str, Field(min_length=10)]
    by: Role


class Feedback(Strict):
    """One round of the loop: sales said so, marketing read it, and changed something or said why not."""

    about: About
    acknowledged: Acknowledged | None = None
    change: Change | None = None
    declined: Declined | None = None

    @model_validator(mode="after")
    def _check_order(self) -> "Feedback":
        misfits = []
        answer = self.change or self.declined
        key = "change" if self.change else "declined"
        if self.change and self.declined:
            misfits.append(Misfit(("declined",), "changed and declined at once", "keep one of the two"))
        if answer and self.acknowledged is None:
            misfits.append(Misfit((key,), "answered and never acknowledged", "add acknowledged with day and role"))
        if self.acknowledged and self.acknowledged.day < self.about.first:
            misfits.append(
                Misfit(("acknowledged", "day"), f"before the first lead that it is about ({self.about.first})", "mend one day")
            )
        if answer and self.acknowledged and answer.day < self.acknowledged.day:
            misfits.append(
                Misfit((key, "day"), f"before it was acknowledged on {self.acknowledged.day}", "mend one of the days")
            )
        if misfits:
            raise MisfitsError(misfits)
        return self


class FeedbackDocument(Document[Feedback]):
    """One file of seeds/feedback/."""

    kind: Literal["Feedback"]


REMEDIES = {
    "name": "write lower-case letters, digits and hyphens, 63 at most",
    "reasons": f"write a list of {', '.join(REASONS)}",
    "channels": "write channels of seeds/channel_map.csv, or leave it out for all",
    "from": "write year-month-day without quotes, such as 2026-04-01",
    "to": "write year-month-day without quotes, such as 2026-06-30",
    "day": "write year-month-day without quotes, such as 2026-07-06",
    "by": "write role: and the role, such as role:cmo",
    "what": "say in a sentence what was changed",
    "reason": "say in a sentence why not",
    "about": "write {reasons, from, to} and channels, if not all",
    "acknowledged": "write {day, by}",
    "change": "write {day, kind, what, by}",
    "declined": "write {day, reason, by}",
    "version": "write a whole number from 1 on",
    "metadata": "write name, label_en and label_fr below it",
    "spec": "write about below it, and acknowledged, change or declined once they are there",
}


def read_feedback(folder: Path) -> Reading[Feedback]:
    """Every round of a folder, and what is wrong there."""
    return read_folder(folder, FeedbackDocument, REMEDIES)


def feedback_faults(rounds: Sequence[Registered[Feedback]], channels: Collection[str]) -> Iterator[Fault]:
    """What needs more than one file: channels that exist, and no lead that two rounds are about."""
    for number, later in enumerate(rounds):
        for place, channel in enumerate(later.spec.about.channels or []):
            if channel not in channels:
                yield later.fault(
                    ("spec", "about", "channels", place),
                    f"no channel is called '{channel}'",
                    f"write one of {', '.join(sorted(channels))}",
                )
        for earlier in rounds[:number]:
            if _share_leads(earlier.spec.about, later.spec.about):
                yield later.fault(
                    ("spec", "about"),
                    f"{earlier.path.name} is already about such leads of these days",
                    "change the reasons, channels or days of one of the two",
                )


def cells(about: About) -> list[tuple[str, str, dt.date, dt.date]]:
    """Reason, channel (`*` for all), first and last day of what a round is about."""
    return [(reason, channel, about.first, about.last)
            for reason, channel in product(sorted(about.reasons), sorted(about.channels or [ANY_CHANNEL]))]  # fmt: skip


def _share_leads(one: About, other: About) -> bool:
    if one.last < other.first or other.last < one.first or not set(one.reasons) & set(other.reasons):
        return False
    return one.channels is None or other.channels is None or bool(set(one.channels) & set(other.channels))
