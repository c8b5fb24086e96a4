"""Cells of formats that know a number from a text, on their way to plain CSV."""

import csv
from collections.abc import Iterable
from pathlib import Path


class NumberText(str):
    """A number as its digits with a point, from a format in which it was a number and not a text."""

    __slots__ = ()


def write_plain_csv(target: Path, rows: Iterable[list[str]], decimal: str) -> None:
    """Write rows as plain comma CSV, every cell quoted; numbers take the decimal mark that the feed's texts have."""
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        if decimal == ".":
            writer.writerows(rows)
        else:
            writer.writerows([cell.replace(".", decimal) if type(cell) is NumberText else cell for cell in row] for row in rows)
