"""The publish policy: which findings refuse a night, and what to do when a feed is late.

Reads expectations/publish_policy.yml, which a company edits.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from orchestration.quality.stewardship import read_checked


class PublishPolicy(BaseModel):
    """Severities raised or lowered by check name, and per feed what happens when its file did not come."""

    model_config = ConfigDict(extra="forbid")

    severities: dict[str, Literal["info", "warning", "critical"]] = {}
    if_late: dict[str, Literal["publish", "refuse"]] = {}

    def severity(self, check: str, declared: str) -> str:
        """The severity that counts for this check."""
        return self.severities.get(check, declared)


def load_policy(path: Path) -> PublishPolicy:
    """Read the policy; an absent file is the default policy.

    Raises:
        ContractError: not usable; names file, line and remedy.

    """
    if not path.exists():
        return PublishPolicy()
    return read_checked(path, PublishPolicy)
