"""What type a column of delivered texts has, with the share of its values that support it.

Days and numbers that can be read in two ways are only settled by values that can't: in the same column, or for the decimal
mark in the same file.
"""

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass

from orchestration.landing.cell_kinds import kind_of

_NEARLY_ALL = 0.95
_MAX_VALUES = 5000
_ID_WORDS = re.compile(
    r"(?:^|_)(?:id|key|ref|code|zip|postcode|postal|phone|tel|telephone|mobile|siret|siren|number|numero|iban)(?:_|$)"
)
_BOOLEANS = {"true", "false", "yes", "no", "oui", "non", "vrai", "faux"}
_SIGNS = re.compile(r"R\$|[€£$\s  ]")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
# Only one of these fits most numbers; `50.000` and `1,234` fit both.
_POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d/%m/%y", "%m/%d/%y",
         "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y")  # fmt: skip
_CLOCKS = (" %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%SZ", "T%H:%M:%S.%fZ", " %H:%M:%S.%f", " %H:%M:%S UTC", " %I:%M %p")
_FORMATS = {**{days: "date" for days in _DAYS}, **{days + clock: "timestamp" for days in _DAYS for clock in _CLOCKS}}


@dataclass
class ColumnGuess:
    """A column's proposed type and why; `format` for days and times, `mark` for numbers whose values prove it."""

    name: str
    type: str
    support: float
    reason: str
    n_values: int
    format: str | None = None
    rival_format: str | None = None
    mark: str | None = None
    example: str | None = None

    @property
    def is_zoned(self) -> bool:
        """Whether its times say their zone."""
        return bool(self.format and self.format.endswith(("Z", "UTC", "%z")))

    def to_text(self, reason: str) -> None:
        """What can't be settled stays as it was delivered."""
        self.type, self.format, self.mark, self.reason = "text", None, None, reason


def guess_column(name: str, cells: list[str]) -> ColumnGuess:
    """The type that nearly all filled values of a column have."""
    values = [cell.strip() for cell in cells if cell and not cell.isspace()][:_MAX_VALUES]
    total = len(values)
    text = ColumnGuess(name, "text", 1.0, f"{total} values" if total else "no value", total)
    if not total or _ID_WORDS.search(name):
        return text
    if all(value.casefold() in _BOOLEANS for value in values):
        return ColumnGuess(name, "boolean", 1.0, f"100 % of {total} values", total)
    return _guess_day(name, values) or _guess_number(name, values) or text


def _guess_day(name: str, values: list[str]) -> ColumnGuess | None:
    # One of the first values must fit, so that columns of other texts cost nothing.
    first = [value for value in values[:5] if kind_of(value) == "date"]
    plausible = [pattern for pattern in _FORMATS if any(_fits(value, pattern) for value in first)]
    if not plausible:
        return None
    support = Counter({pattern: sum(_fits(value, pattern) for value in values) / len(values) for pattern in plausible})
    (best, share), *others = support.most_common()
    if share < _NEARLY_ALL:
        return None
    rival = next((pattern for pattern, other in others if other == share and _swapped(pattern) == best), None)
    example = next((value for value in values if _fits(value, best)), None) if rival else None
    reason = f"{best}, {share:.0%} of {len(values)} values"
    return ColumnGuess(name, _FORMATS[best], share, reason, len(values), best, rival, example=example)


def _fits(value: str, pattern: str) -> bool:
    try:
        parsed = dt.datetime.strptime(value, pattern)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return 1900 <= parsed.year <= 2100


def _swapped(pattern: str) -> str:
    return pattern.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")


def _guess_number(name: str, values: list[str]) -> ColumnGuess | None:
    bare = [_SIGNS.sub("", value) for value in values]
    total = len(values)
    if all(_INTEGER.fullmatch(value) for value in values):
        return ColumnGuess(name, "integer", 1.0, f"100 % of {total} values", total)
    if any(re.fullmatch(r"[+-]?0\d+", value) for value in bare):
        return None
    points = [value for value in bare if _POINT.fullmatch(value) or _SCIENTIFIC.fullmatch(value)]
    commas = [value for value in bare if _COMMA.fullmatch(value)]
    either = [value for value in bare if _POINT.fullmatch(value) and _COMMA.fullmatch(value)]
    marked = [value for value in either if "." in value or "," in value]
    share = max(len(points), len(commas)) / total
    if share < _NEARLY_ALL:
        return None
    guess = ColumnGuess(name, "decimal", share, f"{share:.0%} of {total} values", total)
    guess.mark = "." if len(points) > len(commas) else "," if len(commas) > len(points) else None
    guess.example = marked[0] if marked else None
    return guess


def settle_decimal_mark(guesses: list[ColumnGuess]) -> tuple[str, list[tuple[str, str]]]:
    """The decimal mark that the file proves, and (column, doubt) for what it does not; such columns become text."""
    proofs = Counter(guess.mark for guess in guesses if guess.mark)
    decimal = proofs.most_common(1)[0][0] if proofs else "."
    doubts = []
    for guess in guesses:
        if guess.type != "decimal":
            continue
        if guess.mark and guess.mark != decimal:
            guess.to_text(f"written with decimal mark '{guess.mark}', other columns with '{decimal}'")
            doubts.append((guess.name, f"{guess.reason}: kept as text"))
        elif guess.example and not guess.mark:
            known = f"; other columns prove '{decimal}'" if proofs else ""
            message = f"values like {guess.example} could be thousands or decimals{known}"
            if not proofs:
                guess.to_text(f"values like {guess.example}: thousands or decimals")
                message += ": kept as text until the profile settles it"
            doubts.append((guess.name, message))
    return decimal, doubts


def settle_day_order(guesses: list[ColumnGuess]) -> list[tuple[str, str]]:
    """(Column, doubt) for days that fit two orders or contradict another column; such columns become text."""
    doubts = []
    for guess in guesses:
        if guess.rival_format:
            message = f"values like {guess.example} fit {guess.format} and {guess.rival_format}, and no value settles it"
            guess.to_text(f"{guess.rival_format} or {guess.format}")
            doubts.append((guess.name, f"{message}: kept as text until the profile does"))
    proven = [guess for guess in guesses if guess.format]
    for guess in proven:
        swapped = _swapped(guess.format or "")
        if swapped != guess.format and any(other.format == swapped for other in proven):
            guess.to_text(f"{guess.format}, but another column has {swapped}")
            doubts.append((guess.name, f"{guess.reason}: a profile can have one order only: kept as text"))
    return doubts
