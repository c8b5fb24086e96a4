"""A proposed export profile for a table that no profile knows: YAML that a person reads, settles and keeps.

Every guess carries the share of the rows that support it. What the rows do not prove is named, and stays text.
"""

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from orchestration.landing.dialect import column_name_of_position
from orchestration.landing.guess import ColumnGuess, guess_column, settle_day_order, settle_decimal_mark
from orchestration.landing.profiles import Profile
from orchestration.landing.sniff import Sniffed

_ID_NAME = re.compile(r"(?:^|_)(?:id|key|ref|reference|uuid|guid|code|identifiant|numero)$")
_DATE_IN_NAME = re.compile(r"[-_. ]*(?<!\d)20\d{2}[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01])(?!\d)")
# Words of headers, in English and French, by canonical entity; two of them are needed to say a name.
_ENTITY_WORDS = {
    "lead": {"lead", "leads", "prospect", "prospects", "piste", "pistes", "email", "mail", "mql", "scoring", "telephone",
             "phone", "first", "prenom", "lifecycle", "contact"},
    "deal": {"deal", "deals", "opportunity", "opportunite", "affaire", "affaires", "stage", "etape", "pipeline", "amount",
             "montant", "closed", "close", "cloture", "won", "gagne", "probability", "probabilite"},
    "account": {"account", "accounts", "company", "compte", "societe", "entreprise", "industry", "secteur", "siret", "siren",
                "website", "domain", "domaine", "employees", "effectif"},
    "campaign_spend": {"spend", "cost", "cout", "depense", "depenses", "impressions", "clicks", "clics", "ctr", "cpc", "budget",
                       "campaign", "campagne"},
}  # fmt: skip


@dataclass
class Ambiguity:
    """What a person has to settle: a named kind, where, and what was done meanwhile."""

    code: str
    column: str | None
    message: str


@dataclass
class Proposal:
    """A profile as text, and the same findings for a machine."""

    vendor: str
    entity: str
    yaml: str
    columns: list[dict]
    dialect: dict | None
    key_candidates: list[str]
    canonical_guess: str | None
    ambiguities: list[Ambiguity] = field(default_factory=list)

    def as_dict(self) -> dict:
        """For `--json`."""
        return asdict(self)


def propose(
    table: Sniffed, name: str, day: str, known_vendors: Iterable[str], key_candidates: list[int], *, declare_dialect: bool
) -> Proposal:
    """A profile that lands this table as it is.

    Args:
        table: Header, rows and dialect.
        name: The file's name, which gives vendor and name pattern.
        day: The file's own day, declared as its extract day until a person knows better.
        known_vendors: Names that are taken.
        key_candidates: Positions of columns that are filled and unique in the whole file.
        declare_dialect: Whether the reader would not find it by itself.

    """
    by_position = is_positional(table)
    names = column_names(table)
    guesses = [
        guess_column(name, [row[position] for row in table.rows if position < len(row)]) for position, name in enumerate(names)
    ]
    ambiguities = [Ambiguity(code, None, message) for code, message in table.notes]
    decimal, doubts = settle_decimal_mark(guesses)
    ambiguities += [Ambiguity("number", *doubt) for doubt in doubts]
    ambiguities += [Ambiguity("day_order", *doubt) for doubt in settle_day_order(guesses)]
    ambiguities += [
        Ambiguity("timezone", guess.name, "its times name no zone: read as the profile's `timezone`, which nobody declared yet")
        for guess in guesses
        if guess.type == "timestamp" and not guess.is_zoned
    ]
    if by_position and len(set(map(_folded, table.header))) < len(table.header):
        ambiguities.append(Ambiguity("header_names", None, "header cells are empty or doubled: columns are found by position"))
    vendor, entity_guess = vendor_of(name, known_vendors), guess_entity(table.header)
    entity = entity_guess or "rows"
    keys = [names[position] for position in key_candidates]
    key = next(([column] for column in keys if _ID_NAME.search(column) and not by_position), [])
    if not key:
        found = f"; unique in every row: {', '.join(keys[:10])}" if keys else "; no column is filled and unique in every row"
        ambiguities.append(Ambiguity("key", None, f"no key declared: rows are told apart by position{found}"))
    ambiguities.append(Ambiguity("extract_day", None, f"{day} is the file's own day: used where its name has no date"))
    text = "\n".join(
        _lines(
            table, name, day, vendor, entity, names, guesses, decimal, key, ambiguities, entity_guess,
            by_position=by_position, declare_dialect=declare_dialect or by_position,
        )
    )  # fmt: skip
    Profile.model_validate(yaml.safe_load(text))
    columns = [
        {"name": column, "header": header, "type": guess.type, "support": guess.support, "format": guess.format}
        for column, header, guess in zip(names, _padded(table), guesses, strict=True)
    ]
    declared = asdict(table.dialect) if declare_dialect or by_position else None
    return Proposal(vendor, entity, text + "\n", columns, declared, keys, entity_guess, ambiguities)


