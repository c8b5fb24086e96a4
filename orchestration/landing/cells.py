"""Cells of formats that know a number from a text, on their way to plain CSV."""

import csv
from collections.abc import Iterable, Sequence
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


def places_in_source(plain: Path, lines: Iterable[int], source_places: Sequence[int]) -> dict[int, int]:
    """Physical line of such a file → the place, such as a sheet's row number, from which its record was written."""
    wanted, found = set(lines), {}
    with plain.open(encoding="utf-8", newline="") as stream:
        reader, line = csv.reader(stream), 1
        for number, _ in enumerate(reader if wanted else []):
            if line in wanted:
                found[line] = source_places[number]
            line = reader.line_num + 1
    return found
