"""A text file of any dialect, made readable for the parser: as it is where the parser is known to be exact, else as plain CSV.

Rows that can't be right are set aside on the way with their physical line. Which rows are data belongs to `csv_records.py`.
"""

import csv
import io
from array import array
from bisect import bisect_left
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.csv

from orchestration.landing.dialect import Dialect
from orchestration.landing.misfits import write_fitting
from orchestration.landing.record_scan import MAX_RECORD_BYTES, LongLineError, Scan, lines_of_records, scan_records
from orchestration.landing.record_split import Record, RecordSplitter, UnclosedQuotesError
from orchestration.landing.refused import RefusedError

# The rows set aside are kept in memory with their text; a file with more of them is another kind of file.
_MAX_REJECTED = 100_000
_TEXT_KEPT = 10_000
# After the point where another table begins, at most this share of the rows has the width of the first by accident.
_ACCIDENTAL_SHARE = 0.1
# What is made of more than the first does not fit into the processor's cache; hardly a file has a record as long as that.
BLOCK_BYTES = (1 << 20, 2 * MAX_RECORD_BYTES)
_PLAIN = Dialect(header_lines=0)
_MISFITS = ("too_few_cells", "too_many_cells")


@dataclass
class Readable:
    """A file that the parser reads exactly, how many records it must find there, and what was left out of it."""

    path: Path
    dialect: Dialect
    n_records: int
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    empty_lines: list[int] = field(default_factory=list)
    _lines: Sequence[int] | None = None

    def lines_of(self, numbers: list[int]) -> list[int]:
        """Physical lines in the delivered file of records that are counted from 0, ascending."""
        if self._lines is not None:
            return [int(self._lines[number]) for number in numbers]
        return lines_of_records(self.path, self.dialect, numbers)


def as_it_is(path: Path, dialect: Dialect, width: int, _: Path) -> Readable | None:
    """The file itself, when every reader must agree on what its records are; None when it has to be rewritten.

    Raises:
        RefusedError: `line_too_long`.

    """
    scan = _regular_scan(path, dialect, width)
    return Readable(path, dialect, scan.n_records) if scan and scan.n_delimiters == scan.n_records * (width - 1) else None


def around_misfits(path: Path, dialect: Dialect, width: int, target: Path) -> Readable | None:
    """Write `target` with the rows that fit, as they are.

    None where that can't be trusted, and where the others are another table or too many: then each row has to be looked at.

    Raises:
        RefusedError: `line_too_long`.

    """
    if _regular_scan(path, dialect, width) is None:
        return None
    try:
        fitting = write_fitting(path, dialect, width, target, _MAX_REJECTED)
    except LongLineError as error:
        raise _too_long(error.line) from error
    if len(fitting.misfits) > _MAX_REJECTED:
        return None
    bare = replace(dialect, preamble_lines=0, header_lines=0)
    readable = Readable(target, bare, len(fitting.lines), _lines=fitting.lines)
    for line, raw in fitting.misfits:
        text = io.StringIO(raw.decode("utf-8") + "\n", newline="\n")
        for record in RecordSplitter(dialect, width).records(text, line):
            if record.fault or len(record.cells) == width:
                return None
            _set_aside(readable, record, _misfit(record.cells, width))
    return readable if end_of_table(readable) is None else None


def _regular_scan(path: Path, dialect: Dialect, width: int) -> Scan | None:
    is_native = (
        len(dialect.delimiter.encode()) == 1
        and len(dialect.quote.encode()) <= 1
        and (not dialect.quote or dialect.doubles_quotes)
        and not dialect.has_escape
        and dialect.newline != "\r"
        and dialect.footnote_lines == 0
        and width > 1
    )
    if not is_native:
        return None
    try:
        scan = scan_records(path, dialect)
    except LongLineError as error:
        raise _too_long(error.line) from error
    return scan if scan.is_regular and not _begins_with_mark(path, dialect) else None


def _set_aside(readable: Readable, record: Record, reason: str) -> None:
    if reason in _MISFITS and not any(cell.strip() for cell in record.cells):
        readable.empty_lines.append(record.line)
    else:
        readable.rejected.append((record.line, reason, record.text[:_TEXT_KEPT]))


def as_plain_csv(path: Path, dialect: Dialect, width: int, target: Path) -> Readable:
    """Write `target` as plain CSV with every row that has as many cells as the header; the others are set aside.

    Raises:
        RefusedError: `line_too_long`, `unclosed_quote`, `too_many_bad_rows`.

    """
    readable = _rewrite(path, dialect, width, target, None)
    end = end_of_table(readable)
    return readable if end is None else _rewrite(path, dialect, width, target, end)


