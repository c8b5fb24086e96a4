"""Which dialect a text file has, where its header stands and how wide its rows are, by evidence over the rows.

Every plausible way to split is tried; the one in which most rows are equally wide and most cells are whole values wins.
"""

import io
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from orchestration.landing.cell_kinds import kind_of, typed_columns
from orchestration.landing.dialect import Dialect, column_name_of_position, join_header
from orchestration.landing.record_split import Record, RecordSplitter, UnclosedQuotesError

_DELIMITERS = (",", ";", "\t", "|", ", ", "; ", "\x1f", "\x1e", "^", "~", " ")
_SAMPLE_CHARACTERS = 100_000
_SAMPLE_CELLS = 4000
_ROWS_FOR_KINDS = 500
_ROWS_FOR_QUOTING = 50
# Below this share of equally wide rows no way to split makes a table of the file.
_LEAST_FIT = 0.5
_LEAST_FIT_OF_BLANKS = 0.9
_MAX_HEADER_ROWS = 5
_MAX_PREAMBLE_LINES = 30
_MAX_UNCLOSED = 50
_YEAR = re.compile(r"\s*(19|20)\d\d\s*")
_TRACE = re.compile(r"""[;\t|,]\S|^['"]|['"]$""")
_EXCEL_SEPARATOR = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)


@dataclass
class Sniffed:
    """A table within a text file, with the reasons for reading it so.

    `fit` is the share of rows with the table's width; `faults` are what forbids to land it without a word from a person,
    as (code, message); `notes` are what a person should look at.
    """

    dialect: Dialect
    header: list[str]
    width: int
    rows: list[list[str]]
    fit: float
    runner_up: str | None = None
    header_fit: Literal["each", "shorter", "none"] = "each"
    faults: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Reading:
    """The sample as one dialect splits it."""

    dialect: Dialect
    records: list[Record]
    irregular: int
    width: int = 0
    first: int = 0
    end: int = 0
    fit: float = 0.0
    score: float = 0.0


def newline_of(text: str) -> str:
    """How lines end: as the first that ends."""
    if "\r\n" in text:
        return "\r\n"
    return "\n" if "\n" in text or "\r" not in text else "\r"


def excel_separator(text: str) -> str | None:
    """The delimiter that Excel's first line `sep=;` declares."""
    found = _EXCEL_SEPARATOR.match(text.split("\n", 1)[0].split("\r", 1)[0])
    return found.group(1) if found else None


def quoting_of(text: str, dialect: Dialect) -> Dialect:
    """The same dialect with the quoting that the rows of a text prove."""
    readings = [
        _read(text, replace(dialect, quote=quote, escape=escape)) for quote, escape in _quotings(text, dialect.delimiter)
    ]
    return max(readings, key=lambda reading: (round(reading.score, 4), reading.irregular == 0)).dialect


def sniff(head: str, is_whole: bool) -> Sniffed | None:
    """The table in a text, or None when there is none.

    Args:
        head: The first part of the file.
        is_whole: Whether it is the whole file; otherwise its last line is not looked at.

    """
    sample = head[:_SAMPLE_CHARACTERS]
    if len(sample) < len(head) or not is_whole:
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or sample
    readings = _readings(sample)
    if not readings:
        return None
    best = readings[0]
    rivals = [reading for reading in readings if reading.dialect.delimiter.strip(" ") != best.dialect.delimiter.strip(" ")]
    table = _table(best)
    if table is not None and rivals and rivals[0].score > 0:
        rival = rivals[0]
        table.runner_up = f"delimiter {rival.dialect.delimiter!r}: {rival.width} columns, {rival.fit:.0%} of the rows"
    return table


def table_of_rows(rows: list[list[str]]) -> Sniffed | None:
    """The table among rows of a format that knows cells; its dialect says only where the header stands."""
    width = max((len(row) for row in rows), default=0)
    records = [Record(number, [*row, *[""] * (width - len(row))], "") for number, row in enumerate(rows, start=1)]
    reading = _Reading(Dialect(), [record for record in records if any(record.cells)], 0, width, 0, len(records), 1.0)
    return _table(reading) if reading.records and width else None


