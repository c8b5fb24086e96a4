"""Which feed a file is, by its header; where the header stands; whether it keeps the header contract.

Input: decoded text and the profiles. Values are not looked at here.
"""

import csv
import difflib
import fnmatch
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from orchestration.landing.dialect import Dialect, column_name_of_position, join_header
from orchestration.landing.intake import without_addresses
from orchestration.landing.parts import Recognition
from orchestration.landing.profiles import Feed, Profile, normalise_header
from orchestration.landing.record_scan import LongLineError
from orchestration.landing.record_split import RecordSplitter, UnclosedQuotesError
from orchestration.landing.refused import RefusedError
from orchestration.landing.sniff import excel_separator, newline_of, quoting_of, sniff

MAX_PREAMBLE_LINES = 30
MAX_HEADER_CELL_LINES = 5
DELIMITERS = (",", ";", "\t", "|")
# Below it two headers have hardly more in common than any two words.
_LEAST_LIKENESS = 0.5
# Below this share of a feed's required columns a header is another kind of file, not a broken one.
SAME_KIND_SHARE = 0.6
# Far more columns than any export has, far fewer than what would eat memory.
MAX_COLUMNS = 5000
_ROWS_FOR_WIDTH = 200
_QUOTING_CHARACTERS = 100_000
_LINE_END = re.compile(r"\r\n|\n|\r")
# Line ends at which no reader of CSV splits, within what was meant as two lines; decoding makes an ellipsis of U+0085.
_JOINT = re.compile("(?<=\\S)[\u2026\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029](?=\\S)")


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
            for a known feed that breaks its header contract; `too_many_columns`.

    """
    profiles = list(profiles)
    rows = _header_rows(head, file_name, profiles)
    try:
        recognition = _recognise(rows, file_name, profiles)
    except RefusedError as refusal:
        # A separator or quote that is none of the usual ones shows by the rows, which costs more than a look at the header.
        table = sniff(head, is_whole=False) if refusal.code in ("not_a_feed", "missing_column") else None
        if table is None or table.header_fit != "each" or table.dialect.delimiter in DELIMITERS:
            raise
        names = frozenset(map(normalise_header, table.header))
        row = _HeaderRow(table.dialect.preamble_lines, table.header, names, table.dialect)
        try:
            recognition = _recognise([row], file_name, profiles)
        except RefusedError:
            raise refusal from None
    return recognition if recognition.feed.dialect else _fit_to_rows(recognition, head)


def _header_rows(head: str, file_name: str, profiles: list[Profile]) -> list[_HeaderRow]:
    declared = {feed.dialect.as_dialect() for profile in profiles for feed in profile.feeds.values() if feed.dialect}
    split = _split_rows(_pieces(head), newline_of(head), excel_separator(head))
    rows = [*split, *(row for dialect in declared if (row := _declared_row(head, dialect)))]
    widest = max(rows, key=lambda row: len(row.cells), default=None)
    if widest and len(widest.cells) > MAX_COLUMNS:
        raise RefusedError(
            "too_many_columns",
            f"{file_name}: line {widest.line + 1}: more than {MAX_COLUMNS} cells; remedy: export only what is needed",
        )
    return rows


def _fit_to_rows(recognition: Recognition, head: str) -> Recognition:
    """Blank cells beyond the header's or the rows' last are a spreadsheet's way; quoting is as the rows prove it."""
    dialect, header = recognition.dialect, recognition.header
    if '\\"' in head or f"{dialect.delimiter}'" in head:
        quoting = quoting_of(head[:_QUOTING_CHARACTERS], replace(dialect, preamble_lines=dialect.lines_before_data))
        dialect = replace(dialect, quote=quoting.quote, escape=quoting.escape)
    rows = _first_rows(head, dialect)
    widths = Counter(map(len, rows))
    if widths and 2 * widths[len(header)] < len(rows):
        width = widths.most_common(1)[0][0]
        beyond = [cell for row in rows if len(row) == width for cell in row[len(header) :]]
        if len(header) < width and not any(cell.strip() for cell in beyond):
            header = header + [""] * (width - len(header))
        elif not any(cell.strip() for cell in header[width:]):
            header = header[:width]
    return replace(recognition, dialect=dialect, header=header)


