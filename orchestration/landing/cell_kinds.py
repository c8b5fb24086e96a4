"""What kind of value a delivered text looks like: evidence for a dialect and for a proposed profile, no decision by itself."""

import re
from collections import Counter
from collections.abc import Iterable

_CURRENCY = r"(?:R\$|[$€£])"
_PATTERNS = {
    "number": re.compile(
        rf"\s*{_CURRENCY}?\s?[+-]?{_CURRENCY}?\s?(?:\d+|\d{{1,3}}(?:[.,'\s]\d{{3}})+)?(?:[.,]\d*)?(?<=[\d.,])(?:[eE][+-]?\d+)?\s?(?:%|{_CURRENCY})?\s*"
    ),
    "date": re.compile(
        r"\s*(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-/ ](?:[A-Za-zéû]{3,9}\.?)(?:[-/ ]\d{2,4})?|(?:19|20)\d{6})"
        r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AP]M)?(?:Z| ?UTC|[+-]\d{2}:?\d{2})?)?\s*",
        re.IGNORECASE,
    ),
    "time": re.compile(r"\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AP]M)?\s*", re.IGNORECASE),
    "address": re.compile(r"\s*(?:https?://\S+|[^@\s]+@[^@\s]+\.[^@\s]+)\s*"),
}
_NO_VALUE = {"-", "–", "—", ".", "..", "n/a", "na", "nil", "null", "none"}
_TYPED = ("number", "date", "time")
_TYPED_SHARE = 0.8


def kind_of(cell: str) -> str:
    """empty, number, date, time, address or text."""
    if not cell or cell.isspace() or cell.strip().casefold() in _NO_VALUE:
        return "empty"
    if len(cell) > 64 and not cell.lstrip().startswith("http"):
        return "text"
    if any(character.isdigit() for character in cell):
        for kind in ("date", "time", "number"):
            if _PATTERNS[kind].fullmatch(cell):
                return kind
    return "address" if _PATTERNS["address"].fullmatch(cell) else "text"


def typed_columns(rows: Iterable[list[str]], width: int) -> dict[int, str]:
    """Columns that hold numbers, dates or times in nearly all rows where they hold anything."""
    counts = [Counter() for _ in range(width)]
    for row in rows:
        for count, cell in zip(counts, row, strict=False):
            count[kind_of(cell)] += 1
    typed = {}
    for position, count in enumerate(counts):
        filled = sum(count.values()) - count["empty"]
        kind, n_kind = max(((kind, count[kind]) for kind in _TYPED), key=lambda item: item[1])
        if n_kind and n_kind >= _TYPED_SHARE * filled:
            typed[position] = kind
    return typed
