"""The metrics of the dbt semantic layer, read from the YAML beside the marts: the one place that defines a metric.

Objectives, service levels and pages name metrics from here; nothing here computes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Metric:
    """One metric as the semantic layer defines it."""

    name: str
    type: str
    label_en: str
    label_fr: str
    unit: str
    direction: str
    owner_team: str
    maturity_days: int
    gaming_risks: tuple[str, ...]
    is_estimated: bool
    inputs: tuple[str, ...]  # metrics it is made of
    mart: str
    dimensions: frozenset[str]
    time_column: str
    formula: str
    is_additive: bool

    @property
    def is_volume(self) -> bool:
        """A count or an amount: what can be pushed up without anything getting better."""
        return self.unit in ("count", "money")


class Metrics(dict[str, Metric]):
    """All metrics by name."""

    def family(self, name: str) -> set[str]:
        """A metric, what it is made of and what is made of it."""
        return self._below(name) | {other for other in self if name in self._below(other)}

    def _below(self, name: str) -> set[str]:
        found, todo = set(), [name]
        while todo:
            current = todo.pop()
            if current not in found and current in self:
                found.add(current)
                todo += self[current].inputs
        return found

    def parts(self, name: str) -> tuple[str, str | None] | None:
        """Numerator and denominator of a ratio, the metric alone when it is simple, nothing for any other."""
        metric = self[name]
        if not all(self[part].is_additive for part in (metric.inputs or (name,))):
            return None
        if metric.type == "simple":
            return name, None
        return (metric.inputs[0], metric.inputs[1]) if metric.type == "ratio" else None


@lru_cache
def read_metrics(models: Path) -> Metrics:
    """Read every metric that stands beside a model, once in a process; what is not YAML is dbt's to refuse."""
    documents = [yaml.load(path.read_text(encoding="utf-8"), _LOADER) or {} for path in sorted(models.rglob("*.yml"))]  # noqa: S506
    measures: dict[str, _Measure] = {}
    for document in documents:
        for semantic in document.get("semantic_models", []):
            for measure in semantic.get("measures", []):
                measures[measure["name"]] = _Measure(semantic, measure)
    written = {metric["name"]: metric for document in documents for metric in document.get("metrics", [])}
    return Metrics({name: _metric(metric, measures, written) for name, metric in sorted(written.items())})


@dataclass(frozen=True)
class _Measure:
    semantic: Mapping[str, Any]
    measure: Mapping[str, Any]

    @cached_property
    def time_column(self) -> str:
        name = self.measure.get("agg_time_dimension") or self.semantic["defaults"]["agg_time_dimension"]
        dimension = next(item for item in self.semantic["dimensions"] if item["name"] == name)
        return dimension.get("expr", name)

    @property
    def mart(self) -> str:
        return self.semantic["model"].split("'")[1]

    @property
    def is_additive(self) -> bool:
        return self.measure["agg"] == "sum" and "non_additive_dimension" not in self.measure


def _metric(metric: Mapping[str, Any], measures: Mapping[str, _Measure], written: Mapping[str, Mapping]) -> Metric:
    meta = metric.get("config", {}).get("meta", {})
    inputs = _inputs(metric)
    first = metric
    while _inputs(first):
        first = written[_inputs(first)[0]]
    measure = measures[_measure_name(first)]
    return Metric(
        name=metric["name"],
        type=metric["type"],
        label_en=metric["label"],
        label_fr=meta.get("label_fr", metric["label"]),
        unit=meta.get("unit", ""),
        direction=meta.get("direction", "band"),
        owner_team=meta.get("owner_team", ""),
        maturity_days=int(meta.get("maturity_days", 0)),
        gaming_risks=tuple(meta.get("gaming_risks", ())),
        is_estimated=meta.get("kind") == "estimated",
        inputs=inputs,
        mart=measure.mart,
        dimensions=frozenset(item["name"] for item in measure.semantic["dimensions"] if item["type"] == "categorical"),
        time_column=measure.time_column,
        formula=_formula(metric, measure),
        is_additive=not inputs and measure.is_additive and "filter" not in metric,
    )


def _inputs(metric: Mapping[str, Any]) -> tuple[str, ...]:
    given = metric.get("type_params", {})
    if metric["type"] == "ratio":
        return tuple(item if isinstance(item, str) else item["name"] for item in (given["numerator"], given["denominator"]))
    return tuple(item["name"] for item in given.get("metrics", ()))


def _measure_name(metric: Mapping[str, Any]) -> str:
    measure = metric["type_params"]["measure"]
    return measure if isinstance(measure, str) else measure["name"]


def _formula(metric: Mapping[str, Any], measure: _Measure) -> str:
    given = metric.get("type_params", {})
    if metric["type"] == "ratio":
        return " / ".join(_inputs(metric))
    if metric["type"] == "derived":
        text = given["expr"]
        for item in given["metrics"]:
            text = text.replace(item.get("alias", item["name"]), item["name"])
        return text
    return f"{measure.measure['agg']}({measure.measure.get('expr', measure.measure['name'])})"
