"""The whole registry of a company: calendars, objectives, service levels and feedback, read and checked together.

Used by `tandem objectives check` and by the night, which refuses to run on a registry with faults.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.calendars.calendar_file import Calendar, read_calendars
from orchestration.feedback.feedback_file import Feedback, feedback_faults, read_feedback
from orchestration.landing.profile_faults import Fault
from orchestration.objectives.objective_file import Objective, read_objectives
from orchestration.objectives.rules import objective_faults
from orchestration.registry.documents import Registered
from orchestration.registry.metrics import Metrics, read_metrics
from orchestration.settings import Settings
from orchestration.sla.sla_file import Sla, read_slas, sla_faults


class RegistryError(Exception):
    """The registry is not usable; the message has one line per fault, with file, line and remedy."""


@dataclass(frozen=True)
class Registry:
    """What both teams agreed on, in the order of its files' names."""

    calendars: Mapping[str, Calendar]
    objectives: tuple[Registered[Objective], ...]
    slas: tuple[Registered[Sla], ...]
    feedback: tuple[Registered[Feedback], ...]
    metrics: Metrics


NO_REGISTRY = Registry({}, (), (), (), Metrics())


def read_registry(settings: Settings) -> tuple[Registry, list[Fault]]:
    """Read every registry file of the company and find everything that is wrong."""
    calendars = read_calendars(settings.registry_dir / "calendars")
    objectives = read_objectives(settings.registry_dir / "objectives")
    slas = read_slas(settings.registry_dir / "sla")
    feedback = read_feedback(settings.registry_dir / "feedback")
    metrics = read_metrics(settings.dbt_project_dir / "models")
    # A calendar that can't be read has its own fault; who names it need not be told as well.
    names = {item.name for item in calendars.documents} | {fault.path.stem for fault in calendars.faults}
    channels = known_channels(settings.seeds_dir / "channel_map.csv")
    faults = [
        *calendars.faults,
        *objectives.faults,
        *slas.faults,
        *feedback.faults,
        *objective_faults(objectives.documents, metrics, names, channels, settings.fiscal_year_start_month),
        *sla_faults(slas.documents, metrics, names),
        *feedback_faults(feedback.documents, channels),
    ]
    registry = Registry(
        {item.name: item.spec for item in calendars.documents},
        tuple(objectives.documents),
        tuple(slas.documents),
        tuple(feedback.documents),
        metrics,
    )
    return registry, sorted(faults, key=lambda fault: (str(fault.path), fault.line, fault.place))


def known_channels(channel_map: Path) -> set[str]:
    """The channels that a lead may have come through: those of the map, and the two for what it does not say."""
    if not channel_map.is_file():
        return {"other", "unknown"}
    with channel_map.open(encoding="utf-8-sig", newline="") as stream:
        return {row["channel"] for row in csv.DictReader(stream) if row.get("channel")} | {"other", "unknown"}


def load_registry(settings: Settings) -> Registry:
    """The registry, whole and without a fault.

    Raises:
        RegistryError: something is wrong in it.
    """
    registry, faults = read_registry(settings)
    if faults:
        raise RegistryError("\n".join(map(str, faults)))
    return registry
