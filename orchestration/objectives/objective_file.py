"""What a file of seeds/objectives/ may say: an objective, its owners, target, period, pacing, guardrails and amendments.

Rules that need one file alone; those that need metrics, calendars or other files are in `rules.py`.
"""

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from orchestration.landing.profile_faults import Misfit, MisfitsError
from orchestration.objectives.periods import EXAMPLES, Period, period_of
from orchestration.registry.documents import Document, Reading, Slug, Strict, each_once, read_folder

DIMENSIONS = ("channel", "source_system")  # by which an objective may be narrowed
SHARE_TOLERANCE = 1e-9
PROVENANCES = ("agreed", "inherited", "placeholder")


def _number(value: object) -> object:
    # Text that looks like a number, yes and no are slips; a float's shortest text is the number that was written.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is no number")
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _day(value: object) -> object:
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise ValueError("is no calendar day")
    return value


def _text(value: object) -> object:
    # 2026-07 and 2026Q3 are texts, but YAML reads 2026 as a number.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[Decimal, BeforeValidator(_number), Field(max_digits=18, allow_inf_nan=False)]
Day = Annotated[dt.date, BeforeValidator(_day)]
Role = Annotated[str, Field(pattern=r"^role:[a-z][a-z0-9_-]*$")]
Team = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*( [a-z0-9_]+)*$", max_length=40)]
MetricName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class PeriodSpec(Strict):
    """Which days the objective is for."""

    type: Literal["month", "quarter", "half", "year", "fiscal_quarter", "fiscal_half", "fiscal_year"]
    id: Annotated[str, BeforeValidator(_text)]

    @model_validator(mode="after")
    def _check_name(self) -> "PeriodSpec":
        try:
            self.days()
        except ValueError as error:
            example = EXAMPLES[self.type.removeprefix("fiscal_")]
            raise MisfitsError([Misfit(("id",), str(error), f"write it as {example}")]) from error
        return self

    def days(self, fiscal_start_month: int = 1) -> Period:
        """The days it stands for."""
        return period_of(self.type, self.id, fiscal_start_month)


class Target(Strict):
    """What is to be reached, from where, and where the number comes from."""

    value: Number
    unit: Annotated[str, Field(pattern="^([A-Z]{3}|count|rate|days|minutes)$")]
    direction: Literal["up", "down"]
    baseline: Number
    floor: Number | None = None
    stretch: Number | None = None
    provenance: Literal[PROVENANCES] = "placeholder"
    agreed_on: Day | None = None

    @model_validator(mode="after")
    def _check_order(self) -> "Target":
        misfits = []
        up = self.direction == "up"
        if self.value == self.baseline:
            misfits.append(Misfit(("value",), "the target is the baseline", "set a target that changes something"))
        elif (self.value > self.baseline) != up:
            word = "below" if up else "above"
            misfits.append(
                Misfit(
                    ("value",),
                    f"direction is {self.direction}, the target lies {word} the baseline",
                    "mend the direction, the target or the baseline",
                )
            )
        for key, bound, must_be_less in (("floor", self.floor, up), ("stretch", self.stretch, not up)):
            if bound is not None and (bound >= self.value if must_be_less else bound <= self.value):
                place = "below" if must_be_less else "above"
                misfits.append(
                    Misfit(
                        (key,),
                        f"{key} {bound} is not {place} the target {self.value}",
                        f"write a {key} {place} it, or take it out",
                    )
                )
        bounds = (("value", self.value), ("baseline", self.baseline), ("floor", self.floor), ("stretch", self.stretch))
        if self.unit != "rate":
            misfits += [
                Misfit((key,), f"{value} is below nothing", "write a number from 0 on")
                for key, value in bounds
                if value is not None and value < 0
            ]
        if self.unit == "rate":
            misfits += [
                Misfit((key,), f"{value} is no share", "write a rate between 0 and 1")
                for key, value in bounds
                if value is not None and not 0 <= value <= 1
            ]
        elif len(self.unit) == 3 and self.unit.isupper() and self.value != round(self.value, 2):
            misfits.append(Misfit(("value",), f"{self.value} has parts of a cent", "write two decimals at most"))
        if self.provenance == "agreed" and self.agreed_on is None:
            misfits.append(
                Misfit(
                    ("agreed_on",),
                    "an agreed target has no day on which it was agreed",
                    "add agreed_on, or write provenance: placeholder",
                )
            )
        if misfits:
            raise MisfitsError(misfits)
        return self


