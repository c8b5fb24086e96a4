"""Rules on objectives that need more than their own file: metrics, calendars, and the other objectives."""

import difflib
from collections.abc import Collection, Iterator, Sequence

from orchestration.landing.profile_faults import Fault
from orchestration.objectives.objective_file import Objective
from orchestration.registry.documents import Registered
from orchestration.registry.metrics import Metrics


def objective_faults(
    objectives: Sequence[Registered[Objective]],
    metrics: Metrics,
    calendars: Collection[str],
    channels: Collection[str],
    fiscal_start_month: int,
) -> list[Fault]:
    """Everything that is wrong with objectives that can be read."""
    faults: list[Fault] = []
    for objective in objectives:
        faults += _metric_faults(objective, metrics)
        faults += _channel_faults(objective, channels)
        faults += _guardrail_faults(objective, metrics)
        faults += _pacing_faults(objective, metrics, calendars, fiscal_start_month)
        faults += _agreement_faults(objective, fiscal_start_month)
    faults += _overlaps(objectives, fiscal_start_month)
    return faults


def unknown_metric(name: str, metrics: Metrics) -> tuple[str, str]:
    """Problem and remedy for a metric that the semantic layer does not define."""
    nearest = difflib.get_close_matches(name, metrics, n=1, cutoff=0.6)
    remedy = f"write `{nearest[0]}`" if nearest else "define it beside its mart first (CONTRIBUTING, Add a metric)"
    return f"'{name}' is no metric of the semantic layer", remedy


def _metric_faults(objective: Registered[Objective], metrics: Metrics) -> Iterator[Fault]:
    spec = objective.spec
    if spec.metric not in metrics:
        yield objective.fault(("spec", "metric"), *unknown_metric(spec.metric, metrics))
        return
    metric = metrics[spec.metric]
    if metrics.parts(spec.metric) is None or metric.is_estimated:
        yield objective.fault(
            ("spec", "metric"),
            f"'{spec.metric}' is not counted day by day ({metric.type})",
            "choose a simple or ratio metric whose measures are sums",
        )
        return
    unit = "money" if spec.target.unit.isupper() else spec.target.unit
    if unit != metric.unit:
        wanted = "a currency, such as EUR" if metric.unit == "money" else metric.unit
        yield objective.fault(
            ("spec", "target", "unit"), f"'{spec.metric}' is in {metric.unit}, the target in {unit}", f"write {wanted}"
        )
    if metric.direction not in ("band", spec.target.direction):
        yield objective.fault(
            ("spec", "target", "direction"),
            f"'{spec.metric}' is better {metric.direction}",
            f"write direction: {metric.direction}",
        )
    for dimension in spec.filter:
        if dimension not in metric.dimensions:
            yield objective.fault(
                ("spec", "filter", dimension),
                f"'{spec.metric}' is not known by {dimension}",
                f"use {', '.join(sorted(metric.dimensions)) or 'no filter'}",
            )
    if spec.target.unit == "count" and spec.target.value != spec.target.value.to_integral_value():
        yield objective.fault(("spec", "target", "value"), f"{spec.target.value} is no count", "write a whole number")
    for number, child in enumerate(spec.tree.children if spec.tree else ()):
        if child not in metrics:
            yield objective.fault(("spec", "tree", "children", number), *unknown_metric(child, metrics))
        elif child == spec.metric:
            yield objective.fault(("spec", "tree", "children", number), "a metric can't be a part of itself", "take it out")


def _channel_faults(objective: Registered[Objective], channels: Collection[str]) -> Iterator[Fault]:
    for number, channel in enumerate(objective.spec.filter.get("channel", [])):
        if channel not in channels:
            yield objective.fault(
                ("spec", "filter", "channel", number),
                f"no channel is called '{channel}'",
                f"write one of {', '.join(sorted(channels))}",
            )


