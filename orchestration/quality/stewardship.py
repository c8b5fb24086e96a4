"""The stewardship contract: which CRM fields which team keeps, and how old a value may become.

Reads expectations/field_stewardship.yml, which a company edits. What follows from it is computed in dbt.
"""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ContractError(Exception):
    """The stewardship contract is not usable; the message names file, place and remedy."""


class FieldRule(BaseModel):
    """One field of one entity: who keeps it and for how many days a verified value counts as fresh."""

    model_config = ConfigDict(extra="forbid")

    entity_type: str = Field(pattern="^(lead|contact|company)$")
    field_name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    steward_team: str
    sla_days: int = Field(ge=1)
    max_stale_rate: float = Field(0.3, ge=0, le=1, description="The check warns above this share.")
    max_missing_rate: float = Field(0.2, ge=0, le=1, description="The check warns above this share.")
    why: str


class _Contract(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fields: list[FieldRule]


def load_stewardship(path: Path) -> list[FieldRule]:
    """Read the contract.

    Raises:
        ContractError: not YAML, not a contract, or the same field twice.

    """
    try:
        rules = _Contract.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).fields
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{path}: {place}: {first['msg']}") from error
    seen = set()
    for rule in rules:
        if (rule.entity_type, rule.field_name) in seen:
            raise ContractError(f"{path}: {rule.entity_type}.{rule.field_name} stands twice; keep one")
        seen.add((rule.entity_type, rule.field_name))
    return rules
