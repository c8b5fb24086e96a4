"""How a text file separates and quotes its cells."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """Cells, lines and what stands around the data."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    newline: str = "\n"
    preamble_lines: int = 0
    header_lines: int = 1
    footnote_lines: int = 0