def _readings(sample: str) -> list[_Reading]:
    newline, declared = newline_of(sample), excel_separator(sample)
    delimiters = [declared] if declared else [item for item in _DELIMITERS if item in sample] or [","]
    readings = [
        _read(sample, Dialect(delimiter, quote, escape, newline, preamble_lines=int(declared is not None)))
        for delimiter in delimiters
        for quote, escape in _quotings(sample, delimiter)
    ]
    readings = [reading for reading in readings if reading.records]
    # The order of the candidates breaks ties, but `, ` explains more than `,` when both fit, and a way to write quotes within
    # cells is one only if all of them are written so.
    return sorted(
        readings, key=lambda item: (round(item.score, 4), len(item.dialect.delimiter), item.irregular == 0), reverse=True
    )


def _quotings(text: str, delimiter: str) -> list[tuple[str, str]]:
    """Quote and escape characters for which the text has a sign, the usual first."""
    found = [('"', '"')]
    if '"' in text:
        if '\\"' in text:
            found.append(('"', "\\"))
        found.append(('"', ""))
    opens_cell = re.compile(rf"(?:^|{re.escape(delimiter)})'", re.MULTILINE)
    if opens_cell.search(text):
        runs = re.findall('"+', text)
        if runs and all(len(run) % 2 == 0 for run in runs):
            found.append(("'", '"'))
        found.append(("'", "'"))
        if "\\'" in text:
            found.append(("'", "\\"))
    if '"' in text:
        found.append(("", ""))
    return found


def _read(text: str, dialect: Dialect) -> _Reading:
    splitter = RecordSplitter(dialect, max_unclosed=_MAX_UNCLOSED)
    # Text streams translate line ends they are not told of.
    stream = io.StringIO(newline="\r" if dialect.newline == "\r" else "\n")
    stream.write(text)
    stream.seek(0)
    for _ in range(dialect.preamble_lines):
        stream.readline()
    reading = _Reading(dialect, [], 0)
    try:
        reading.records = list(splitter.records(stream, dialect.preamble_lines + 1))
    except UnclosedQuotesError:
        return reading
    reading.irregular = splitter.irregular_quotes
    widths = [0 if record.fault else len(record.cells) for record in reading.records]
    counts = Counter(width for width in widths if width)
    if not counts:
        return reading
    reading.width = max(counts, key=lambda width: (counts[width] * (width > 1), counts[width], width))
    reading.first = next(number for number, width in enumerate(widths) if width == reading.width)
    reading.end = _end_of_table(widths, reading.width, reading.first)
    within = widths[reading.first : reading.end]
    reading.fit = within.count(reading.width) / len(within)
    # Rows above the table count too: a reading that explains the header is better than one that explains the rows only. A table
    # of a few rows among many others is an accident.
    explained = within.count(reading.width) / reading.end * min(1.0, 2 * len(within) / len(widths))
    reading.score = explained * _whole_values(reading) * (1 - 1 / (1 + reading.width)) if reading.width > 1 else 0.0
    return reading


def _end_of_table(widths: list[int], width: int, first: int) -> int:
    """Where hardly a row has the table's width any more: another table, or none."""
    fitting = sum(item == width for item in widths[first:])
    others = len(widths) - first - fitting
    for number in range(first, len(widths)):
        if widths[number] == width:
            fitting -= 1
            continue
        if fitting <= 0.1 * (fitting + others):
            return number
        others -= 1
    return len(widths)


def _whole_values(reading: _Reading) -> float:
    """Share of cells that are empty, a number, a day, a time, an address, or text without a trace of other separators."""
    n_cells = n_whole = 0
    rows = reading.records[reading.first : reading.end]
    for record in rows[1:] or rows:
        if len(record.cells) != reading.width:
            continue
        for cell in record.cells:
            kind = kind_of(cell)
            n_whole += 1.0 if kind != "text" else 0.4 if _TRACE.search(cell) else 0.8
        n_cells += reading.width
        if n_cells > _SAMPLE_CELLS:
            break
    return n_whole / n_cells if n_cells else 0.0


