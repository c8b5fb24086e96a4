"""What stands at and above a header and may hide rows, which must not be in silence: other line ends, rows above it."""

import csv
import io
import re
from collections.abc import Sequence

from orchestration.landing.dialect import Dialect
from orchestration.landing.ledger import LINES_KEPT, Finding
from orchestration.landing.refused import RefusedError

# Line ends of mainframes, word processors and Unicode, which no reader of CSV splits at.
_OTHER_LINE_ENDS = re.compile("[\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_LEAST_COLUMNS = 3


def require_one_line_end(head: str, dialect: Dialect, name: str) -> None:
    """Refuse a file of which a line down to the header is several lines to another reader: the rows in it would be lost.

    Raises:
        RefusedError: `mixed_line_ends`, naming the line.

    """
    other = "\n" if dialect.newline == "\r" else "\r"
    # Within quotes either is a part of a text.
    bare = re.sub(r'"[^"]*"', "", "".join(_lines(head, dialect)))
    for number, line in enumerate(io.StringIO(bare, newline=_end_of_lines(dialect)), start=1):
        if other in line.rstrip("\r\n") or _OTHER_LINE_ENDS.search(line):
            raise RefusedError(
                "mixed_line_ends",
                f"{name}: line {number}: lines end in several ways; remedy: export it again with one kind of line end",
            )


def text_rows_above(head: str, dialect: Dialect, header: Sequence[str], name: str) -> list[Finding]:
    """The same as `rows_above` for a text file, of which `head` is the beginning."""
    # A bare carriage return within quotes is text, which the splitter of single lines takes for a fault.
    lines = [line.replace("\r", " ") for line in _lines(head, dialect)[: dialect.preamble_lines]]
    above = [next(csv.reader([line], delimiter=dialect.delimiter), []) for line in lines] if len(dialect.delimiter) == 1 else []
    n_below = head.count(_end_of_lines(dialect)) - dialect.lines_before_data
    return rows_above(above, header, n_below, name)


def rows_above(above: Sequence[Sequence[str]], header: Sequence[str], n_below: int, name: str) -> list[Finding]:
    """Lines above the header that are filled like rows of it: told, and refused where they are most of what there is.

    Raises:
        RefusedError: `rows_above_header`, naming the line.

    """
    if len(header) < _LEAST_COLUMNS:
        return []
    wide = [
        number
        for number, cells in enumerate(above, start=1)
        if len(cells) == len(header) and 2 * sum(bool(cell.strip()) for cell in cells) > len(header)
    ]
    if not wide:
        return []
    if len(wide) >= n_below:
        raise RefusedError(
            "rows_above_header",
            f"{name}: line {wide[0]}: the header stands in line {len(above) + 1}, below {len(wide)} rows with as many cells; "
            "remedy: put it above them",
        )
    message = f"{len(wide)} lines above the header have as many cells as it: taken for titles, not for rows"
    return [Finding("rows_above_header", None, len(wide), message, tuple(wide[:LINES_KEPT]))]


def _lines(head: str, dialect: Dialect) -> list[str]:
    stream = io.StringIO(head, newline=_end_of_lines(dialect))
    return [stream.readline() for _ in range(dialect.lines_before_data)]


def _end_of_lines(dialect: Dialect) -> str:
    return "\r" if dialect.newline == "\r" else "\n"
