"""The registry as small tables for the warehouse, as it was known at `as_of`; the raw catalog writes them.

Only rows: what follows from them is computed in dbt.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.calendars.business_time import BusinessTime
from orchestration.feedback.feedback_file import Feedback, cells
from orchestration.objectives.objective_file import Objective
from orchestration.registry.documents import Registered
from orchestration.registry.metrics import Metric
from orchestration.registry.registry import Registry
from orchestration.sla.sla_file import Sla, term_minutes

FIRST_DAY = dt.date(2015, 1, 1)
_DAYS_AHEAD = 800  # longer than the longest term and any period that has begun
_TARGET = "decimal(18, 4)"

REGISTRY_TABLES = {
    "business_time_piece": "Time cut where work begins or ends and at UTC midnights, per calendar of seeds/calendars.",
    "calendar_day": "One row per calendar and local day: worked or not, and why not.",
    "objective": "One row per objective of seeds/objectives, with the target known at as_of.",
    "objective_filter": "One row per value to which an objective is narrowed.",
    "objective_guardrail": "One row per guardrail of an objective.",
    "objective_tree": "One row per part of which an objective's metric is made.",
    "objective_amendment": "One row per change of a target by as_of.",
    "sla": "One row per document of seeds/sla.",
    "sla_tier": "One row per tier that a service level is about; * for all.",
    "sla_obligation": "One row per event that sales owes.",
    "sla_handoff_field": "One row per field that marketing owes at the hand-off.",
    "sla_commitment": "One row per metric that a provider keeps within bounds.",
    "feedback": "One row per round of seeds/feedback, as far as it had come by as_of.",
    "feedback_cell": "One row per reason and channel (* for all) that a round of feedback is about.",
    "metric_definition": "One row per metric of the semantic layer.",
}


@dataclass(frozen=True)
class Table:
    """A relation of the raw schema: column → DuckDB type, and its rows."""

    name: str
    columns: Mapping[str, str]
    rows: list[tuple[Any, ...]]


def registry_tables(registry: Registry, as_of: dt.date, fiscal_start_month: int) -> Iterator[Table]:
    """Every table of the registry."""
    yield from _calendar_tables(registry, as_of)
    yield from _objective_tables(registry, as_of, fiscal_start_month)
    yield from _sla_tables(registry)
    yield from _feedback_tables(registry, as_of)
    yield Table(
        "metric_definition",
        {"metric": "varchar", "metric_type": "varchar", "label_en": "varchar", "label_fr": "varchar", "unit": "varchar",
         "direction": "varchar", "owner_team": "varchar", "formula": "varchar", "mart_name": "varchar",
         "dimensions": "varchar", "maturity_days": "integer", "is_estimated": "boolean", "caveats": "varchar"},
        [_metric_row(metric) for metric in registry.metrics.values()],
    )  # fmt: skip


def _metric_row(metric: Metric) -> tuple[Any, ...]:
    return (
        metric.name, metric.type, metric.label_en, metric.label_fr, metric.unit, metric.direction, metric.owner_team,
        metric.formula, metric.mart, ", ".join(sorted(metric.dimensions)), metric.maturity_days, metric.is_estimated,
        "; ".join(metric.gaming_risks) or None,
    )  # fmt: skip


def _calendar_tables(registry: Registry, as_of: dt.date) -> Iterator[Table]:
    last = as_of + dt.timedelta(days=_DAYS_AHEAD)
    laid_out = {name: BusinessTime(calendar, FIRST_DAY, last) for name, calendar in registry.calendars.items()}
    yield Table(
        "business_time_piece",
        {"calendar": "varchar", "utc_day": "date", "starts_at": "timestamp", "ends_at": "timestamp",
         "worked_before": "bigint", "is_open": "boolean"},
        [(name, *piece) for name, time in laid_out.items() for piece in time.pieces()],
    )  # fmt: skip
    yield Table(
        "calendar_day",
        {"calendar": "varchar", "day": "date", "is_business_day": "boolean", "closed_because": "varchar"},
        [(name, day.day, bool(day.spans), day.closed_because) for name, time in laid_out.items() for day in time.days],
    )


def target_at(objective: Objective, as_of: dt.date) -> tuple[int, Decimal, dt.date | None, str | None]:
    """Version, target, day and reason of the last amendment by `as_of`; the target first agreed where there is none yet."""
    known = [amendment for amendment in objective.amendments if amendment.amended_at <= as_of]
    if known:
        return known[-1].version, known[-1].target_after, known[-1].amended_at, known[-1].reason
    first = objective.amendments[0].target_before if objective.amendments else objective.target.value
    return 1, first, None, None


def _objective_tables(registry: Registry, as_of: dt.date, fiscal_start_month: int) -> Iterator[Table]:
    objectives, metrics = registry.objectives, registry.metrics
    yield Table(
        "objective",
        {"objective_id": "varchar", "version_no": "integer", "label_en": "varchar", "label_fr": "varchar",
         "metric": "varchar", "numerator": "varchar", "denominator": "varchar", "unit": "varchar", "currency": "varchar",
         "direction": "varchar", "target": _TARGET, "baseline": _TARGET, "floor_value": _TARGET, "stretch": _TARGET,
         "target_provenance": "varchar", "agreed_on": "date", "amended_at": "date", "amendment_reason": "varchar",
         "period_first": "date", "period_last": "date", "period_months": "integer", "pacing": "varchar",
         "calendar": "varchar", "history_years": "integer", "tolerance": "double", "status": "varchar",
         "owner_teams": "varchar", "is_shared": "boolean", "narrowed_to": "varchar"},
        [_objective_row(item, registry, as_of, fiscal_start_month) for item in objectives],
    )  # fmt: skip
    yield Table(
        "objective_filter",
        {"objective_id": "varchar", "dimension": "varchar", "value": "varchar"},
        [
            (item.name, dimension, value)
            for item in objectives
            for dimension, values in sorted(item.spec.filter.items())
            for value in sorted(set(values))
        ],
    )
    yield Table(
        "objective_guardrail",
        {"objective_id": "varchar", "metric": "varchar", "numerator": "varchar", "denominator": "varchar",
         "min_value": _TARGET, "max_value": _TARGET, "maturity_days": "integer"},
        [
            (item.name, guard.metric, *metrics.parts(guard.metric), guard.min, guard.max, metrics[guard.metric].maturity_days)
            for item in objectives
            for guard in item.spec.guardrails
        ],
    )  # fmt: skip
    yield Table(
        "objective_tree",
        {"objective_id": "varchar", "op": "varchar", "child": "varchar", "numerator": "varchar", "denominator": "varchar"},
        [
            (item.name, item.spec.tree.op, child, *(metrics.parts(child) or (child, None)))
            for item in objectives
            if item.spec.tree
            for child in item.spec.tree.children
        ],
    )
    yield Table(
        "objective_amendment",
        {"objective_id": "varchar", "version_no": "integer", "amended_at": "date", "reason": "varchar",
         "approver": "varchar", "target_before": _TARGET, "target_after": _TARGET},
        [
            (item.name, step.version, step.amended_at, step.reason, step.approver, step.target_before, step.target_after)
            for item in objectives
            for step in item.spec.amendments
            if step.amended_at <= as_of
        ],
    )  # fmt: skip


def _objective_row(item: Registered[Objective], registry: Registry, as_of: dt.date, fiscal_start_month: int) -> tuple[Any, ...]:
    spec, target = item.spec, item.spec.target
    period = spec.period.days(fiscal_start_month)
    version, value, amended_at, reason = target_at(spec, as_of)
    is_money = target.unit.isupper()
    metadata = item.document.metadata
    narrowed = "".join(f"[{name}={','.join(sorted(set(values)))}]" for name, values in sorted(spec.filter.items()))
    years = int(spec.pacing.curve.ref.rsplit("_", 1)[1][:-1]) if spec.pacing.curve else 3
    return (
        item.name, version, metadata.label_en, metadata.label_fr, spec.metric, *registry.metrics.parts(spec.metric),
        "money" if is_money else target.unit, target.unit if is_money else None, target.direction, value, target.baseline,
        target.floor, target.stretch, target.provenance, target.agreed_on, amended_at, reason, period.first, period.last,
        period.months, spec.pacing.type, spec.pacing.calendar, years, spec.pacing.tolerance, spec.status,
        ", ".join(sorted(owner.team for owner in spec.owners)), spec.shared, narrowed,
    )  # fmt: skip


def _sla_tables(registry: Registry) -> Iterator[Table]:
    yield Table(
        "sla",
        {"sla_name": "varchar", "version_no": "integer", "provider": "varchar", "calendar": "varchar",
         "clock_start": "varchar", "pauses_on_data_fix": "boolean", "routing_minutes": "integer",
         "excuses_incomplete": "boolean", "excuses_over_capacity": "boolean", "handoff_target": "double",
         "most_per_rep_week": "double", "least_per_rep_week": "double"},
        [_sla_row(item, registry) for item in registry.slas],
    )  # fmt: skip
    yield Table(
        "sla_tier",
        {"sla_name": "varchar", "tier": "varchar"},
        [(item.name, tier) for item in registry.slas for tier in item.spec.applies_to.tier or ["*"]],
    )
    yield Table(
        "sla_obligation",
        {"sla_name": "varchar", "obligation_id": "varchar", "event": "varchar", "within_minutes": "integer",
         "target": "double", "paired_min": "double", "requires_reason": "boolean"},
        [
            (item.name, duty.id, event, term_minutes(duty.within, _day_minutes(item.spec, registry)), duty.target,
             duty.paired_min, duty.requires is not None)
            for item in registry.slas
            for duty in item.spec.obligations
            for event in duty.event
        ],
    )  # fmt: skip
    yield Table(
        "sla_handoff_field",
        {"sla_name": "varchar", "field_name": "varchar"},
        [
            (item.name, name)
            for item in registry.slas
            if item.spec.handoff
            for name in sorted(set(item.spec.handoff.required_fields))
        ],
    )
    yield Table(
        "sla_commitment",
        {"sla_name": "varchar", "metric": "varchar", "numerator": "varchar", "denominator": "varchar",
         "min_value": _TARGET, "max_value": _TARGET},
        [
            (item.name, promise.metric, *registry.metrics.parts(promise.metric), promise.min, promise.max)
            for item in registry.slas
            for promise in item.spec.commitments
        ],
    )  # fmt: skip


def _feedback_tables(registry: Registry, as_of: dt.date) -> Iterator[Table]:
    yield Table(
        "feedback",
        {"feedback_id": "varchar", "label_en": "varchar", "label_fr": "varchar", "reasons": "varchar", "channels": "varchar",
         "first_day": "date", "last_day": "date", "acknowledged_on": "date", "changed_on": "date", "change_kind": "varchar",
         "change_text": "varchar", "declined_on": "date", "declined_reason": "varchar"},
        [_feedback_row(item, as_of) for item in registry.feedback],
    )  # fmt: skip
    yield Table(
        "feedback_cell",
        {"feedback_id": "varchar", "reason_code": "varchar", "channel": "varchar", "first_day": "date", "last_day": "date"},
        [(item.name, *cell) for item in registry.feedback for cell in cells(item.spec.about)],
    )


def _feedback_row(item: Registered[Feedback], as_of: dt.date) -> tuple[Any, ...]:
    about, metadata = item.spec.about, item.document.metadata
    read, change, declined = (
        step if step and step.day <= as_of else None for step in (item.spec.acknowledged, item.spec.change, item.spec.declined)
    )
    return (
        item.name, metadata.label_en or item.name, metadata.label_fr or item.name, ", ".join(sorted(about.reasons)),
        ", ".join(sorted(about.channels)) if about.channels else None, about.first, about.last, read.day if read else None,
        change.day if change else None, change.kind if change else None, change.what if change else None,
        declined.day if declined else None, declined.reason if declined else None,
    )  # fmt: skip


def _day_minutes(sla: Sla, registry: Registry) -> int:
    return BusinessTime(registry.calendars[sla.clock.calendar], FIRST_DAY, FIRST_DAY).day_minutes


def _sla_row(item: Registered[Sla], registry: Registry) -> tuple[Any, ...]:
    spec = item.spec
    capacity = spec.capacity
    return (
        item.name, item.document.metadata.version, spec.provider, spec.clock.calendar, spec.clock.start,
        "awaiting_data_fix" in spec.clock.pause_on,
        term_minutes(spec.routing_within, _day_minutes(spec, registry)) if spec.routing_within else None,
        "handoff_incomplete" in spec.exclusions, "over_capacity" in spec.exclusions,
        spec.handoff.target if spec.handoff else None,
        capacity.most_per_rep_week if capacity else None, capacity.min_per_rep_week if capacity else None,
    )  # fmt: skip