def _first_rows(head: str, dialect: Dialect) -> list[list[str]]:
    stream = io.StringIO(head, newline="\r" if dialect.newline == "\r" else "\n")
    for _ in range(dialect.lines_before_data):
        stream.readline()
    try:
        records = RecordSplitter(dialect).records(stream)
        return [record.cells for record in islice(records, _ROWS_FOR_WIDTH) if record.fault is None][:-1]
    except (LongLineError, UnclosedQuotesError):
        return []


def recognise_rows(rows: list[list[str]], file_name: str, profiles: Iterable[Profile]) -> Recognition:
    """The same for rows of a format that knows cells (see `recognise`)."""
    heads = [
        _HeaderRow(number, row, frozenset(normalise_header(cell) for cell in row))
        for number, row in enumerate(rows[: MAX_PREAMBLE_LINES + 1])
        if any(cell.strip() for cell in row)
    ]
    return _recognise(heads, file_name, list(profiles))


def _pieces(head: str) -> list[tuple[int, str]]:
    """The first lines, split at any line end, each with the number of the file's own lines above it.

    A bare return in a file of other line ends is text within quotes, or a fault that is told once the header is known.
    """
    ends, found, start, number = "\r" if newline_of(head) == "\r" else "\n", [], 0, 0
    for end in islice(_LINE_END.finditer(head), MAX_PREAMBLE_LINES + MAX_HEADER_CELL_LINES):
        found.append((number, head[start : end.start()]))
        start, number = end.end(), number + (ends in end.group())
    return [*found, (number, _LINE_END.split(head[start:], 1)[0])]


def _split_rows(pieces: list[tuple[int, str]], newline: str, separator: str | None) -> Iterator[_HeaderRow]:
    """Every line split at every common delimiter; a quoted header cell may go on in the next lines."""
    numbers, lines = [number for number, _ in pieces], [text for _, text in pieces]
    for place, line in enumerate(lines[: MAX_PREAMBLE_LINES + 1]):
        for delimiter in [separator] if separator else DELIMITERS:
            reader = csv.reader((text + "\n" for text in lines[place : place + MAX_HEADER_CELL_LINES]), delimiter=delimiter)
            try:
                cells = next(reader, None) if line.strip() else None
            except csv.Error:
                continue
            if not cells or not any(cell.strip() for cell in cells):
                continue
            dialect = Dialect(delimiter=delimiter, newline=newline, preamble_lines=numbers[place + reader.line_num - 1])
            following = next((text for text in lines[place + reader.line_num :] if text.strip()), None)
            in_prose = following is not None and delimiter not in following
            yield _HeaderRow(numbers[place], cells, frozenset(normalise_header(cell) for cell in cells), dialect, in_prose)


def _declared_row(head: str, dialect: Dialect) -> _HeaderRow | None:
    """The header as a profile's own dialect splits it; without a header the columns have their positions for names."""
    stream = io.StringIO(head, newline="\r" if dialect.newline == "\r" else "\n")
    above = [stream.readline() for _ in range(dialect.preamble_lines)]
    lines = [stream.readline() for _ in range(dialect.header_lines or 1)]
    try:
        records = list(
            RecordSplitter(dialect).records(io.StringIO("".join(lines), newline="\r" if dialect.newline == "\r" else "\n"))
        )
    except (LongLineError, UnclosedQuotesError):
        return None
    if not records or any(record.fault for record in records) or (above and not above[-1]):
        return None
    cells = join_header([list(record.cells) for record in records])
    if dialect.header_lines == 0:
        cells = [column_name_of_position(position) for position in range(len(cells))]
    return _HeaderRow(dialect.preamble_lines, cells, frozenset(map(normalise_header, cells)), dialect)


def _recognise(rows: list[_HeaderRow], file_name: str, profiles: list[Profile]) -> Recognition:
    ranked = sorted(_candidates(rows, file_name, profiles), key=lambda candidate: candidate.rank, reverse=True)
    if not ranked:
        raise RefusedError(
            "not_a_feed",
            f"{file_name}: line 1: its header is that of no export profile; remedy: `tandem profile FILE` proposes a profile "
            "for seeds/export_profiles/, or take the file away",
        )
    best = _richer(ranked[0], ranked) or ranked[0]
    if _holds_rows(best):
        raise RefusedError(
            "mixed_line_ends",
            f"{file_name}: line {best.row.line + 1}: rows stand behind the header in its line; remedy: export it again with "
            "line ends of a common kind",
            best.feed.name,
        )
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
    other = next((item for item in ranked if item.feed.name != best.feed.name), None)
    found = _recognition(best)
    return (
        replace(found, runner_up=f"{other.feed.name}: {other.matched} required columns, {len(other.missing)} missing")
        if other
        else found
    )


