"""The JSON Schemas of registry files, made from the models: for editors, and for whoever writes such files by program.

They lie beside the models; `python -m orchestration.registry.schemas` writes them again after a change.
"""

import json
from pathlib import Path
from typing import Any

from orchestration.calendars.calendar_file import CalendarDocument
from orchestration.feedback.feedback_file import FeedbackDocument
from orchestration.objectives.objective_file import ObjectiveDocument
from orchestration.sla.sla_file import SlaDocument

_ROOMS = Path(__file__).resolve().parent.parent
SCHEMAS = {
    _ROOMS / "objectives" / "objective.schema.json": ObjectiveDocument,
    _ROOMS / "sla" / "sla.schema.json": SlaDocument,
    _ROOMS / "calendars" / "calendar.schema.json": CalendarDocument,
    _ROOMS / "feedback" / "feedback.schema.json": FeedbackDocument,
}


def schema_of(path: Path) -> dict[str, Any]:
    """The schema that belongs into a file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[path].model_json_schema(by_alias=True)}


if __name__ == "__main__":
    for path in SCHEMAS:
        path.write_text(json.dumps(schema_of(path), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
