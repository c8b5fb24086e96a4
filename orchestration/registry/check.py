"""The check of everything that a company edits: registry, export profiles, stewardship contract, suites, publish policy.

Each room checks its own files; here their findings are put together for `tandem objectives check`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.landing.profiles import ProfileError, known_profiles
from orchestration.quality.policy import load_policy
from orchestration.quality.stewardship import ContractError, load_stewardship
from orchestration.registry.registry import read_registry
from orchestration.settings import Settings


@dataclass
class Findings:
    """What was looked at, and every fault."""

    counts: dict[str, int]
    faults: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"counts": self.counts, "faults": self.faults}

    def lines(self) -> Sequence[str]:
        """For people: a line per fault, then what was counted."""
        counted = ", ".join(f"{number} {what}" for what, number in self.counts.items())
        return [*(fault["message"] for fault in self.faults), f"checked {counted}: {len(self.faults)} faults"]


def check_edited_files(settings: Settings) -> Findings:
    """Read everything that a company edits; nothing is written and nothing is raised for what is wrong there."""
    registry, faults = read_registry(settings)
    findings = Findings(
        {
            "objectives": len(registry.objectives),
            "service levels": len(registry.slas),
            "calendars": len(registry.calendars),
            "rounds of feedback": len(registry.feedback),
        }
    )
    findings.faults = [
        {"file": str(fault.path), "line": fault.line, "place": fault.place, "problem": fault.problem,
         "remedy": fault.remedy, "message": str(fault)}
        for fault in faults
    ]  # fmt: skip
    expectations = settings.expectations_dir
    _ask(findings, lambda: known_profiles(settings))
    _ask(findings, lambda: load_stewardship(expectations / "field_stewardship.yml"))
    _ask(findings, lambda: load_policy(expectations / "publish_policy.yml"))
    return findings


def _ask(findings: Findings, load: Callable[[], Any]) -> None:
    try:
        load()
    except (ProfileError, ContractError, ValueError, OSError) as error:
        findings.faults += [{"message": line} for line in str(error).splitlines() if line.strip()]
