"""Where the records of a regularly quoted text file end, by whole blocks of bytes: apart from the parser that loads them.

A file is regular when every quote opens a cell, closes one or is doubled, and all lines end alike. Any other is for
`record_split.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.landing.dialect import Dialect

# A line or record longer than this is no row of an export: the largest texts of CRM fields are well under it.
MAX_RECORD_BYTES = 2 << 20
# So much stays in the processor's cache from one look at it to the next.
_CHUNK_BYTES = 1 << 17
NEWLINE, RETURN = ord("\n"), ord("\r")


class LongLineError(Exception):
    """A line that must not be read into memory."""

    def __init__(self, line: int):
        super().__init__(f"line {line} has more than {MAX_RECORD_BYTES} bytes")
        self.line = line


@dataclass(frozen=True)
class Scan:
    """How many records a file has, blank lines not counted, and how many delimiters between cells, if it is regular."""

    n_records: int
    n_delimiters: int
    is_regular: bool


@dataclass(frozen=True)
class _Block:
    """Whole lines: where the records that end in them start, blank lines left out, and what goes on in the next block."""

    start_lines: np.ndarray
    n_delimiters: int
    is_regular: bool
    open_line: int | None


def scan_records(path: Path, dialect: Dialect) -> Scan:
    """Count the records below the header.

    Raises:
        LongLineError: a line of more than MAX_RECORD_BYTES.

    """
    n_records, n_delimiters, open_line, line_ends = 0, 0, None, set()
    for lines, first_line in whole_lines(path, dialect.lines_before_data):
        if dialect.quote and (open_line is not None or dialect.quote.encode() in lines):
            block = _quoted_block(lines, dialect, first_line, open_line)
            n_records, open_line = n_records + block.start_lines.size, block.open_line
            n_delimiters += block.n_delimiters
            if not block.is_regular:
                return Scan(n_records, n_delimiters, is_regular=False)
        else:
            n_records += _count_plain(lines)
            n_delimiters += int(np.count_nonzero(np.frombuffer(lines, dtype=np.uint8) == ord(dialect.delimiter)))
        line_ends |= _line_ends(lines)
        if len(line_ends) > 1:
            return Scan(n_records, n_delimiters, is_regular=False)
    return Scan(n_records, n_delimiters, is_regular=open_line is None)


def lines_of_records(path: Path, dialect: Dialect, numbers: list[int]) -> list[int]:
    """The physical line, counted from 1, in which each record starts; `numbers` count from 0 and ascend."""
    wanted = np.asarray(numbers, dtype=np.int64)
    found: list[int] = []
    seen, open_line = 0, None
    for lines, first_line in whole_lines(path, dialect.lines_before_data):
        block = _quoted_block(lines, dialect, first_line, open_line)
        here = wanted[(wanted >= seen) & (wanted < seen + block.start_lines.size)] - seen
        found += block.start_lines[here].tolist()
        seen, open_line = seen + block.start_lines.size, block.open_line
        if len(found) == len(wanted):
            break
    return found


def whole_lines(path: Path, skip: int) -> Iterator[tuple[bytes, int]]:
    """Blocks that end at a line end, each with the number of its first line; the file's last line may lack its end."""
    with path.open("rb") as stream:
        for number in range(skip):
            if len(stream.readline(MAX_RECORD_BYTES)) == MAX_RECORD_BYTES:
                raise LongLineError(number + 1)
        line, rest = skip + 1, b""
        while chunk := stream.read(_CHUNK_BYTES):
            cut = chunk.rfind(b"\n") + 1
            if len(rest) + (chunk.find(b"\n") + 1 or len(chunk)) > MAX_RECORD_BYTES:
                raise LongLineError(line)
            if cut:
                yield rest + chunk[:cut], line
                line += int(np.count_nonzero(np.frombuffer(chunk, dtype=np.uint8) == NEWLINE))
                rest = chunk[cut:]
            else:
                rest += chunk
        if rest:
            yield rest, line


def _count_plain(lines: bytes) -> int:
    """Records of a block without quotes."""
    gaps = np.diff(np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == NEWLINE), prepend=-1)
    count = gaps.size + (not lines.endswith(b"\n"))
    if gaps.size and gaps.min() <= len(b"\r\n"):
        count -= sum(not line.strip(b"\r") for line in lines.removesuffix(b"\n").split(b"\n"))
    return count


def _line_ends(lines: bytes) -> set[str]:
    if b"\r" not in lines:
        return {"\n"}
    n_returns, n_both, n_newlines = lines.count(b"\r"), lines.count(b"\r\n"), lines.count(b"\n")
    found = {"\r\n"} if n_both else set()
    if n_returns > n_both:
        found.add("\r")
    if n_newlines > n_both:
        found.add("\n")
    return found


def _quoted_block(lines: bytes, dialect: Dialect, first_line: int, open_line: int | None) -> _Block:
    body = np.frombuffer(lines, dtype=np.uint8)
    newlines = np.flatnonzero(body == NEWLINE)
    if not lines.endswith(b"\n"):
        newlines = np.append(newlines, body.size)
    quotes = np.flatnonzero(body == ord(dialect.quote)) if dialect.quote else np.array([], dtype=np.int64)
    inside = open_line is not None
    is_inside = ((np.searchsorted(quotes, newlines) + inside) & 1).astype(bool)
    outside = np.flatnonzero(~is_inside)
    ends = newlines[outside]
    lengths = np.diff(ends, prepend=-1) - 1
    lengths -= (lengths > 0) & (body[np.maximum(ends - 1, 0)] == RETURN)
    starts = np.concatenate(([open_line if inside else first_line], first_line + outside + 1))
    return _Block(
        starts[: ends.size][lengths > 0],
        _count_outside(body == ord(dialect.delimiter), quotes, inside),
        _is_regular(body, quotes, dialect, inside),
        int(starts[-1]) if is_inside[-1] else None,
    )


def _count_outside(is_delimiter: np.ndarray, quotes: np.ndarray, inside: bool) -> int:
    """Delimiters outside quotes: all of them less those between each opening quote and the one that closes it."""
    before = np.cumsum(is_delimiter, dtype=np.int32)
    at_quotes = before[quotes]
    openers = np.concatenate(([0], at_quotes)) if inside else at_quotes
    if openers.size % 2:
        openers = np.append(openers, before[-1])
    return int(before[-1] - (openers[1::2] - openers[0::2]).sum(dtype=np.int64))


def _is_regular(body: np.ndarray, quotes: np.ndarray, dialect: Dialect, inside: bool) -> bool:
    if quotes.size == 0:
        return True
    delimiter, quote = ord(dialect.delimiter), ord(dialect.quote)
    openers, closers = quotes[int(inside) :: 2], quotes[1 - int(inside) :: 2]
    before = body[np.maximum(openers - 1, 0)]
    opens = (openers == 0) | (before == delimiter) | (before == NEWLINE) | (before == quote)
    after = body[np.minimum(closers + 1, body.size - 1)]
    closes = (closers == body.size - 1) | (after == delimiter) | (after == NEWLINE) | (after == RETURN) | (after == quote)
    return bool(opens.all() and closes.all())
