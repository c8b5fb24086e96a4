"""The field contract: which CRM field which team keeps, from which stage on it must be there, how old a value may become.

Reads expectations/field_stewardship.yml, which a company edits. What follows from it is computed in dbt.
"""

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Model = TypeVar("Model", bound=BaseModel)
Stage = Literal["inquiry", "mql", "sal", "sql", "sqo", "customer"]


class ContractError(Exception):
    """A file of expectations/ is not usable; the message names file, line and remedy."""


class FieldRule(BaseModel):
    """One field of one entity: its steward, when it is required, when a value is valid, and when it is stale."""

    model_config = ConfigDict(extra="forbid")

    entity_type: Literal["lead", "contact", "company"]
    field_name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="The field in canonical words.")
    steward_team: str = Field(min_length=1, description="The team that mends it.")
    required_from: Stage = Field("inquiry", description="A record that has reached this stage must have a value.")
    sla_days: int | None = Field(None, ge=1, description="Days for which a verified value is fresh; not for immutable ones.")
    validity: Literal["any", "email", "phone", "domain"] = Field("any", description="What a value must look like.")
    annual_decay: float = Field(0.0, ge=0, lt=1, description="Share of values that become wrong in a year, until known better.")
    weight: float = Field(1.0, gt=0, description="What a wrong value costs, against the other fields.")
    minutes_to_mend: float = Field(
        5.0, gt=0, description="What mending one value takes; the worklist ranks by value per minute."
    )
    is_immutable: bool = Field(False, description="Set once; a later change is a conflict to look into.")
    is_single_valued: bool = Field(False, description="Two records of one person or company must agree on it.")
    legal_basis: Literal["none", "legitimate_interest", "consent", "contract"] = Field(
        "none", description="Where the value is about a person: why it may be kept."
    )
    import_columns: dict[str, str] = Field({}, description="Source → the column that its import knows the field by.")
    max_stale_rate: float = Field(0.3, ge=0, le=1, description="The check warns above this share.")
    max_missing_rate: float = Field(0.2, ge=0, le=1, description="The check warns above this share.")
    max_invalid_rate: float = Field(0.05, ge=0, le=1, description="The check warns above this share.")
    why: str = Field(min_length=1, description="What rests on the field, for people.")

    @model_validator(mode="after")
    def _has_a_limit_or_is_immutable(self) -> "FieldRule":
        if self.is_immutable and self.sla_days is not None:
            raise ValueError("an immutable field has no sla_days; remove one of the two")
        if not self.is_immutable and self.sla_days is None:
            raise ValueError("sla_days is missing: after how many days is a verified value stale?")
        if self.validity in ("email", "phone") and self.entity_type != "company" and self.legal_basis == "none":
            raise ValueError("e-mail and phone are personal: say the legal_basis")
        return self


class _Contract(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fields: list[FieldRule]


def load_stewardship(path: Path) -> list[FieldRule]:
    """Read the contract.

    Raises:
        ContractError: not YAML, not a contract, or the same field twice; names file, line and remedy.

    """
    rules = read_checked(path, _Contract).fields
    lines = _lines_of_fields(path)
    seen: dict[tuple[str, str], int] = {}
    for rule, line in zip(rules, lines, strict=True):
        key = (rule.entity_type, rule.field_name)
        if key in seen:
            raise ContractError(f"{path}:{line}: {'.'.join(key)} stands already in line {seen[key]}; keep one")
        seen[key] = line
    return rules


def contract_schema() -> dict[str, Any]:
    """The contract as JSON Schema, for editors."""
    return _Contract.model_json_schema()


def read_checked(path: Path, model: type[Model]) -> Model:
    """A YAML file as this model.

    Raises:
        ContractError: not readable as it; names file, line and remedy.

    """
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(yaml.safe_load(text) or {})
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: not readable ({error})") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise ContractError(f"{place}: not YAML: {getattr(error, 'problem', None) or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        line, column = place_of(text, first["loc"])
        name = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{path}:{line}:{column}: {name}: {first['msg'].removeprefix('Value error, ')}") from error


def place_of(text: str, location: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column of a place in YAML, or of the nearest thing around it that is there."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    mark = node.start_mark if node else None
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found = [(node.value[part], node.value[part])]
        else:
            found = []
        if not found:
            break
        mark, node = found[0][0].start_mark, found[0][1]
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _lines_of_fields(path: Path) -> list[int]:
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    fields = next(value for key, value in root.value if key.value == "fields")
    return [node.start_mark.line + 1 for node in fields.value]
