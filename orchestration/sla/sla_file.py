"""What a file of seeds/sla/ may say: who owes whom what, in which time, how it is measured, and when it is nobody's fault.

Two documents make a two-way agreement: one with provider sales, one with provider marketing. Computed in dbt.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from orchestration.landing.profile_faults import Fault, Misfit, MisfitsError
from orchestration.objectives.objective_file import MetricName, Number
from orchestration.objectives.rules import unknown_metric
from orchestration.registry.documents import Document, Reading, Registered, Slug, Strict, each_once, read_folder
from orchestration.registry.metrics import Metrics

_TERM = re.compile(r"([1-9][0-9]{0,3})(bm|bh|bd)")
FIELDS = ("email", "phone", "job_title", "company", "industry")
_LONGEST_TERM = {"bm": 9_999, "bh": 2_000, "bd": 250}
_WEEK_HOURS = 80


def _events(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _term(value: object) -> object:
    found = _TERM.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > _LONGEST_TERM[found[2]]:
        raise ValueError(f"'{value}' is no term in business time")
    return value


Event = Literal["human_outbound", "two_way_contact", "SAL", "REJECTED"]
# One event may be written without the brackets of a list.
Events = Annotated[
    list[Event], BeforeValidator(_events, json_schema_input_type=Event | list[Event]), AfterValidator(each_once),
    Field(min_length=1),
]  # fmt: skip
Term = Annotated[str, BeforeValidator(_term)]
Share = Annotated[float, Field(gt=0, le=1)]


def term_minutes(term: str, day_minutes: int) -> int:
    """Business minutes of a term; a business day has as many as the calendar's longest working day."""
    number, unit = _TERM.fullmatch(term).groups()
    return int(number) * {"bm": 1, "bh": 60, "bd": day_minutes}[unit]


class AppliesTo(Strict):
    """Which journeys the agreement is about."""

    stage: Literal["MQL"]
    tier: (
        Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")]], AfterValidator(each_once), Field(min_length=1)]
        | None
    ) = None


class Clock(Strict):
    """How time is counted."""

    calendar: Slug
    start: Literal["mql_at", "assigned_at"]
    pause_on: Annotated[list[Literal["awaiting_data_fix"]], AfterValidator(each_once)] = Field([])
    reset_on_reassign: Literal[False] = False


