"""Which feed a file is, by its header; where the header stands; whether it keeps the header contract.

Input: decoded text and the profiles. Values are not looked at here.
"""

import csv
import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from orchestration.landing.dialect import Dialect
from orchestration.landing.profiles import Feed, Profile, normalise_header

MAX_PREAMBLE_LINES = 30
MAX_HEADER_CELL_LINES = 5
DELIMITERS = (",", ";", "\t", "|")
# Below this share of a feed's required columns a header is another kind of file, not a broken one.
SAME_KIND_SHARE = 0.6
_LINE_END = re.compile(r"\r\n|\n|\r")


class RefusedError(Exception):
    """The file can't be landed. `code` is the reason's name, the message names file, column and remedy."""

    def __init__(self, code: str, message: str, feed: str | None = None):
        super().__init__(message)
        self.code, self.feed = code, feed


@dataclass(frozen=True)
class Recognition:
    """A file's feed, where its header stands and which column is which; `dialect` for text files only."""

    profile: Profile
    feed: Feed
    language: str
    header_line: int
    header: list[str]
    columns: dict[int, str]
    extra_columns: dict[int, str] = field(default_factory=dict)
    dialect: Dialect | None = None


@dataclass(frozen=True)
class _HeaderRow:
    """A row that may be the header: its place, its cells, and how a text file was split to get it.

    `in_prose`: the next line is not split by the same delimiter at all, so that this is a sentence with column names in it.
    """

    line: int
    cells: list[str]
    names: frozenset[str]
    dialect: Dialect | None = None
    in_prose: bool = False


@dataclass(frozen=True)
class _Candidate:
    profile: Profile
    feed: Feed
    language: str
    row: _HeaderRow
    missing: list[str]
    matched: int
    name_matches: bool
    finer: list[str]
    needed: frozenset[str]
    known: frozenset[str]

    @property
    def rank(self) -> tuple:
        faults = len(self.missing) + len(self.finer)
        return (faults == 0, self.matched - faults, -len(self.finer), self.name_matches, -len(self.feed.columns))


def recognise(head: str, file_name: str, profiles: Iterable[Profile]) -> Recognition:
    """Find the feed whose header contract a text file keeps.

    Args:
        head: The first lines of the file.
        file_name: Its name: evidence only.
        profiles: All known vendors.

    Raises:
        RefusedError: `not_a_feed` for an unknown file; `missing_column`, `duplicate_column`, `ambiguous_feed`, `finer_rows`
            for a known feed that breaks its header contract.

    """
    profiles = list(profiles)
    lines = list(islice(_LINE_END.split(head), MAX_PREAMBLE_LINES + MAX_HEADER_CELL_LINES + 1))
    declared = {feed.dialect.as_dialect() for profile in profiles for feed in profile.feeds.values() if feed.dialect}
    rows = [*_split_rows(lines, _newline(head)), *(row for dialect in declared if (row := _declared_row(lines, dialect)))]
    return _recognise(rows, file_name, profiles)


def recognise_rows(rows: list[list[str]], file_name: str, profiles: Iterable[Profile]) -> Recognition:
    """The same for rows of a format that knows cells (see `recognise`)."""
    heads = [
        _HeaderRow(number, row, frozenset(normalise_header(cell) for cell in row))
        for number, row in enumerate(rows[: MAX_PREAMBLE_LINES + 1])
        if any(cell.strip() for cell in row)
    ]
    return _recognise(heads, file_name, list(profiles))


def _newline(head: str) -> str:
    if "\r\n" in head:
        return "\r\n"
    return "\n" if "\n" in head or "\r" not in head else "\r"


def _split_rows(lines: list[str], newline: str) -> Iterator[_HeaderRow]:
    """Every line split at every common delimiter; a quoted header cell may go on in the next lines."""
    for number, line in enumerate(lines[: MAX_PREAMBLE_LINES + 1]):
        for delimiter in DELIMITERS:
            reader = csv.reader((text + "\n" for text in lines[number : number + MAX_HEADER_CELL_LINES]), delimiter=delimiter)
            if not line.strip() or not (cells := next(reader, None)) or not any(cell.strip() for cell in cells):
                continue
            dialect = Dialect(delimiter=delimiter, newline=newline, preamble_lines=number + reader.line_num - 1)
            following = next((text for text in lines[number + reader.line_num :] if text.strip()), None)
            in_prose = following is not None and delimiter not in following
            yield _HeaderRow(number, cells, frozenset(normalise_header(cell) for cell in cells), dialect, in_prose)


def _declared_row(lines: list[str], dialect: Dialect) -> _HeaderRow | None:
    """The header as a profile's own dialect splits it: several header lines are joined cell by cell."""
    header = lines[dialect.preamble_lines : dialect.preamble_lines + max(dialect.header_lines, 1)]
    rows = [_split_line(line, dialect) for line in header]
    if not rows or len({len(row) for row in rows}) > 1:
        return None
    if dialect.header_lines == 0:
        # Without a header the columns have their positions for names, as the profile declares them.
        cells = [f"column_{position}" for position in range(1, len(rows[0]) + 1)]
    else:
        cells = [" ".join(part for part in parts if part) for parts in zip(*rows, strict=True)]
    return _HeaderRow(dialect.preamble_lines, cells, frozenset(map(normalise_header, cells)), dialect)


