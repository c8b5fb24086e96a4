"""A regularly quoted file around its few rows that have not as many cells as the header, by whole blocks of bytes.

What `record_split.py` does for any file line by line; one wrong row among millions must not send all of them there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.landing.dialect import Dialect
from orchestration.landing.record_scan import MAX_RECORD_BYTES, NEWLINE, RETURN, LongLineError, whole_lines


@dataclass(frozen=True)
class Fitting:
    """The physical lines of the rows that were written, ascending, and line and bytes of each row that does not fit."""

    lines: np.ndarray
    misfits: list[tuple[int, bytes]]


@dataclass(frozen=True)
class _Records:
    """Whole records of a block: where each starts and ends, its line, and which have another number of cells."""

    starts: np.ndarray
    ends: np.ndarray
    lines: np.ndarray
    is_misfit: np.ndarray


def write_fitting(path: Path, dialect: Dialect, width: int, target: Path, most: int) -> Fitting:
    """Write the bytes of all rows with `width` cells; stops when more than `most` rows do not fit.

    Raises:
        LongLineError: a record of more than MAX_RECORD_BYTES.

    """
    lines: list[np.ndarray] = []
    misfits: list[tuple[int, bytes]] = []
    with target.open("wb") as stream:
        for block, first_line in _whole_records(path, dialect):
            found = _records(block, dialect, first_line, width)
            lines.append(found.lines[~found.is_misfit])
            done = 0
            for place in np.flatnonzero(found.is_misfit):
                start, end = int(found.starts[place]), int(found.ends[place])
                misfits.append((int(found.lines[place]), block[start:end]))
                stream.write(block[done:start])
                done = end + 1
            stream.write(block[done:])
            if len(misfits) > most:
                break
    return Fitting(np.concatenate(lines) if lines else np.array([], dtype=np.int64), misfits)


def _whole_records(path: Path, dialect: Dialect) -> Iterator[tuple[bytes, int]]:
    """Blocks that end where a record ends, each with the number of its first line."""
    quote = dialect.quote.encode()
    waiting, waiting_line = b"", 0
    for lines, first_line in whole_lines(path, dialect.lines_before_data):
        block, line = (waiting + lines, waiting_line) if waiting else (lines, first_line)
        end = len(block)
        if quote and block.count(quote) % 2:
            # The last record is open: it goes on in the next block.
            end = _last_record(block, ord(quote))
            if len(block) - end > MAX_RECORD_BYTES:
                raise LongLineError(line + block.count(b"\n", 0, end))
        if end:
            yield block[:end], line
        waiting, waiting_line = block[end:], line + block.count(b"\n", 0, end)
    if waiting:
        yield waiting, waiting_line


def _last_record(block: bytes, quote: int) -> int:
    """Where the record begins in which a block ends."""
    body = np.frombuffer(block, dtype=np.uint8)
    newlines = np.flatnonzero(body == NEWLINE)
    outside = newlines[np.searchsorted(np.flatnonzero(body == quote), newlines) % 2 == 0]
    return int(outside[-1]) + 1 if outside.size else 0


def _records(block: bytes, dialect: Dialect, first_line: int, width: int) -> _Records:
    body = np.frombuffer(block, dtype=np.uint8)
    newlines = np.flatnonzero(body == NEWLINE)
    if body[-1] != NEWLINE:
        newlines = np.append(newlines, body.size)
    ends, delimiters = newlines, np.flatnonzero(body == ord(dialect.delimiter))
    quotes = np.flatnonzero(body == ord(dialect.quote)) if dialect.quote else np.array([], dtype=np.int64)
    if quotes.size:
        ends = newlines[np.searchsorted(quotes, newlines) % 2 == 0]
        delimiters = delimiters[np.searchsorted(quotes, delimiters) % 2 == 0]
    starts = np.concatenate(([0], ends[:-1] + 1))
    n_cells = np.diff(np.searchsorted(delimiters, ends), prepend=0) + 1
    lengths = ends - starts
    is_blank = (lengths == 0) | ((lengths == 1) & (body[starts.clip(max=body.size - 1)] == RETURN))
    lines = first_line + np.searchsorted(newlines, starts)
    return _Records(starts[~is_blank], ends[~is_blank], lines[~is_blank], n_cells[~is_blank] != width)