class Owner(Strict):
    """A team that answers for a share of the objective."""

    team: Team
    share: Annotated[float, Field(gt=0, le=1)]
    accountable: Role


class Tree(Strict):
    """Of which metrics the objective's is the product or the sum."""

    op: Literal["product", "sum"]
    children: Annotated[list[MetricName], AfterValidator(each_once), Field(min_length=2, max_length=8)]


class Curve(Strict):
    """From how much of which metric's history a seasonal curve is learnt."""

    ref: Annotated[str, Field(pattern=r"^pacing/[a-z][a-z0-9_]*_[1-9]y$")]

    @property
    def metric(self) -> str:
        """The metric whose history it is."""
        return self.ref.removeprefix("pacing/").rsplit("_", 1)[0]


class Pacing(Strict):
    """How the target is spread over the days of its period."""

    type: Literal["linear", "business_days", "seasonal", "cohort_lagged"]
    calendar: Slug = "fr-paris-9-18"
    curve: Curve | None = None
    tolerance: Annotated[float, Field(ge=0, le=0.5)] = 0.05


class Guardrail(Strict):
    """What must not suffer while the objective is pursued."""

    metric: MetricName
    min: Number | None = None
    max: Number | None = None

    @model_validator(mode="after")
    def _check_bounds(self) -> "Guardrail":
        if self.min is None and self.max is None:
            raise MisfitsError([Misfit(("metric",), "no bound", "add min, max or both")])
        if self.min is not None and self.max is not None and self.min > self.max:
            raise MisfitsError([Misfit(("min",), f"min {self.min} is above max {self.max}", "exchange them")])
        return self


class Review(Strict):
    """Who looks at it, how often, and after how many bad looks it goes up."""

    cadence: Literal["weekly", "fortnightly", "monthly"]
    forum: Annotated[str, Field(min_length=1)]
    escalation_after: Annotated[int, Field(ge=1, le=12, strict=True)] = 2


class Amendment(Strict):
    """A change of the target after it was agreed; the first makes version 2."""

    version: Annotated[int, Field(ge=2, strict=True)]
    amended_at: Day
    reason: Annotated[str, Field(min_length=10)]
    approver: Role
    target_before: Number
    target_after: Number


class Objective(Strict):
    """An objective that teams share."""

    metric: MetricName
    filter: dict[Literal[DIMENSIONS], Annotated[list[str], AfterValidator(each_once), Field(min_length=1)]] = Field({})
    period: PeriodSpec
    target: Target
    shared: bool = True
    status: Literal["draft", "active", "completed", "cancelled"] = "active"
    owners: Annotated[list[Owner], Field(min_length=1, max_length=10)]
    tree: Tree | None = None
    pacing: Pacing
    guardrails: list[Guardrail] = Field(min_length=1)
    review: Review | None = None
    amendments: list[Amendment] = Field([])

    @model_validator(mode="after")
    def _check_owners_and_guardrails(self) -> "Objective":
        misfits = []
        total = sum(owner.share for owner in self.owners)
        if abs(total - 1) > SHARE_TOLERANCE:
            misfits.append(Misfit(("owners",), f"the shares add up to {total:.10g}", "make them add up to 1"))
        teams = [owner.team for owner in self.owners]
        if len(set(teams)) < len(teams):
            misfits.append(Misfit(("owners",), "a team stands twice", "give each team one line"))
        if self.shared and len(set(teams)) < 2:
            misfits.append(Misfit(("owners",), "a shared objective has one team", "add the other team, or write shared: false"))
        for number, guardrail in enumerate(self.guardrails):
            if guardrail.metric in [other.metric for other in self.guardrails[:number]]:
                misfits.append(Misfit(("guardrails", number), f"'{guardrail.metric}' stands twice", "keep one of the two"))
        misfits += self._amendment_misfits()
        if misfits:
            raise MisfitsError(misfits)
        return self

    def _amendment_misfits(self) -> list[Misfit]:
        """Versions without a gap, days in order, and each target the one before: else a change went unrecorded."""
        misfits = []
        for number, (earlier, later) in enumerate(pairwise(self.amendments), start=1):
            if later.amended_at < earlier.amended_at:
                misfits.append(
                    Misfit(("amendments", number, "amended_at"), "is before the amendment above", "order them by day")
                )
            if later.target_before != earlier.target_after:
                misfits.append(
                    Misfit(
                        ("amendments", number, "target_before"),
                        f"the amendment above left {earlier.target_after}",
                        "write that, or add the one between",
                    )
                )
        for number, amendment in enumerate(self.amendments):
            if amendment.target_after == amendment.target_before:
                misfits.append(
                    Misfit(
                        ("amendments", number, "target_after"),
                        "the amendment changes nothing",
                        "write the new target, or take it out",
                    )
                )
            if amendment.version != number + 2:
                misfits.append(
                    Misfit(
                        ("amendments", number, "version"),
                        f"version {amendment.version} is not {number + 2}",
                        "count versions without a gap",
                    )
                )
        if self.amendments and self.amendments[-1].target_after != self.target.value:
            misfits.append(
                Misfit(
                    ("target", "value"),
                    f"the last amendment says {self.amendments[-1].target_after}, the target {self.target.value}",
                    "add an amendment with day, reason and approver, or restore the target",
                )
            )
        return misfits


