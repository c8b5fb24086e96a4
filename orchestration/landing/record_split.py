"""Text of any dialect to records of cells, line by line: for files that no fast reader takes as they are.

A row that can't be right is given back with its line and reason, and the next line is read afresh: no quote swallows rows.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from orchestration.landing.dialect import Dialect
from orchestration.landing.record_scan import MAX_RECORD_BYTES, LongLineError

# More rows than this in which a quote does not close say that the file is not quoted as its dialect has it.
_MAX_UNCLOSED = 1000
# Each of them is looked for in the lines below: a file of nothing else must not be read a thousand times.
_MAX_LINES_READ_AGAIN = 500_000
_UNCLOSED, _CUT_OFF, _STRAY = "unclosed_quote", "cut_off_row", "stray_quote"


class UnclosedQuotesError(Exception):
    """Quotes that do not close, in more rows than an accident explains."""

    def __init__(self, line: int):
        super().__init__(f"quotes that do not close in many rows, the first in line {line}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the physical line where it starts, its cells, or why it has none, and its text."""

    line: int
    cells: list[str]
    text: str
    fault: str | None = None


@dataclass(slots=True)
class _Open:
    """A row whose last cell is quoted and not closed yet: the cells before it and the texts it has so far."""

    cells: list[str]
    parts: list[str]


