"""Cells of formats that know a number from a text, on their way to plain CSV."""

import csv
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path


class NumberText(str):
    """A number as its digits with a point, from a format in which it was a number and not a text."""

    __slots__ = ()


def write_plain_csv(target: Path, rows: Iterable[list[str]], decimal: str, numeric: Collection[int]) -> None:
    """Write rows as plain comma CSV, every cell quoted.

    Numbers take the decimal mark that the feed's texts have, in the columns that are numbers to the feed (`numeric` positions).
    """
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        if decimal != ".":
            rows = (_with_decimal(row, decimal, numeric) for row in rows)
        writer.writerows(rows)


def _with_decimal(row: list[str], decimal: str, numeric: Collection[int]) -> list[str]:
    for position in numeric:
        if type(row[position]) is NumberText:
            row[position] = row[position].replace(".", decimal)
    return row


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