def is_positional(table: Sniffed) -> bool:
    """Whether the header does not name every column once."""
    folded = [_folded(cell) for cell in table.header]
    return table.header_fit != "each" or len(set(folded)) < len(folded) or "" in folded


def column_names(table: Sniffed) -> list[str]:
    """Canonical names: the header's words, numbered where they repeat; by place where the header does not say."""
    names: list[str] = []
    for position in range(table.width):
        header = table.header[position] if position < len(table.header) else ""
        plain = snake_case(header) if table.header_fit != "shorter" else ""
        base = plain or f"column_{position + 1}"
        candidate, number = base, 2
        while candidate in names:
            candidate, number = f"{base}_{number}", number + 1
        names.append(candidate)
    return names


def snake_case(text: str) -> str:
    """A header as a column name: plain letters, digits and underscores, a letter first."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    plain = unicodedata.normalize("NFKD", split).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    return f"c_{words}" if words[:1].isdigit() else words


def vendor_of(name: str, taken: Iterable[str]) -> str:
    """A vendor's name from a file's; another one where that is taken."""
    words = snake_case(_DATE_IN_NAME.sub("", Path(name).stem)).removeprefix("c_") or "export"
    words = f"file_{words}" if not words[0].isalpha() else words
    vendor, number, taken = words, 2, set(taken)
    while vendor in taken:
        vendor, number = f"{words}_{number}", number + 1
    return vendor


def guess_entity(header: list[str]) -> str | None:
    """The canonical entity of which a header has most words, where one stands out."""
    words = {word for cell in header for word in snake_case(cell).split("_")}
    hits = sorted(((len(words & known), entity) for entity, known in _ENTITY_WORDS.items()), reverse=True)
    return hits[0][1] if hits[0][0] >= 2 and hits[0][0] > hits[1][0] else None


def _folded(header: str) -> str:
    return " ".join(unicodedata.normalize("NFC", header).split()).casefold()


def _padded(table: Sniffed) -> list[str]:
    """A header for every column: where a cell of it is blank or lacks, its place."""
    cells = table.header + [""] * (table.width - len(table.header))
    return [cell if cell.strip() else column_name_of_position(position) for position, cell in enumerate(cells)]


def _quoted(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in plain)


def _lines(
    table: Sniffed, name: str, day: str, vendor: str, entity: str, names: list[str], guesses: list[ColumnGuess], decimal: str,
    key: list[str], ambiguities: list[Ambiguity], entity_guess: str | None, *, by_position: bool, declare_dialect: bool,
) -> Iterator[str]:  # fmt: skip
    yield f"# Proposed from {len(table.rows)} rows of {_quoted(name)}. Settle what is listed as open, then keep it."
    for item in ambiguities:
        yield _comment(f"open: {item.code}{f' of {item.column}' if item.column else ''}: {item.message}")
    yield f"vendor: {vendor}"
    yield f"label: {_quoted(Path(name).stem)}"
    yield f"source_note: {_quoted(f'Proposed from the header and rows of {name}; not confirmed by its vendor.')}"
    yield "timezone: UTC"
    yield "locales:"
    yield "  any:"
    yield f"    decimal: {_quoted(decimal)}"
    for key_name, kind in (("date_formats", "date"), ("timestamp_formats", "timestamp")):
        formats = list(dict.fromkeys(guess.format for guess in guesses if guess.type == kind and guess.format))
        if formats:
            yield f"    {key_name}: [{', '.join(map(_quoted, formats))}]"
    yield "feeds:"
    yield f"  {entity}:"
    yield f"    description: {_quoted(f'One row per row of {name}')}"
    yield "    delivery: full"
    yield f"    key: [{', '.join(key)}]"
    yield f"    files: [{_quoted(name_pattern(name))}]"
    yield "    skip_totals: false"
    yield f"    extract_time: {{declared: {_quoted(day)}}}"
    if declare_dialect:
        spec = {**asdict(table.dialect), **({"columns_by": "position"} if by_position else {})}
        yield f"    dialect: {{{', '.join(f'{field}: {_spelled(value)}' for field, value in spec.items())}}}"
    if entity_guess:
        yield _comment(f"its headers look like those of `{entity_guess}`: map them under `canonical:` to reach the marts", 4)
    yield "    columns:"
    for column, header, guess in zip(names, _padded(table), guesses, strict=True):
        yield f"      {column}: {{header: {_quoted(header)}, type: {guess.type}}}  # {guess.reason}"


def _spelled(value: str | int) -> str:
    return _quoted(value) if isinstance(value, str) else str(value)


def _comment(text: str, indent: int = 0) -> str:
    return " " * indent + "# " + " ".join(text.split())


def name_pattern(name: str) -> str:
    """The file's name with any day in it; signs that mean something in a pattern match themselves or their like."""
    return re.sub(r"[\[\]*?]", "?", _DATE_IN_NAME.sub("\0", name)).replace("\0", "*")


def day_of(timestamp: float) -> str:
    """The day of a file's last change, in UTC."""
    return dt.datetime.fromtimestamp(timestamp, tz=dt.UTC).date().isoformat()
