"""How a text file separates and quotes its cells, and how the rows of its header make one name per column."""

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Dialect:
    """Cells, lines and what stands around the data.

    `escape` equal to `quote` means that a quote within a cell is doubled; empty means that it is not marked.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    newline: str = "\n"
    preamble_lines: int = 0
    header_lines: int = 1
    footnote_lines: int = 0

    @property
    def lines_before_data(self) -> int:
        """Physical lines above the first row."""
        return self.preamble_lines + self.header_lines

    @property
    def doubles_quotes(self) -> bool:
        """Whether a quote within a cell is written twice."""
        return self.quote != "" and self.escape == self.quote

    @property
    def has_escape(self) -> bool:
        """Whether a character of its own escapes quotes and delimiters."""
        return self.escape not in ("", self.quote)


def column_name_of_position(position: int) -> str:
    """The name of a column in a file without header, counted from 0."""
    return f"col_{position}"


def join_header(rows: list[list[str]]) -> list[str]:
    """One name per column from a header of one or several rows.

    A group name stands once, over its first column: it goes on to the right over empty cells that have a name below them.
    """
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if len(rows) <= 1:
        return rows[0] if rows else []
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    for upper, lower in pairwise(rows):
        group = ""
        for position in range(width):
            group = upper[position] or (group if lower[position].strip() else "")
            upper[position] = group
    return [" ".join(part.strip() for part in parts if part.strip()) for parts in zip(*rows, strict=True)]