class ObjectiveDocument(Document[Objective]):
    """One file of seeds/objectives/."""

    kind: Literal["Objective"]

    @model_validator(mode="after")
    def _check_version_and_labels(self) -> "ObjectiveDocument":
        misfits = [
            Misfit(("metadata", key), "the label is missing", f"add {key}: what people call it")
            for key in ("label_en", "label_fr")
            if not getattr(self.metadata, key).strip()
        ]
        if self.metadata.version != len(self.spec.amendments) + 1:
            misfits.append(
                Misfit(
                    ("metadata", "version"),
                    f"version {self.metadata.version} with {len(self.spec.amendments)} amendments",
                    "each version after the first needs an amendment with amended_at, reason and approver",
                )
            )
        if misfits:
            raise MisfitsError(misfits)
        return self


REMEDIES = {
    "name": "write lower-case letters, digits and hyphens, 63 at most",
    "metric": "write the name of a metric of the semantic layer, such as sqo_amount",
    "value": "write a number without thousands separators or quotes, such as 2400000",
    "baseline": "write a number, such as 2010000",
    "floor": "write a number, such as 1900000",
    "stretch": "write a number, such as 2900000",
    "min": "write a number, such as 0.55",
    "max": "write a number, such as 0.06",
    "unit": "write the ISO currency, or count, rate, days, minutes",
    "share": "write a share above 0 and up to 1, such as 0.5",
    "team": "write the team in lower case, such as marketing",
    "accountable": "write role: and the role, such as role:cmo",
    "approver": "write role: and the role, such as role:coo",
    "reason": "say in a sentence why",
    "agreed_on": "write year-month-day without quotes, such as 2026-06-20",
    "amended_at": "write year-month-day without quotes, such as 2026-08-10",
    "filter": f"write dimension: [values]; dimensions are {', '.join(DIMENSIONS)}",
    "owners": "write a list of {team, share, accountable}",
    "guardrails": "write a list with at least one {metric, min or max}",
    "amendments": "write a list of {version, amended_at, reason, approver, target_before, target_after}",
    "children": "write two to eight metrics",
    "ref": "write pacing/<metric>_<years>y, such as pacing/sqo_amount_3y",
    "tolerance": "write a share from 0 to 0.5, such as 0.05",
    "id": "write it as 2026Q3, 2026-07, 2026H2 or 2026",
    "version": "write a whole number from 1 on",
    "escalation_after": "write a whole number from 1 to 12",
    "target": "write value, unit, direction and baseline below it",
    "period": "write type and id below it, such as {type: quarter, id: 2026Q3}",
    "pacing": "write {type: business_days}, or linear, seasonal, cohort_lagged",
    "calendar": "write the name of a calendar in seeds/calendars",
    "metadata": "write name, label_en and label_fr below it",
    "spec": "write metric, period, target, owners, pacing and guardrails below it",
}


def read_objectives(folder: Path) -> Reading[Objective]:
    """Every objective of a folder, and what is wrong there."""
    return read_folder(folder, ObjectiveDocument, REMEDIES)
