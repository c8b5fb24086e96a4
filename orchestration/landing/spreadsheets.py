"""XLSX, XLSM, XLSB, XLS and ODS sheets as rows of text.

A cell's text is what a CSV export of the same data would hold; which sheet is a feed is `recognise.py`'s business.
"""

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import python_calamine as calamine

from orchestration.landing.cells import NumberText
from orchestration.landing.refused import RefusedError
from orchestration.landing.sheet_parts import inspect_workbook

MAX_COLUMNS = 2_000
_OLE = b"\xd0\xcf\x11\xe0"
# Beyond this a spreadsheet's numbers have lost digits: it keeps 15.
_EXACT_INTEGER = 10**15
LOST_DIGITS = "#LOST_DIGITS"
_NO_VALUE = "#N/A"
_MIDNIGHT = dt.time()
_SERIAL_DAY = re.compile(r"\d{1,5}(\.\d+)?")


@dataclass(frozen=True)
class Sheet:
    """One visible sheet: rows of text, and what was noticed about it."""

    name: str
    rows: list[list[str]]
    notes: list[tuple[str, str]] = field(default_factory=list)
    epoch: dt.datetime = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day 0 has no zone


def is_workbook(path: Path) -> bool:
    """Whether the bytes are a spreadsheet, whatever the file's name says."""
    with path.open("rb") as stream:
        start = stream.read(4)
    if start == _OLE:
        return True
    if start != b"PK\x03\x04":
        return False
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    return "xl/workbook.xml" in names or "xl/workbook.bin" in names or "content.xml" in names


def read_sheets(path: Path, name: str) -> Iterator[Sheet]:
    """Every visible sheet with cells.

    Raises:
        RefusedError: `workbook_too_large`, `damaged_workbook`, `protected_workbook`, `unsafe_workbook`.

    """
    try:
        valueless = inspect_workbook(path, name)
        with calamine.CalamineWorkbook.from_path(str(path)) as workbook:
            epoch_1904 = _uses_1904(path)
            zero_padded = _zero_padded_formats(path)
            for metadata in workbook.sheets_metadata:
                if metadata.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                if metadata.visible != calamine.SheetVisibleEnum.Visible:
                    yield Sheet(metadata.name, [], [("hidden_sheet", f"sheet '{metadata.name}' is hidden: not read")])
                    continue
                sheet = workbook.get_sheet_by_name(metadata.name)
                if sheet.total_width > MAX_COLUMNS:
                    raise RefusedError(
                        "workbook_too_large",
                        f"{name}: sheet '{metadata.name}' has {sheet.total_width} columns; remedy: at most {MAX_COLUMNS}",
                    )
                padded = _padded_cells(path, metadata.name) if zero_padded else {}
                yield _sheet(metadata.name, sheet, epoch_1904, padded, valueless.get(metadata.name, set()))
    except calamine.PasswordError as error:
        raise RefusedError("protected_workbook", f"{name}: protected by a password; remedy: save it without one") from error
    except (
        calamine.CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise RefusedError(
            "damaged_workbook", f"{name}: not readable as a workbook ({error}); remedy: save it again"
        ) from error


def _sheet(
    name: str, sheet: calamine.CalamineSheet, epoch_1904: bool, padded: dict[tuple[int, int], int],
    valueless: set[tuple[int, int]],
) -> Sheet:  # fmt: skip
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    for (row, column), width in padded.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column].isdigit():
            rows[row][column] = str(rows[row][column]).zfill(width)
    notes = []
    for row, column in valueless:
        # The library gives an empty text for both, which would be read as a missing value.
        if row < len(rows) and column < len(rows[row]):
            rows[row][column] = _NO_VALUE
    if valueless:
        message = (
            f"sheet '{name}': {len(valueless)} cells with an error or a formula without its result: their rows are set aside"
        )
        notes.append(("cells_without_value", message))
    filled = _fill_merged(rows, sheet.merged_cell_ranges or [])
    if filled:
        notes.append(("merged_cells", f"sheet '{name}': {filled} cells inside merged areas: each takes the area's value"))
    if epoch_1904:
        notes.append(("dates_from_1904", f"sheet '{name}': its day numbers count from 1904, as the workbook declares"))
    while rows and not any(rows[-1]):
        rows.pop()
    epoch = dt.datetime(1904, 1, 1) if epoch_1904 else Sheet.epoch  # noqa: DTZ001
    return Sheet(name, rows, notes, epoch)


def is_serial_day(cell: str) -> bool:
    """Whether a number may be a day count of this century or the last: 1900 to 2173."""
    return _SERIAL_DAY.fullmatch(cell) is not None


def day_of_serial(text: str, epoch: dt.datetime) -> str:
    """A spreadsheet's day number as a date or time; the caller knows from the profile that the column holds days.

    Seconds are rounded to whole ones: a day's fraction in binary can't hold them exactly.
    """
    moment = epoch + dt.timedelta(days=float(text))
    moment = (moment + dt.timedelta(milliseconds=500)).replace(microsecond=0)
    return moment.date().isoformat() if moment.time() == _MIDNIGHT else moment.isoformat(sep=" ")


def _text(cell: object) -> str:
    """A cell as the text that a plain export would hold: 3.0 is 3, a day has no time, a truth value is true."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer():
            return NumberText(int(cell)) if abs(cell) < _EXACT_INTEGER else LOST_DIGITS
        # A spreadsheet shows and exports 15 digits: 0.1 + 0.2 is 0.3 there.
        return NumberText(f"{Decimal(f'{cell:.15g}'):f}")
    if isinstance(cell, int):
        return NumberText(cell) if abs(cell) < _EXACT_INTEGER else LOST_DIGITS
    if isinstance(cell, dt.datetime):
        cell = (cell + dt.timedelta(microseconds=500)).replace(microsecond=(cell.microsecond + 500) // 1000 % 1000 * 1000)
        return cell.date().isoformat() if cell.time() == _MIDNIGHT else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return str(cell)


def _fill_merged(rows: list[list[str]], ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """Give every cell of a merged area below the first row its value; titles merged over one row stay one cell."""
    filled = 0
    for (top, left), (bottom, right) in ranges:
        if top >= len(rows) or left >= len(rows[top]) or top == bottom:
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            for column in range(left, min(right + 1, len(row))):
                if not row[column]:
                    row[column] = value
                    filled += 1
    return filled


def _uses_1904(path: Path) -> bool:
    return b'date1904="1"' in (book := _part(path, "xl/workbook.xml")) or b'date1904="true"' in book


def _zero_padded_formats(path: Path) -> bool:
    """Whether a number format such as 00000 is defined: then a number's zeros are part of what people see."""
    return re.search(rb'formatCode="0{2,}"', _part(path, "xl/styles.xml")) is not None


def _padded_cells(path: Path, sheet_name: str) -> dict[tuple[int, int], int]:
    """(row, column) → digits, for cells with a format of zeros only. Slow, and asked only where such a format exists."""
    import openpyxl

    stream = path.open("rb")
    workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    try:
        return {
            (cell.row - 1, cell.column - 1): len(cell.number_format)
            for row in workbook[sheet_name].iter_rows()
            for cell in row
            if cell.value is not None and set(cell.number_format) == {"0"} and len(cell.number_format) > 1
        }
    finally:
        workbook.close()
        stream.close()


def _part(path: Path, name: str) -> bytes:
    if not zipfile.is_zipfile(path):
        return b""
    with zipfile.ZipFile(path) as archive:
        return archive.read(name) if name in archive.namelist() else b""