def _table(reading: _Reading) -> Sniffed | None:
    records = reading.records[: reading.end]
    if reading.width == 1 and not _is_list(records):
        return None
    start, n_header = _find_header(records, reading.width)
    header_records = records[start : start + n_header]
    body = [record for record in records[start + n_header :] if len(record.cells) == reading.width]
    line = records[start].line if start < len(records) else 1
    preamble_lines = line - 1
    last_header_line = _last_line(header_records[-1], reading.dialect) if header_records else preamble_lines
    dialect = replace(reading.dialect, preamble_lines=preamble_lines, header_lines=last_header_line - preamble_lines)
    header = join_header([list(record.cells) for record in header_records])
    table = Sniffed(dialect, header, reading.width, [record.cells for record in body], reading.fit)
    # Words are separated by blanks too: only rows that nearly all fit and hold some number or day are a table then.
    is_prose = dialect.delimiter == " " and not typed_columns(table.rows, reading.width)
    least_fit = _LEAST_FIT if dialect.delimiter != " " else _LEAST_FIT_OF_BLANKS
    if reading.width > 1 and (reading.fit < least_fit or is_prose):
        table.faults.append(
            ("no_table", f"line {line}: only {reading.fit:.0%} of the rows have {reading.width} cells, the most frequent width")
        )
    if preamble_lines > _MAX_PREAMBLE_LINES:
        table.faults.append(("no_table", f"line {line}: {preamble_lines} lines of another shape stand above the widest table"))
    _judge_header(table, header_records, records[:start], body, line)
    return table


def _last_line(record: Record, dialect: Dialect) -> int:
    return record.line + record.text.count("\r" if dialect.newline == "\r" else "\n")


def _is_list(records: list[Record]) -> bool:
    """Whether lines without any separator are one column of values, and not prose."""
    cells = [record.cells[0] for record in records if record.cells]
    values = sum(kind_of(cell) != "text" for cell in cells[1:])
    return len(cells) > 1 and values >= 0.9 * (len(cells) - 1)


