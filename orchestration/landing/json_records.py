"""JSON arrays, JSON Lines and wrapped lists of records as rows of text.

Numbers keep their digits as written; nested objects become columns with dotted names, lists stay JSON text.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.landing.cells import NumberText
from orchestration.landing.recognise import RefusedError

MAX_COLUMNS = 2_000
_MAX_DEPTH = 20


@dataclass
class Records:
    """A header row and rows of text, what was noticed, and lines that are no record (line, reason, text)."""

    rows: list[list[str]]
    notes: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)


def is_json(start: bytes) -> bool:
    """Whether decoded text begins as JSON does."""
    return start.lstrip()[:1] in (b"{", b"[")


def read_records(path: Path, name: str) -> Records:
    """Read every record of a file in UTF-8.

    Raises:
        RefusedError: `damaged_json`, `duplicate_json_key`, `not_records`, `too_many_columns`, `too_deep`; names the line.

    """
    text = path.read_text(encoding="utf-8")
    try:
        return _as_table(_whole(text, name), [], name)
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("[") or "\n{" not in text.strip():
            raise RefusedError(
                "damaged_json", f"{name}: line {error.lineno}: {error.msg}; remedy: export it again, whole"
            ) from error
    return _lines(text, name)


def _whole(text: str, name: str) -> list[dict]:
    document = _loads(text, name)
    if isinstance(document, dict):
        lists = [
            value for value in document.values() if isinstance(value, list) and all(isinstance(row, dict) for row in value)
        ]
        document = lists[0] if len(lists) == 1 and lists[0] else [document]
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise RefusedError("not_records", f"{name}: line 1: not a list of records; remedy: export a list of objects")
    return document


def _lines(text: str, name: str) -> Records:
    records, rejected = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = _loads(line, f"{name}: line {number}")
        except json.JSONDecodeError:
            rejected.append((number, "damaged_json", line))
            continue
        if isinstance(record, dict):
            records.append(record)
        else:
            rejected.append((number, "not_a_record", line))
    return _as_table(records, rejected, name)


def _loads(text: str, name: str) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict:
        record = dict(pairs)
        if len(record) != len(pairs):
            doubled = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise RefusedError(
                "duplicate_json_key", f"{name}: key '{doubled}' stands twice in one record; remedy: export it once"
            )
        return record

    return json.loads(
        text, object_pairs_hook=unique, parse_int=NumberText, parse_float=NumberText, parse_constant=lambda _: None
    )


def _as_table(records: list[dict], rejected: list[tuple[int, str, str]], name: str) -> Records:
    flat = [_flatten(record, name) for record in records]
    header = list(dict.fromkeys(key for record in flat for key in record))
    if len(header) > MAX_COLUMNS:
        raise RefusedError("too_many_columns", f"{name}: line 1: {len(header)} keys; remedy: at most {MAX_COLUMNS}")
    return Records([header, *([record.get(key, "") for key in header] for record in flat)], rejected=rejected)


def _flatten(record: dict, name: str, prefix: str = "", depth: int = 0) -> dict[str, str]:
    if depth > _MAX_DEPTH:
        raise RefusedError("too_deep", f"{name}: objects within objects, more than {_MAX_DEPTH} deep; remedy: export it flat")
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flatten(value, name, f"{prefix}{key}.", depth + 1)
        else:
            flat[prefix + key] = _cell(value)
    return flat


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return value
