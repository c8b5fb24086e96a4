"""The publish policy: which findings refuse a night, and what to do when a feed is late.

Reads expectations/publish_policy.yml, which a company edits.
"""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.quality.stewardship import ContractError


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
        ContractError: not usable; names file and place.

    """
    if not path.exists():
        return PublishPolicy()
    try:
        return PublishPolicy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{path}: {str(error).splitlines()[0]}") from error