class RecordSplitter:
    """Splits lines into records; with a width, a row of several lines must have it to be believed."""

    def __init__(self, dialect: Dialect, width: int | None = None, max_unclosed: int = _MAX_UNCLOSED):
        self._max_unclosed = max_unclosed
        self._delimiter, self._quote, self._dialect, self._width = dialect.delimiter, dialect.quote, dialect, width
        self._escape = dialect.escape if dialect.has_escape else ""
        self.irregular_quotes = 0

    def records(self, stream: TextIO, first_line: int = 1) -> Iterator[Record]:
        """The records of a stream that was opened so that lines keep their ends; blank lines are left out.

        Raises:
            LongLineError: a line of more than MAX_RECORD_BYTES.
            UnclosedQuotesError: too many rows have a quote that does not close.

        """
        lines = _Lines(stream, first_line)
        first_unclosed, n_unclosed = 0, 0
        while text := lines.take():
            line, body = lines.number, text.rstrip("\r\n")
            if not body or (body.isspace() and not self._delimiter.isspace()):
                continue
            cells = self.split(body)
            if isinstance(cells, list):
                yield Record(line, cells, body, _STRAY if self._has_stray_pair(body, cells) else None)
                continue
            span, cells = self._several_lines(text, cells, lines)
            if isinstance(cells, list):
                yield Record(line, cells, "".join(span).rstrip("\r\n"))
                continue
            n_unclosed, first_unclosed = n_unclosed + 1, first_unclosed or line
            if n_unclosed > self._max_unclosed or lines.n_put_back > _MAX_LINES_READ_AGAIN:
                raise UnclosedQuotesError(first_unclosed)
            fault = _CUT_OFF if lines.is_at_end() else _UNCLOSED
            yield Record(line, [], "".join(span).rstrip("\r\n"), fault)

    def split(self, body: str) -> "list[str] | _Open":
        """The cells of a line; where its last quote does not close, what is known so far."""
        if (not self._quote or self._quote not in body) and (not self._escape or self._escape not in body):
            return body.split(self._delimiter)
        return self._split_from(body, 0, [])

    def _has_stray_pair(self, body: str, cells: list[str]) -> bool:
        """Whether quotes in the middle of two bare cells may have been meant to hold them together: `a"b, c"`.

        One such quote is an inch mark. Apostrophes stand everywhere.
        """
        if self._quote != '"' or body.count('"') < 2 or sum(cell.count('"') % 2 for cell in cells) < 2:
            return False
        quoted = self.quoted_cells(body)
        return sum(cell.count('"') % 2 for cell, flag in zip(cells, quoted, strict=False) if not flag) >= 2

    def quoted_cells(self, text: str) -> list[bool]:
        """For each cell of a row whether it is quoted."""
        flags, position = [], 0
        while True:
            flags.append(text.startswith(self._quote, position))
            end = self._closing_quote(text, position + 1) + 1 if flags[-1] else self._next_delimiter(text, position)
            if end in (0, len(text)):
                return flags
            position = end + len(self._delimiter)

    def _split_from(self, body: str, position: int, cells: list[str]) -> "list[str] | _Open":
        size, step = len(body), len(self._delimiter)
        while True:
            if self._quote and body.startswith(self._quote, position):
                end = self._closing_quote(body, position + 1)
                if end < 0:
                    return _Open(cells, [body[position + 1 :]])
                cells.append(self._unescape(body[position + 1 : end]))
                position = end + 1
            else:
                end = self._next_delimiter(body, position)
                cells.append(self._unescape(body[position:end]) if self._escape else body[position:end])
                position = end
            if position >= size:
                return cells
            position += step

    def _go_on(self, body: str, row: _Open) -> "list[str] | _Open":
        """The same for the next line of a row whose last cell is open."""
        end = self._closing_quote(body, 0)
        if end < 0:
            row.parts.append(body)
            return row
        row.cells.append(self._unescape("".join([*row.parts, body[:end]])))
        return row.cells if end + 1 >= len(body) else self._split_from(body, end + 1 + len(self._delimiter), row.cells)

    def _next_delimiter(self, text: str, position: int) -> int:
        end = text.find(self._delimiter, position)
        while self._escape and end > 0 and self._is_escaped(text, end, position):
            end = text.find(self._delimiter, end + 1)
        return len(text) if end < 0 else end

    def _closing_quote(self, text: str, search: int) -> int:
        """Where the quote stands that ends a cell: the one before a delimiter or the line's end."""
        quote, begin = self._quote, search
        at = text.find(quote, search)
        while at >= 0:
            after = at + 1
            if self._escape and self._is_escaped(text, at, begin):
                at = text.find(quote, after)
            elif self._dialect.doubles_quotes and text.startswith(quote, after):
                at = text.find(quote, after + 1)
            elif after == len(text) or text.startswith(self._delimiter, after):
                return at
            else:
                self.irregular_quotes += 1
                at = text.find(quote, after)
        return -1

    def _is_escaped(self, text: str, at: int, begin: int) -> bool:
        first = at
        while first > begin and text[first - 1] == self._escape:
            first -= 1
        return (at - first) % 2 == 1

    def _unescape(self, raw: str) -> str:
        if self._dialect.doubles_quotes:
            return raw.replace(self._quote * 2, self._quote)
        if not self._escape or self._escape not in raw:
            return raw
        # Only quotes, delimiters and the escape itself are escaped: `C:\new` keeps its backslash.
        parts, position = [], 0
        while (at := raw.find(self._escape, position)) >= 0 and at + 1 < len(raw):
            escaped = raw[at + 1] in (self._quote, self._escape) or raw.startswith(self._delimiter, at + 1)
            parts.append(raw[position:at] if escaped else raw[position : at + 1])
            parts.append(raw[at + 1] if escaped else "")
            position = at + 2 if escaped else at + 1
        return "".join(parts) + raw[position:]

    def _several_lines(self, text: str, row: _Open, lines: "_Lines") -> tuple[list[str], "list[str] | _Open"]:
        """The lines of a row that goes on below its first, and its cells; a row that is not believed stays open."""
        span, size, irregular, cells = [text], len(text), self.irregular_quotes, row
        while size <= MAX_RECORD_BYTES and isinstance(cells, _Open) and (following := lines.take()):
            body, before = following.rstrip("\r\n"), span[-1]
            cells.parts.append(before[len(before.rstrip("\r\n")) :])
            cells = self._go_on(body, cells)
            span.append(following)
            size += len(following)
        if isinstance(cells, list) and self.irregular_quotes == irregular:
            return span, cells
        # A quote within it opened no cell and closed none, or it never closes: one of its ends may be a stray one. Lines that
        # are rows on their own are read as such; else nothing of it is believed.
        if isinstance(cells, _Open) or self._are_rows(span[1:]):
            lines.put_back(span[1:])
            span = span[:1]
        return span, row

    def _are_rows(self, span: list[str]) -> bool:
        widths = {len(cells) if isinstance(cells := self.split(line.rstrip("\r\n")), list) else 0 for line in span}
        return widths == {self._width} if self._width else len(widths) == 1 and 0 not in widths


class _Lines:
    """The lines of a stream with their numbers; lines can be put back."""

    def __init__(self, stream: TextIO, first_line: int):
        self._stream, self._next, self._waiting = stream, first_line, deque[str]()
        self.number, self.n_put_back = first_line, 0

    def take(self) -> str:
        """The next line with its end; empty at the end of the stream."""
        line = self._waiting.popleft() if self._waiting else self._stream.readline(MAX_RECORD_BYTES)
        self.number = self._next
        if line:
            self._next += 1
        if len(line) >= MAX_RECORD_BYTES:
            raise LongLineError(self.number)
        return line

    def put_back(self, lines: list[str]) -> None:
        """Lines to be read again, the first of them next."""
        self._waiting.extendleft(reversed(lines))
        self.n_put_back += len(lines)
        self._next -= len(lines)

    def is_at_end(self) -> bool:
        """Whether no line follows."""
        line = self.take()
        if line:
            self.put_back([line])
        return not line