def _find_header(records: list[Record], width: int) -> tuple[int, int]:
    """The first record of the header and how many records it has; (first data record, 0) where there is none."""
    start = next((n for n, record in enumerate(records) if len(record.cells) == width and _is_filled(record, width)), None)
    if start is None:
        return len(records), 0
    if _is_data(records, start, width):
        # A header may have fewer or more cells than the rows, but then it stands right above them.
        is_near = start > 0 and abs(len(records[start - 1].cells) - width) <= max(1, width // 10)
        return (start - 1, 1) if is_near and _is_filled(records[start - 1], width) else (start, 0)
    if not typed_columns(_body(records, start, width), width):
        start = _after_blank_row(records, start, width)
    end = start + 1
    for number in range(start + 1, min(start + 1 + _MAX_HEADER_ROWS, len(records))):
        cells, above = records[number].cells, records[start].cells
        if len(cells) != width:
            break
        if not any(cell.strip() for cell in cells):
            continue
        fills = any(cell.strip() and not upper.strip() for cell, upper in zip(cells, above, strict=False))
        typed = typed_columns(_body(records, number, width), width)
        contrasts, matches = _contrast(cells, typed)
        # A second row names what the first leaves open, or says a unit or a remark above numbers and nothing else.
        is_remark = all(position in typed for position, cell in enumerate(cells) if cell.strip())
        if cells != above and not ((fills or is_remark) and contrasts and not matches):
            break
        end = number + 1
    return start, end - start


def _body(records: list[Record], header: int, width: int) -> list[list[str]]:
    return [record.cells for record in records[header + 1 : header + 1 + _ROWS_FOR_KINDS] if len(record.cells) == width]


def _is_filled(record: Record, width: int) -> bool:
    return record.fault is None and sum(bool(cell.strip()) for cell in record.cells) >= min(2, width)


def _contrast(cells: list[str], typed: dict[int, str]) -> tuple[int, int]:
    """In how many typed columns a row holds text, and in how many a value of the column's kind."""
    kinds = [(kind_of(cells[position]), kind) for position, kind in typed.items() if position < len(cells)]
    return sum(found in ("text", "address") for found, _ in kinds), sum(found == kind for found, kind in kinds)


def _is_data(records: list[Record], number: int, width: int) -> bool:
    """Whether a row is of the same kind as those below it; where there are none, whether it holds any number or day."""
    cells, body = records[number].cells, _body(records, number, width)
    if not body:
        return any(kind_of(cell) not in ("text", "empty") for cell in cells)
    typed = typed_columns(body, width)
    contrasts, matches = _contrast(cells, typed)
    if matches <= contrasts:
        return False
    # Years are numbers, but above columns of other numbers they are names.
    years = [position for position in typed if _YEAR.fullmatch(cells[position])]
    others = sum(not _YEAR.fullmatch(row[position]) for row in body for position in years)
    is_named = any(cell.strip() for position, cell in enumerate(cells) if position not in typed)
    return not (len(years) == matches > 1 and is_named and others >= 0.5 * len(years) * len(body))


def _after_blank_row(records: list[Record], start: int, width: int) -> int:
    """Where nothing tells a header from rows of text, the first row below a title and a blank row is the header."""
    above = [n for n in range(start) if records[n].cells and not any(cell.strip() for cell in records[n].cells)]
    if above and above[-1] + 1 < start and len(records[above[-1] + 1].cells) == width:
        return above[-1] + 1
    return start


def _judge_header(table: Sniffed, header_records: list[Record], above: list[Record], body: list[Record], line: int) -> None:
    """Whether the names of the header can be laid over the columns."""
    width, header = table.width, table.header
    if not header_records:
        table.header_fit, table.header = "none", [column_name_of_position(position) for position in range(width)]
        table.dialect = replace(table.dialect, header_lines=0)
        table.notes.append(("no_header", "its first row looks like data: columns are named by position"))
        if any(record.fault or any(cell.strip() for cell in record.cells) for record in above):
            table.faults.append(
                (
                    "header_not_found",
                    f"line {above[-1].line}: does not split into cells as the rows below it do, and is no data",
                )
            )
        return
    while len(header) > width and not header[-1].strip():
        header.pop()
    if len(header) > width:
        table.faults.append(("header_too_wide", f"line {line}: the header has {len(header)} cells, the rows have {width}"))
    elif len(header) < width:
        table.header_fit = "shorter"
        table.notes.append(
            (
                "header_too_narrow",
                f"line {line}: the header has {len(header)} cells, the rows {width}: which name belongs to which column is "
                "not known; columns are named by position",
            )
        )
        if _is_misaligned(header_records[-1], body, table.dialect):
            table.faults.append(
                (
                    "header_misaligned",
                    f"line {line}: the header has {len(header)} cells, the rows {width}, and a name is missing",
                )
            )


def _is_misaligned(header: Record, body: list[Record], dialect: Dialect) -> bool:
    """Whether a header with too few cells quotes other columns than the rows do: then a separator within it was lost."""
    if not dialect.quote:
        return False
    splitter = RecordSplitter(dialect)
    quoted = splitter.quoted_cells(header.text)
    rows = [splitter.quoted_cells(record.text) for record in body[:_ROWS_FOR_QUOTING]]
    in_rows = [sum(flags) > len(flags) / 2 for flags in zip(*rows, strict=False)]
    if not any(quoted) or all(quoted) or not any(in_rows) or all(in_rows):
        return False
    return (
        splitter.irregular_quotes > 0
        or any(flag and not expected for flag, expected in zip(quoted, in_rows, strict=False))
        or any(dialect.quote in cell for cell in header.cells)
    )
