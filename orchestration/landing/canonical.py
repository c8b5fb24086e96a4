"""The canonical entities: what a feed may be mapped to by its profile alone, to reach the marts without a model of its own.

Only names and types; the mapping is in the profiles, the relations are written by the raw catalog.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Type = Literal["text", "integer", "decimal", "date", "timestamp", "boolean"]

# Entity → column → type. `id` is the record's key in its source; all other columns may be absent.
ENTITIES: dict[str, dict[str, Type]] = {
    "lead": {
        "id": "text", "email": "text", "first_name": "text", "last_name": "text", "full_name": "text", "phone": "text",
        "job_title": "text", "company_name": "text", "account_id": "text", "origin_channel": "text", "campaign_name": "text",
        "owner_id": "text", "status": "text",
        "status_reason": "text", "status_changed_at": "timestamp", "created_at": "timestamp", "mql_at": "timestamp",
        "sal_at": "timestamp", "sql_at": "timestamp", "converted_deal_id": "text", "is_deleted": "boolean",
    },
    "account": {
        "id": "text", "account_name": "text", "domain": "text", "parent_id": "text", "industry": "text",
        "employees": "integer", "country": "text", "is_deleted": "boolean",
    },
    "deal": {
        "id": "text", "stage": "text", "pipeline": "text", "lead_id": "text", "account_id": "text", "owner_id": "text",
        "product": "text", "origin_channel": "text", "campaign_name": "text", "amount": "decimal", "currency": "text",
        "created_at": "timestamp", "qualified_at": "timestamp", "closed_at": "timestamp", "lost_reason": "text",
        "expected_close_on": "date", "forecast_category": "text", "is_deleted": "boolean",
    },
    "campaign_spend": {
        "id": "text", "campaign_name": "text", "origin_channel": "text", "spend_date": "date", "currency": "text",
        "spend": "decimal", "impressions": "integer", "clicks": "integer",
    },
    "user": {"id": "text", "role": "text", "team": "text", "is_active": "boolean", "created_at": "timestamp"},
    "field_change": {
        "id": "text", "entity_type": "text", "record_id": "text", "field_name": "text", "changed_at": "timestamp",
        "is_human": "boolean", "new_value": "text",
    },
    "field_verification": {
        "id": "text", "entity_type": "text", "record_id": "text", "field_name": "text", "verified_at": "timestamp",
        "method": "text", "outcome": "text", "value": "text",
    },
    # `lead_system` is the source whose lead `lead_id` names, where that is not the touch's own; `entity_type` its kind there.
    "touch": {
        "id": "text", "lead_id": "text", "lead_system": "text", "entity_type": "text", "origin_channel": "text",
        "campaign_name": "text", "touch_type": "text", "occurred_at": "timestamp", "is_deleted": "boolean",
    },
    "subscription_month": {
        "id": "text", "month": "date", "customer_id": "text", "customer_name": "text", "domain": "text", "email": "text",
        "account_id": "text", "plan": "text", "quantity": "integer", "mrr": "decimal", "currency": "text",
    },
}  # fmt: skip

# Without one of these a record of the entity says nothing that a mart could count.
NEEDED: dict[str, list[tuple[str, ...]]] = {
    "account": [("account_name", "domain")],
    "deal": [("stage", "amount", "closed_at")],
    "campaign_spend": [("spend", "impressions", "clicks")],
    "field_change": [("entity_type",), ("record_id",), ("field_name",), ("changed_at",)],
    "touch": [("lead_id",), ("occurred_at",)],
    "subscription_month": [("month",), ("mrr",)],
}


class Canonical(BaseModel):
    """How a feed's columns become those of a canonical entity."""

    model_config = ConfigDict(extra="forbid")

    entity: Literal[
        "lead",
        "account",
        "deal",
        "campaign_spend",
        "user",
        "field_change",
        "field_verification",
        "touch",
        "subscription_month",
    ]
    columns: dict[str, str] = Field(description="Canonical column → the feed's column.")
    constants: dict[str, str] = Field({}, description="Canonical column → one value for every row.")

    @model_validator(mode="after")
    def _check_names(self) -> "Canonical":
        known = ENTITIES[self.entity]
        unknown = [name for name in [*self.columns, *self.constants] if name not in known]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is no column of {self.entity}; it has {', '.join(known)}")
        if "id" not in self.columns:
            raise ValueError(f"{self.entity} needs `id`, the record's key in its source")
        for names in NEEDED.get(self.entity, []):
            if not {*names} & {*self.columns, *self.constants}:
                raise ValueError(f"{self.entity} needs {' or '.join(f'`{name}`' for name in names)} beside `id`")
        return self


class StageMeaning(BaseModel):
    """What a vendor's stage or status name means in the joint funnel."""

    model_config = ConfigDict(extra="forbid")

    stage: Literal["inquiry", "mql", "sal", "sql", "sqo", "customer"]
    event: Literal["entered", "rejected", "disqualified", "recycled", "won", "lost", "no_decision"] = "entered"
    reason_code: str | None = None
