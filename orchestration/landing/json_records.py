"""JSON arrays, JSON Lines and wrapped lists of records as rows of text.

Numbers keep their digits as written; nested objects become columns with dotted names, lists stay JSON text. JSON Lines are
read line by line, twice, so that their size does not matter; a document is held as a whole and has a largest size.
"""

import json
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from orchestration.landing.cells import NumberText
from orchestration.landing.refused import RefusedError

MAX_COLUMNS = 2_000
MAX_DOCUMENT_BYTES = 64 * 2**20
_MAX_BAD_LINES = 10_000
_MAX_DEPTH = 20
_MAX_EXPONENT = 30
_BLANKS = re.compile(r"[ \t\r\n]*")


class _BadRecordError(Exception):
    """A record that can't be taken as it is; its text is the reason's code."""


@dataclass
class Records:
    """A header, where the records are, what was noticed, and records that are none (line, reason, text).

    `places` are the good records' lines in the file; their numbers in a list that stands within a document.
    """

    header: list[str]
    _lines: Path | None = None
    _flat: list[dict[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    places: array = field(default_factory=lambda: array("q"))

    def rows(self) -> Iterator[list[str]]:
        """Every good record as texts in the header's order."""
        flat = self._flat if self._lines is None else _good_lines(self._lines, {line for line, _, _ in self.rejected})
        return ([record.get(key, "") for key in self.header] for record in flat)


def is_json(start: bytes) -> bool:
    """Whether decoded text begins as JSON does."""
    return start.lstrip()[:1] in (b"{", b"[")


def read_records(path: Path, name: str) -> Records:
    """Read every record of a file in UTF-8.

    Raises:
        RefusedError: `damaged_json`, `duplicate_json_key`, `not_records`, `too_many_columns`, `too_deep`, `json_too_large`;
            names the line.

    """
    if _is_lines(path):
        return _read_lines(path, name)
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise RefusedError(
            "json_too_large",
            f"{name}: line 1: one JSON document of more than {MAX_DOCUMENT_BYTES >> 20} MB; "
            "remedy: export it as JSON Lines, one record a line, which may have any size",
        )
    text = path.read_bytes().decode("utf-8")
    records, header = Records([]), {}
    try:
        for line, record in _document(text):
            _add(records, header, line, record, name)
    except json.JSONDecodeError as error:
        if text.lstrip().startswith("{") and "\n{" in text:
            return _read_lines(path, name)
        raise RefusedError(
            "damaged_json", f"{name}: line {error.lineno}: {error.msg}; remedy: export it again, whole"
        ) from error
    except RecursionError as error:
        raise RefusedError("too_deep", f"{name}: line 1: lists or objects within each other without end; {_FLAT}") from error
    except _BadRecordError as error:
        raise _refusal(str(error), name, 1) from error
    records.header = list(header)
    return records


_FLAT = "remedy: export it flat"


def _refusal(code: str, name: str, line: int) -> RefusedError:
    reasons = {
        "duplicate_json_key": "a key stands twice in one record; remedy: export it once",
        "too_many_columns": f"more than {MAX_COLUMNS} keys; remedy: export the columns that are needed",
        "not_records": "not a list of records; remedy: export a list of objects",
    }
    return RefusedError(code, f"{name}: line {line}: {reasons.get(code, code)}")


def _is_lines(path: Path) -> bool:
    """JSON Lines: the first line that is not blank is an object by itself, and another one follows."""
    with path.open(encoding="utf-8", newline="\n") as stream:
        filled = (line for line in iter(lambda: stream.readline(MAX_DOCUMENT_BYTES), "") if line.strip())
        first, second = next(filled, ""), next(filled, "")
    try:
        return bool(second) and isinstance(_DECODER.decode(first.strip()), dict)
    except (json.JSONDecodeError, RecursionError):
        return False
    except _BadRecordError:
        return True


def _document(text: str) -> Iterator[tuple[int, object]]:
    """(line, value) of an array's elements; for another document its one list of objects, or the object itself."""
    start = _BLANKS.match(text).end()
    if text[start : start + 1] != "[":
        document = _DECODER.decode(text)
        lists = [value for value in document.values() if _is_list_of_records(value)] if isinstance(document, dict) else []
        found = lists[0] if len(lists) == 1 else [document]
        yield from enumerate(found, start=1)
        return
    position, line, counted = _BLANKS.match(text, start + 1).end(), 1, 0
    if text[position : position + 1] == "]":
        position = position + 1
    else:
        while True:
            line, counted = line + text.count("\n", counted, position), position
            value, position = _DECODER.raw_decode(text, position)
            yield line, value
            position = _BLANKS.match(text, position).end()
            mark = text[position : position + 1]
            position = _BLANKS.match(text, position + 1).end()
            if mark == "]":
                break
            if mark != ",":
                raise json.JSONDecodeError("Expecting ',' or ']'", text, min(position, len(text)))
    if _BLANKS.match(text, position).end() != len(text):
        raise json.JSONDecodeError("Extra data", text, position)


def _is_list_of_records(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _add(records: Records, header: dict[str, None], line: int, record: object, name: str) -> None:
    """Take one element of a document, or set it aside; a document with anything but objects is refused."""
    if not isinstance(record, dict):
        raise _refusal("not_records", name, line)
    try:
        flat = _flat(record)
    except _BadRecordError as error:
        if str(error) in ("too_many_columns", "too_deep"):
            raise _refusal(str(error), name, line) from error
        records.rejected.append((line, str(error), _json_text(record)))
        return
    _extend(header, flat, name, line)
    records._flat.append(flat)
    records.places.append(line)


def _extend(header: dict[str, None], flat: dict[str, str], name: str, line: int) -> None:
    header.update(dict.fromkeys(flat))
    if len(header) > MAX_COLUMNS:
        raise _refusal("too_many_columns", name, line)


def _read_lines(path: Path, name: str) -> Records:
    """Header and bad lines of JSON Lines; the rows are read again when they are asked for."""
    records, header = Records([], _lines=path), {}
    for number, line in _lines(path):
        try:
            _extend(header, _line(line), name, number)
            records.places.append(number)
        except _BadRecordError as error:
            if str(error) == "too_many_columns":
                raise _refusal(str(error), name, number) from error
            records.rejected.append((number, str(error), line.rstrip("\r\n")))
            if len(records.rejected) > _MAX_BAD_LINES:
                raise RefusedError(
                    "damaged_json",
                    f"{name}: line {number}: more than {_MAX_BAD_LINES} lines are no records; remedy: export it again",
                ) from error
    records.header = list(header)
    return records


def _good_lines(path: Path, bad: set[int]) -> Iterator[dict[str, str]]:
    return (_line(line) for number, line in _lines(path) if number not in bad)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if line.strip():
                yield number, line


def _line(line: str) -> dict[str, str]:
    try:
        record = _DECODER.decode(line.strip())
    except json.JSONDecodeError as error:
        raise _BadRecordError("damaged_json") from error
    except RecursionError as error:
        raise _BadRecordError("too_deep") from error
    if not isinstance(record, dict):
        raise _BadRecordError("not_a_record")
    return _flat(record)


def _flat(record: dict) -> dict[str, str]:
    """One record as texts; refuses what no text file could hold."""
    flat = _flatten(record)
    joined = "".join(flat) + "".join(flat.values())
    if "\0" in joined:
        raise _BadRecordError("nul_character")
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        raise _BadRecordError("half_character") from error
    return flat


def _flatten(record: dict, prefix: str = "", depth: int = 0) -> dict[str, str]:
    if depth > _MAX_DEPTH:
        raise _BadRecordError("too_deep")
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.", depth + 1)
        elif value is _NO_NUMBER:
            raise _BadRecordError("not_a_number")
        else:
            flat[prefix + key] = _cell(value)
    return flat


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return _json_text(value)


def _json_text(value: object) -> str:
    """JSON text in which numbers have the digits with which they were written."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_json_text, value)) + "]"
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json_text(item)}" for key, item in value.items()) + "}"
        )
    return json.dumps(value, ensure_ascii=False)


def _unique(pairs: list[tuple[str, object]]) -> dict:
    if len(pairs) > MAX_COLUMNS:
        raise _BadRecordError("too_many_columns")
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _BadRecordError("duplicate_json_key")
    return record


def _number(text: str) -> NumberText:
    """A number's digits as written; an exponent is written out, as far as anybody could mean it. 17.0 is 17, also as an id."""
    if "e" in text or "E" in text:
        number = Decimal(text)
        return NumberText(f"{number:f}") if abs(number.adjusted()) <= _MAX_EXPONENT else NumberText(text)
    whole, _, fraction = text.partition(".")
    return NumberText(whole if not fraction.strip("0") else text)


_NO_NUMBER = NumberText("NaN")
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=NumberText, parse_float=_number, parse_constant=lambda _: _NO_NUMBER
)