def _holds_rows(candidate: _Candidate) -> bool:
    """Whether other line ends joined rows to the header: their cells would be told as names of columns."""
    cells = candidate.row.cells
    joint = next((place for place, cell in enumerate(cells) if _JOINT.search(cell)), 0)
    following = cells[joint + 1 :]
    if candidate.row.dialect is None or not 0 < joint <= len(following):
        return False
    contracted = candidate.feed.headers(candidate.language)
    return not any(normalise_header(cell) in contracted for cell in following)


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
            if feed.is_positional:
                yield from _positional_candidates(rows, profile, feed, own, name_matches)
                continue
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


def _positional_candidates(
    rows: list[_HeaderRow], profile: Profile, feed: Feed, own: Dialect | None, name_matches: bool
) -> Iterator[_Candidate]:
    """A feed of which the columns count by place: each header cell must be what it was; without a header the name must fit."""
    language = feed.languages[0]
    headers = [[normalise_header(text) for text in column.headers_in(language)] for column in feed.columns.values()]
    for row in rows:
        if (
            row.dialect not in (own, None)
            or len(row.cells) > len(headers)
            or (own and own.header_lines == 0 and not name_matches)
        ):
            continue
        padded = row.cells + [""] * (len(headers) - len(row.cells))
        cells = [normalise_header(cell) or column_name_of_position(position) for position, cell in enumerate(padded)]
        missing = [texts[0] for cell, texts in zip(cells, headers, strict=True) if cell not in texts]
        if len(headers) - len(missing) >= SAME_KIND_SHARE * len(headers):
            known = row.names & {text for texts in headers for text in texts}
            n_matched = len(headers) - len(missing)
            yield _Candidate(profile, feed, language, row, missing, n_matched, name_matches, [], known, known)


def _require_unique_headers(candidate: _Candidate, file_name: str) -> None:
    if candidate.feed.is_positional:
        return
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
        nearest = _nearest(contracted[header], candidate, unknown)
        parts.append(f"'{header}'" + (f" (nearest in the file: '{nearest}')" if nearest else ""))
    return (
        f"{file_name}: line {candidate.row.line + 1}: feed {candidate.feed.name} lacks column {', '.join(parts)}; "
        "remedy: export it again with that column, or map its new name in seeds/export_profiles/"
    )


def _nearest(column: str, candidate: _Candidate, unknown: list[str]) -> str | None:
    """The header in the file that is most like any wording of a column, if one is like it at all."""
    wordings = [normalise_header(text) for text in candidate.feed.columns[column].headers_in(candidate.language)]
    likeness = [
        (difflib.SequenceMatcher(None, wording, name).ratio() + (wording in name or name in wording), name)
        for wording in wordings
        for name in unknown
    ]
    best = max(likeness, default=(0.0, ""))
    return without_addresses(best[1]) if best[0] >= _LEAST_LIKENESS else None


def _recognition(candidate: _Candidate) -> Recognition:
    if candidate.feed.is_positional:
        names = list(candidate.feed.columns)
        header = candidate.row.cells + [""] * (len(names) - len(candidate.row.cells))
        return Recognition(
            candidate.profile, candidate.feed, candidate.language, candidate.row.line, header, dict(enumerate(names)),
            dialect=candidate.row.dialect,
        )  # fmt: skip
    contracted = candidate.feed.headers(candidate.language)
    columns: dict[int, str] = {}
    extra: dict[int, str] = {}
    for position, cell in enumerate(candidate.row.cells):
        name = normalise_header(cell)
        if name in contracted:
            columns[position] = contracted[name]
        elif name:
            extra[position] = without_addresses(cell.strip())
    return Recognition(
        candidate.profile, candidate.feed, candidate.language, candidate.row.line, candidate.row.cells, columns, extra,
        candidate.row.dialect,
    )  # fmt: skip