def _guardrail_faults(objective: Registered[Objective], metrics: Metrics) -> Iterator[Fault]:
    spec = objective.spec
    if spec.metric not in metrics:
        return
    related = metrics.family(spec.metric) | set(spec.tree.children if spec.tree else ())
    qualities = 0
    for number, guardrail in enumerate(spec.guardrails):
        place = ("spec", "guardrails", number, "metric")
        if guardrail.metric not in metrics:
            yield objective.fault(place, *unknown_metric(guardrail.metric, metrics))
            continue
        metric = metrics[guardrail.metric]
        if metrics.parts(guardrail.metric) is None:
            yield objective.fault(
                place,
                f"'{guardrail.metric}' is not counted day by day ({metric.type})",
                "choose a simple or ratio metric whose measures are sums",
            )
        if guardrail.metric in related:
            yield objective.fault(
                place,
                f"'{guardrail.metric}' is made of the objective's metric, or the other way round",
                "guard with something that the objective does not move by itself",
            )
        for key, bound in (("min", guardrail.min), ("max", guardrail.max)):
            if bound is not None and metric.unit == "rate" and not 0 <= bound <= 1:
                yield objective.fault((*place[:-1], key), f"{bound} is no share", "write a rate between 0 and 1")
        qualities += metric.unit == "rate"
    if metrics[spec.metric].is_volume and not qualities and all(item.metric in metrics for item in spec.guardrails):
        risks = "; ".join(metrics[spec.metric].gaming_risks) or "volume without quality"
        yield objective.fault(
            ("spec", "guardrails"),
            f"a volume without a guardrail of quality ({risks})",
            "add a guardrail on a rate, such as sal_rate or early_churn_180",
        )


def _pacing_faults(
    objective: Registered[Objective], metrics: Metrics, calendars: Collection[str], fiscal_start_month: int
) -> Iterator[Fault]:
    spec = objective.spec
    if spec.pacing.calendar not in calendars:
        yield objective.fault(
            ("spec", "pacing", "calendar"),
            f"no calendar is called '{spec.pacing.calendar}'",
            f"write one of {', '.join(sorted(calendars)) or '(none is there: add one)'}",
        )
    if spec.pacing.curve and spec.pacing.type != "seasonal":
        yield objective.fault(
            ("spec", "pacing", "curve"),
            f"pacing is {spec.pacing.type}: it learns no curve",
            "write type: seasonal, or take the curve out",
        )
    if spec.metric not in metrics:
        return
    if spec.pacing.curve and spec.pacing.curve.metric != spec.metric:
        yield objective.fault(
            ("spec", "pacing", "curve", "ref"),
            f"'{spec.pacing.curve.metric}' is not the objective's metric",
            f"write pacing/{spec.metric}_3y, or take the curve out",
        )
    maturity = metrics[spec.metric].maturity_days
    if maturity > spec.period.days(fiscal_start_month).days and spec.pacing.type != "cohort_lagged":
        yield objective.fault(
            ("spec", "pacing", "type"),
            f"'{spec.metric}' takes {maturity} days to mature, longer than the period",
            "write type: cohort_lagged, or a longer period",
        )


def _agreement_faults(objective: Registered[Objective], fiscal_start_month: int) -> Iterator[Fault]:
    """Targets are set before their period begins; later changes are amendments with a reason and an approver."""
    spec = objective.spec
    first = spec.period.days(fiscal_start_month).first
    if spec.target.agreed_on and spec.target.agreed_on > first:
        yield objective.fault(
            ("spec", "target", "agreed_on"),
            f"agreed on {spec.target.agreed_on}, after the period began on {first}",
            "write the first agreement there and the change as an amendment, with reason and approver",
        )
    for number, amendment in enumerate(spec.amendments):
        if spec.target.agreed_on and amendment.amended_at < spec.target.agreed_on:
            yield objective.fault(
                ("spec", "amendments", number, "amended_at"), "before the target was agreed", "mend one of the two days"
            )


def _overlaps(objectives: Sequence[Registered[Objective]], fiscal_start_month: int) -> Iterator[Fault]:
    active = [item for item in objectives if item.spec.status == "active"]
    for number, later in enumerate(active):
        for earlier in active[:number]:
            if _same_aim(later.spec, earlier.spec) and later.spec.period.days(fiscal_start_month).overlaps(
                earlier.spec.period.days(fiscal_start_month)
            ):
                yield later.fault(
                    ("spec", "metric"),
                    f"{earlier.path.name} has an active objective on the same metric and filter in these days",
                    "change the period or the filter, or cancel one",
                )


def _same_aim(one: Objective, other: Objective) -> bool:
    def aim(spec: Objective) -> tuple:
        return spec.metric, spec.target.unit, frozenset((key, frozenset(values)) for key, values in spec.filter.items())

    return aim(one) == aim(other)