def end_of_table(readable: Readable) -> int | None:
    """The line from which a file holds another table: hardly a row from there on is as wide as the rows above.

    None where all such rows were set aside anyway.
    """
    lines, rejected = readable._lines, [line for line, _, _ in readable.rejected]
    n_good, n_bad = len(lines), len(rejected)
    position = 0
    for number, line in enumerate(rejected):
        position = bisect_left(lines, line, position)
        fitting, others = n_good - position, n_bad - number
        if fitting <= _ACCIDENTAL_SHARE * (fitting + others):
            return line if fitting and others > 1 else None
    return None


def _rewrite(path: Path, dialect: Dialect, width: int, target: Path, end: int | None) -> Readable:
    lines: array = array("q")
    readable = Readable(target, _PLAIN, 0, _lines=lines)
    with target.open("w", encoding="utf-8", newline="") as plain:
        # All quoted: a carriage return in a cell would else stand bare.
        writer = csv.writer(plain, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for record in split_file(path, dialect, width):
            reason = record.fault or _misfit(record.cells, width)
            if reason or (end is not None and record.line >= end):
                _set_aside(readable, record, reason or "another_table")
                if len(readable.rejected) > _MAX_REJECTED:
                    raise RefusedError(
                        "too_many_bad_rows",
                        f"line {readable.rejected[0][0]}: this and {_MAX_REJECTED} more rows have not as many cells as the "
                        "header; remedy: look at its separators, and export it again",
                    )
            else:
                lines.append(record.line)
                writer.writerow(record.cells)
    readable.n_records = len(lines)
    return readable


def _misfit(cells: list[str], width: int) -> str | None:
    if len(cells) == width:
        return None
    return _MISFITS[0] if len(cells) < width else _MISFITS[1]


def open_lines(path: Path, dialect: Dialect) -> TextIO:
    """A decoded file whose lines keep their ends."""
    return path.open(encoding="utf-8", newline="\r" if dialect.newline == "\r" else "\n")


def split_file(path: Path, dialect: Dialect, width: int | None) -> Iterator[Record]:
    """The records below the header.

    Raises:
        RefusedError: `line_too_long`, `unclosed_quote`.

    """
    splitter = RecordSplitter(dialect, width)
    try:
        with open_lines(path, dialect) as stream:
            for number in range(dialect.lines_before_data):
                if len(stream.readline(MAX_RECORD_BYTES)) == MAX_RECORD_BYTES:
                    raise LongLineError(number + 1)
            records = splitter.records(stream, dialect.lines_before_data + 1)
            yield from _without_last(records, dialect.footnote_lines)
    except LongLineError as error:
        raise _too_long(error.line) from error
    except UnclosedQuotesError as error:
        raise RefusedError(
            "unclosed_quote", f"line {error.line}: {error}; remedy: declare its quoting in a profile, or export it again"
        ) from error


def _without_last(records: Iterator[Record], count: int) -> Iterator[Record]:
    waiting: deque[Record] = deque()
    for record in records:
        waiting.append(record)
        if len(waiting) > count:
            yield waiting.popleft()


def _too_long(line: int) -> RefusedError:
    return RefusedError(
        "line_too_long", f"line {line}: more than {MAX_RECORD_BYTES} bytes in one row; remedy: export it without that text"
    )


def text_batches(readable: Readable, names: Sequence[str], wanted: Sequence[str], block_bytes: int) -> Iterator[pa.RecordBatch]:
    """The wanted columns of every record, in the file's order, as texts; an empty cell is NULL.

    Args:
        readable: The file; at least one record.
        names: Of all its columns.
        wanted: Those to give, in the order to give them.
        block_bytes: How much is parsed at once: at least the longest record.

    Raises:
        pyarrow.ArrowInvalid: a record has another width than `names`, or is longer than `block_bytes`.

    """
    dialect, texts = readable.dialect, dict.fromkeys(wanted, pa.string())
    with pa.OSFile(str(readable.path)) as stream:
        # Not by the reader's own option, which takes a bare carriage return for the end of a line.
        stream.seek(_data_offset(readable.path, dialect))
        yield from pyarrow.csv.open_csv(
            stream,
            pyarrow.csv.ReadOptions(column_names=names, block_size=block_bytes, use_threads=False),
            pyarrow.csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                double_quote=dialect.doubles_quotes,
                newlines_in_values=True,
            ),
            # That the text is UTF-8 was proven when it was decoded.
            pyarrow.csv.ConvertOptions(
                check_utf8=False, column_types=texts, include_columns=list(wanted), strings_can_be_null=True, null_values=[""]
            ),
        )


def _data_offset(path: Path, dialect: Dialect) -> int:
    with path.open("rb") as stream:
        for _ in range(dialect.lines_before_data):
            stream.readline()
        return stream.tell()


def _begins_with_mark(path: Path, dialect: Dialect) -> bool:
    """Whether the first row begins with what the parser takes for a byte order mark and drops."""
    with path.open("rb") as stream:
        stream.seek(_data_offset(path, dialect))
        return stream.read(len(BOM_UTF8)) == BOM_UTF8