def _split_line(line: str, dialect: Dialect) -> list[str]:
    quoting = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    escape = {"escapechar": dialect.escape, "doublequote": False} if dialect.escape not in ("", dialect.quote) else {}
    spaced = dialect.delimiter.endswith(" ") and dialect.delimiter != " "
    return next(csv.reader([line], delimiter=dialect.delimiter[0], skipinitialspace=spaced, **quoting, **escape), [])


def _recognise(rows: list[_HeaderRow], file_name: str, profiles: list[Profile]) -> Recognition:
    ranked = sorted(_candidates(rows, file_name, profiles), key=lambda candidate: candidate.rank, reverse=True)
    if not ranked:
        raise RefusedError(
            "not_a_feed",
            f"{file_name}: line 1: its header is that of no export profile; remedy: `tandem profile FILE` proposes a profile "
            "for seeds/export_profiles/, or take the file away",
        )
    best = _richer(ranked[0], ranked) or ranked[0]
    _require_unique_headers(best, file_name)
    if best.missing:
        raise RefusedError("missing_column", _explain_missing(best, file_name), best.feed.name)
    if best.finer:
        raise RefusedError(
            "finer_rows",
            f"{file_name}: line {best.row.line + 1}: column '{best.finer[0]}' makes its rows finer than those of feed "
            f"{best.feed.name}, one per {', '.join(best.feed.key)}; remedy: export it without that segment",
            best.feed.name,
        )
    rivals = sorted({item.feed.name for item in ranked if item.rank == best.rank})
    if len(rivals) > 1:
        raise RefusedError(
            "ambiguous_feed",
            f"{file_name}: line {best.row.line + 1}: its header is that of {' and of '.join(rivals)}; "
            f"remedy: name the file after one of them ({', '.join(best.feed.files) or 'see the profile'})",
        )
    return _recognition(best)


def _richer(best: _Candidate, ranked: list[_Candidate]) -> _Candidate | None:
    """The feed that knows all that the best one needs and more of the header besides, but lacks a column itself.

    A small feed (id, name) fits many a broken file of a larger one; landing it as the small one would be silently wrong.
    """
    if best.missing:
        return None
    return next(
        (
            item
            for item in ranked
            if item.missing and item.row is best.row and best.needed <= item.known and len(item.known) > len(best.known)
        ),
        None,
    )


def _candidates(rows: list[_HeaderRow], file_name: str, profiles: list[Profile]) -> Iterator[_Candidate]:
    for profile in profiles:
        for feed in profile.feeds.values():
            name_matches = any(fnmatch.fnmatch(file_name.casefold(), pattern.casefold()) for pattern in feed.files)
            own = feed.dialect.as_dialect() if feed.dialect else None
            never = {normalise_header(header) for header in feed.never_with}
            for language in feed.languages:
                required = feed.required_headers(language)
                contracted = feed.headers(language).keys()
                for row in rows:
                    if feed.dialect and row.dialect is not None and row.dialect != own:
                        continue
                    missing = [headers[0] for headers in required if not row.names.intersection(headers)]
                    matched = len(required) - len(missing)
                    if matched < SAME_KIND_SHARE * len(required) or (missing and row.in_prose):
                        continue
                    finer = sorted(row.names & never)
                    needed = row.names.intersection(header for headers in required for header in headers)
                    known = row.names & contracted
                    yield _Candidate(profile, feed, language, row, missing, matched, name_matches, finer, needed, known)


def _require_unique_headers(candidate: _Candidate, file_name: str) -> None:
    contracted = candidate.feed.headers(candidate.language)
    names = [name for cell in candidate.row.cells if (name := normalise_header(cell)) in contracted]
    doubled = [name for name in names if sum(contracted[other] == contracted[name] for other in names) > 1]
    if doubled:
        raise RefusedError(
            "duplicate_column",
            f"{file_name}: line {candidate.row.line + 1}: column '{doubled[0]}' of feed {candidate.feed.name} stands "
            f"{len(doubled)} times; remedy: export it once",
            candidate.feed.name,
        )


def _explain_missing(candidate: _Candidate, file_name: str) -> str:
    contracted = candidate.feed.headers(candidate.language)
    present = [normalise_header(cell) for cell in candidate.row.cells]
    unknown = [name for name in present if name and name not in contracted]
    parts = []
    for header in candidate.missing:
        nearest = difflib.get_close_matches(header, unknown, n=1, cutoff=0.6)
        parts.append(f"'{header}'" + (f" (nearest in the file: '{nearest[0]}')" if nearest else ""))
    return (
        f"{file_name}: line {candidate.row.line + 1}: feed {candidate.feed.name} lacks column {', '.join(parts)}; "
        "remedy: export it again with that column, or map its new name in seeds/export_profiles/"
    )


def _recognition(candidate: _Candidate) -> Recognition:
    contracted = candidate.feed.headers(candidate.language)
    columns: dict[int, str] = {}
    extra: dict[int, str] = {}
    for position, cell in enumerate(candidate.row.cells):
        name = normalise_header(cell)
        if name in contracted:
            columns[position] = contracted[name]
        elif name:
            extra[position] = cell.strip()
    return Recognition(
        candidate.profile, candidate.feed, candidate.language, candidate.row.line, candidate.row.cells, columns, extra,
        candidate.row.dialect,
    )  # fmt: skip