class Obligation(Strict):
    """What the provider owes within a term, for which share of what is due."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    event: Events
    within: Term
    target: Share
    paired_with: Literal["effective_followup"] | None = None
    paired_min: Share | None = None
    requires: Literal["reason_code"] | None = None

    @model_validator(mode="after")
    def _check_pairs(self) -> "Obligation":
        misfits = []
        if (self.paired_with is None) != (self.paired_min is None):
            missing = "paired_min" if self.paired_min is None else "paired_with"
            misfits.append(Misfit((), f"{missing} is missing", "write paired_with and paired_min together"))
        if "human_outbound" in self.event and self.paired_with is None:
            misfits.append(
                Misfit(
                    ("event",),
                    "speed alone: a first touch without its twin of quality",
                    "add paired_with: effective_followup and paired_min, such as 0.75",
                )
            )
        if self.requires and "REJECTED" not in self.event:
            misfits.append(Misfit(("requires",), "only a rejection has a reason code", "take it out, or add REJECTED"))
        if misfits:
            raise MisfitsError(misfits)
        return self


class Handoff(Strict):
    """Which fields must be filled when marketing hands over."""

    required_fields: Annotated[list[Literal[FIELDS]], AfterValidator(each_once), Field(min_length=1)]
    target: Share


class Capacity(Strict):
    """How many handed-over journeys a rep can work in a week: (hours - meetings) / (touch + share dug x dig)."""

    rep_hours_per_week: Annotated[float, Field(gt=0, le=_WEEK_HOURS)]
    meeting_hours_per_week: Annotated[float, Field(ge=0)]
    touch_hours: Annotated[float, Field(gt=0)]
    dig_hours: Annotated[float, Field(ge=0)]
    dig_share: Annotated[float, Field(ge=0, le=1)]
    min_per_rep_week: Annotated[float, Field(ge=0)] = 0

    @property
    def most_per_rep_week(self) -> float:
        """What a rep can take in a week."""
        return (self.rep_hours_per_week - self.meeting_hours_per_week) / (self.touch_hours + self.dig_share * self.dig_hours)

    @model_validator(mode="after")
    def _check_room(self) -> "Capacity":
        if self.meeting_hours_per_week >= self.rep_hours_per_week:
            raise MisfitsError([Misfit(("meeting_hours_per_week",), "meetings leave no hour for leads", "write fewer")])
        if self.min_per_rep_week > self.most_per_rep_week:
            raise MisfitsError(
                [
                    Misfit(
                        ("min_per_rep_week",),
                        f"more than a rep can take ({self.most_per_rep_week:.1f})",
                        "promise fewer leads, or mend the hours",
                    )
                ]
            )
        return self


class Commitment(Strict):
    """A metric that the provider keeps within bounds."""

    metric: MetricName
    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _check_bounds(self) -> "Commitment":
        if self.min is None and self.max is None:
            raise MisfitsError([Misfit(("metric",), "no bound", "add min, max or both")])
        if self.min is not None and self.max is not None and self.min > self.max:
            raise MisfitsError([Misfit(("min",), f"min {self.min} is above max {self.max}", "exchange them")])
        return self


class Sla(Strict):
    """One direction of an agreement."""

    provider: Literal["sales", "marketing"]
    applies_to: AppliesTo
    clock: Clock
    obligations: list[Obligation] = Field([])
    handoff: Handoff | None = None
    capacity: Capacity | None = None
    commitments: list[Commitment] = Field([])
    exclusions: Annotated[list[Literal["handoff_incomplete", "over_capacity"]], AfterValidator(each_once)] = Field([])
    measure: Literal["due_only"] = "due_only"
    routing_within: Term | None = Field(None, description="From MQL to the CRM's queue: the system's part, nobody's fault.")

    @model_validator(mode="after")
    def _check_whole(self) -> "Sla":
        misfits = []
        if self.provider == "sales" and not self.obligations:
            misfits.append(Misfit(("obligations",), "sales owes nothing", "add an obligation"))
        if self.provider == "marketing" and not (self.handoff or self.capacity or self.commitments):
            misfits.append(Misfit(("provider",), "marketing owes nothing", "add handoff, capacity or commitments"))
        if self.provider == "marketing" and self.obligations:
            misfits.append(Misfit(("obligations",), "events by reps are owed by sales", "put them into a document of sales'"))
        if self.provider == "sales" and (self.handoff or self.capacity):
            misfits.append(Misfit(("provider",), "hand-off and capacity are owed by marketing", "put them into its document"))
        ids = [item.id for item in self.obligations]
        misfits += [
            Misfit(("obligations", number, "id"), f"'{name}' stands twice", "give each obligation an id of its own")
            for number, name in enumerate(ids)
            if name in ids[:number]
        ]
        if misfits:
            raise MisfitsError(misfits)
        return self


class SlaDocument(Document[Sla]):
    """One file of seeds/sla/."""

    kind: Literal["SLA"]


REMEDIES = {
    "name": "write lower-case letters, digits and hyphens, 63 at most",
    "within": "write whole business minutes, hours or days, such as 30bm, 4bh or 2bd",
    "routing_within": "write whole business minutes, hours or days, such as 30bm",
    "event": "write human_outbound, two_way_contact, SAL, REJECTED, or a list of them",
    "target": "write a share above 0 and up to 1, such as 0.9",
    "paired_min": "write a share above 0 and up to 1, such as 0.75",
    "reset_on_reassign": "write false: a new owner inherits the clock",
    "tier": "write a list of tiers, such as [A, demo_request]",
    "required_fields": f"write a list of {', '.join(FIELDS)}",
    "metric": "write the name of a metric of the semantic layer, such as sal_rate",
    "obligations": "write a list of {id, event, within, target}",
    "min": "write a number, such as 0.55",
    "max": "write a number, such as 0.06",
    "version": "write a whole number from 1 on",
    "capacity": "write numbers of hours and shares, such as rep_hours_per_week: 35",
    "calendar": "write the name of a calendar in seeds/calendars",
    "clock": "write calendar and start below it",
    "applies_to": "write {stage: MQL}",
    "id": "write lower-case letters, digits and underscores, such as first_touch",
    "metadata": "write the name below it",
    "spec": "write provider, applies_to, clock and what is owed below it",
}


def read_slas(folder: Path) -> Reading[Sla]:
    """Every agreement of a folder, and what is wrong there."""
    return read_folder(folder, SlaDocument, REMEDIES)


def sla_faults(slas: Sequence[Registered[Sla]], metrics: Metrics, calendars: Collection[str]) -> Iterator[Fault]:
    """What needs more than one file: metrics, calendars, the other direction, two agreements on one journey."""
    taken: dict[tuple[str, str], Registered[Sla]] = {}
    providers = {item.spec.provider for item in slas}
    for sla in slas:
        spec = sla.spec
        if spec.clock.calendar not in calendars:
            known = ", ".join(sorted(calendars)) or "(none is there: add one)"
            problem = f"no calendar is called '{spec.clock.calendar}'"
            yield sla.fault(("spec", "clock", "calendar"), problem, f"write one of {known}")
        for number, commitment in enumerate(spec.commitments):
            place = ("spec", "commitments", number, "metric")
            if commitment.metric not in metrics:
                yield sla.fault(place, *unknown_metric(commitment.metric, metrics))
            elif metrics.parts(commitment.metric) is None:
                yield sla.fault(place, f"'{commitment.metric}' is not counted day by day", "choose a simple or ratio metric")
            elif commitment.metric in [other.metric for other in spec.commitments[:number]]:
                yield sla.fault(place, f"'{commitment.metric}' stands twice", "keep one of the two")
            elif metrics[commitment.metric].unit == "rate":
                for key, bound in (("min", commitment.min), ("max", commitment.max)):
                    if bound is not None and not 0 <= bound <= 1:
                        yield sla.fault((*place[:-1], key), f"{bound} is no share", "write a rate between 0 and 1")
        if spec.exclusions and "marketing" not in providers:
            problem = "exclusions stand on what marketing owes, and no document says that"
            yield sla.fault(("spec", "exclusions"), problem, "add a document with provider: marketing, or take them out")
        for tier in spec.applies_to.tier or ["*"]:
            other = taken.setdefault((spec.provider, tier), sla)
            if other is not sla:
                problem = f"{other.path.name} is already about {spec.provider} and tier {tier}"
                yield sla.fault(("spec", "applies_to"), problem, "narrow one of the two by tier")
