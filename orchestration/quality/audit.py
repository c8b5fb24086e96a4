"""The audit of a candidate: every check's outcome, kept beside the candidate; publish refuses by it.

Running the checks belongs to `transform` (dbt tests) and `checks.py` (expectations).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from orchestration.durable import write

PARTS = ("dbt", "expectations")


@dataclass(frozen=True)
class Audit:
    """The results of a candidate's checks, kept beside it so that publish can ask for them whoever launches it."""

    path: Path

    def start(self, run_id: str) -> None:
        """Forget the last candidate's results."""
        write(self.path, json.dumps({"run_id": run_id, "parts": {}}))

    def record(self, part: str, *, passed: int, warned: list[str], failed: list[str]) -> None:
        """Add one part's results: counts and names of checks, never values."""
        content = json.loads(self.path.read_text())
        content["parts"][part] = {"passed": passed, "warned": sorted(warned), "failed": sorted(failed)}
        write(self.path, json.dumps(content, indent=1))

    def parts(self) -> dict[str, dict]:
        """All parts recorded for the present candidate."""
        return json.loads(self.path.read_text())["parts"] if self.path.exists() else {}

    def is_of(self, run_id: str) -> bool:
        """Whether the results are those of this run's candidate."""
        return self.path.exists() and json.loads(self.path.read_text())["run_id"] == run_id

    def failures(self) -> list[str]:
        """The checks that failed, by name."""
        return [name for part in self.parts().values() for name in part["failed"]]

    def refusals(self) -> list[str]:
        """Why the candidate must not be published; empty when it may."""
        parts = self.parts()
        reasons = [f"the {part} checks did not run" for part in PARTS if part not in parts]
        return reasons + self.failures()

    def counts(self) -> dict[str, int]:
        """How many checks passed, warned and failed."""
        parts = self.parts().values()
        return {
            "passed": sum(part["passed"] for part in parts),
            "warned": sum(len(part["warned"]) for part in parts),
            "failed": sum(len(part["failed"]) for part in parts),
        }
