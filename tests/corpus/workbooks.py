"""What only spreadsheets have: typed cells, merged areas, hidden parts, formulas, several sheets."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.corpus.model import CorpusFile, deals, ods_bytes, rewrite_part, sheet_rows, table, twin, xlsx_bytes

_SHEET = "xl/worksheets/sheet1.xml"


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _cells()
    yield from _days()
    yield from _layout()
    yield from _formulas()


def _both(family: str, label: str, cells: list[list[object]], rows: object, **owed: object) -> Iterator[CorpusFile]:
    yield CorpusFile(family, label, "xlsx", xlsx_bytes(cells), rows, **owed)
    yield CorpusFile(family, label, "ods", ods_bytes(cells), rows, **owed)


def _replaced(column: int, values: list[object]) -> list[list[object]]:
    cells = sheet_rows(deals(len(values)))
    for row, value in zip(cells[1:], values, strict=True):
        row[column] = value
    return cells


def _meant(name: str, values: list[object]) -> tuple:
    return twin([{**row, name: value} for row, value in zip(deals(len(values)), values, strict=True)])


def _cells() -> Iterator[CorpusFile]:
    zeros = ["00123", "0123", "000", "9123"]
    yield from _both("leading zeros", "zeros_text", _replaced(0, zeros), _meant("deal_id", zeros))
    floats = [0.1, 1e-7, 12345678.9, -0.5, 0.1 + 0.2, 1234567890123.25]
    yield from _both(
        "binary fractions", "floats", _replaced(4, floats), _meant("amount", [Decimal(f"{value:.15g}") for value in floats])
    )
    yield from _both(
        "binary fractions", "whole", _replaced(4, [3.0, -0.0, 12]), _meant("amount", [Decimal(3), Decimal(0), Decimal(12)])
    )
    yield from _both(
        "long ids", "numeric", _replaced(0, [9001234501, 123456789012345]), _meant("deal_id", ["9001234501", "123456789012345"])
    )
    lost = _replaced(0, [1, 9007199254740993, 12345678901234567890])
    yield from _both("long ids", "lost_digits", lost, _meant("deal_id", ["1", "2", "3"])[:1], set_aside=2)
    yield from _both("booleans", "booleans", _replaced(1, [True, False]), _meant("deal_name", ["true", "false"]))
    text_dates = [cells[7] for cells in table(deals(3))[1:]]
    yield from _both(
        "text dates", "text_dates", _replaced(7, text_dates), _meant("closed_at", [deal["closed_at"] for deal in deals(3)])
    )
    text_amounts = ["1 234,50", "-12,5", "(1 234,50)"]
    yield from _both(
        "text numbers",
        "text_amounts",
        _replaced(4, text_amounts),
        _meant("amount", [Decimal("1234.5"), Decimal("-12.5"), Decimal("-1234.5")]),
    )
    lines = ["deux\nlignes", 'une ; "deux"']
    yield from _both("embedded line end", "lines", _replaced(1, lines), _meant("deal_name", lines))
    padded = xlsx_bytes(_replaced(0, [123, 4567, 12345]), lambda book: _format_column(book.active, 1, "00000"))
    yield CorpusFile("number formats", "zeros", "xlsx", padded, _meant("deal_id", ["00123", "04567", "12345"]))
    euros = xlsx_bytes(_replaced(4, [1234.5, -3.0]), lambda book: _format_column(book.active, 5, '#,##0.00 "€"'))
    yield CorpusFile("number formats", "currency", "xlsx", euros, _meant("amount", [Decimal("1234.5"), Decimal(-3)]))
    percent = xlsx_bytes(_replaced(4, [0.125, 1.0]), lambda book: _format_column(book.active, 5, "0.0%"))
    yield CorpusFile("percent", "percent", "xlsx", percent, _meant("amount", [Decimal("0.125"), Decimal(1)]))


def _format_column(sheet: openpyxl.worksheet.worksheet.Worksheet, column: int, number_format: str) -> None:
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column).number_format = number_format


def _days() -> Iterator[CorpusFile]:
    moments = [dt.datetime(2026, 3, 4, 17, 5), dt.datetime(2026, 12, 31, 23, 59, 59), dt.date(2026, 2, 28)]
    yield from _both("spreadsheet days", "native", _replaced(7, moments), _meant("closed_at", moments))
    serial = [46085.75, 46085]
    meant = _meant("closed_at", [dt.datetime(2026, 3, 4, 18), dt.date(2026, 3, 4)])
    yield CorpusFile("spreadsheet days", "serial_1900", "xlsx", xlsx_bytes(_replaced(7, serial)), meant)

    def from_1904(book: openpyxl.Workbook) -> None:
        book.epoch = CALENDAR_MAC_1904

    native = xlsx_bytes(_replaced(7, moments), from_1904)
    yield CorpusFile(
        "days from 1904", "native_1904", "xlsx", native, _meant("closed_at", moments), noticed=("dates_from_1904",)
    )
    counted = xlsx_bytes(_replaced(7, [value - 1462 for value in serial]), from_1904)
    yield CorpusFile("days from 1904", "serial_1904", "xlsx", counted, meant, noticed=("dates_from_1904",))


def _layout() -> Iterator[CorpusFile]:
    clean, cells = twin(deals()), sheet_rows(deals())

    def changed(label: str, family: str, adjust: object, rows: object = clean, **owed: object) -> CorpusFile:
        return CorpusFile(family, label, "xlsx", xlsx_bytes(cells, adjust), rows, **owed)

    def merge_down(book: openpyxl.Workbook) -> None:
        book.active["C3"].value = book.active["C4"].value = "Ventes B2B"
        book.active.merge_cells("C2:C4")

    def title(book: openpyxl.Workbook) -> None:
        book.active.insert_rows(1, 2)
        book.active["A1"] = "Export des transactions"
        book.active.merge_cells("A1:F1")

    def hide(book: openpyxl.Workbook) -> None:
        book.active.column_dimensions["E"].hidden = True
        book.active.row_dimensions[3].hidden = True

    yield changed("merged_down", "merged cells", merge_down, noticed=("merged_cells",))
    yield changed("merged_title", "merged cells", title)
    yield changed("hidden_column_row", "hidden parts", hide)

    def other_sheets(state: str) -> object:
        def add(book: openpyxl.Workbook) -> None:
            notes = book.create_sheet("Notes", 0)
            notes.append(["À lire", "rien"])
            copy = book.create_sheet("Ancien")
            for row in sheet_rows(deals(3)):
                copy.append(row)
            copy.sheet_state = state

        return add

    yield changed("hidden_sheet", "hidden parts", other_sheets("hidden"), noticed=("hidden_sheet",))
    yield changed("very_hidden_sheet", "hidden parts", other_sheets("veryHidden"), noticed=("hidden_sheet",))

    def note_sheet(book: openpyxl.Workbook) -> None:
        book.create_sheet("Lisez-moi", 0).append(["Version", "3"])

    yield changed("with_notes", "several sheets", note_sheet, noticed=("sheet_not_read",))
    yield changed("offset", "empty rows", lambda book: (book.active.insert_cols(1, 2), book.active.insert_rows(1, 3)))
    yield CorpusFile("empty", "no_cells", "xlsx", xlsx_bytes([]), None, refusals=("empty_file", "not_a_feed"))
    yield CorpusFile("empty", "no_cells", "ods", ods_bytes([]), None, refusals=("empty_file", "not_a_feed", "damaged_workbook"))
    yield CorpusFile("header only", "header_only", "xlsx", xlsx_bytes(sheet_rows([])), (), refusals=("no_rows",))


def _formulas() -> Iterator[CorpusFile]:
    cells = sheet_rows(deals())
    cells[2][4] = "=1000+345.5"
    unsaved = xlsx_bytes(cells)
    rows = deals()
    rows[1]["amount"] = Decimal("1345.5")
    cached = rewrite_part(unsaved, _SHEET, lambda xml: xml.replace("<f>1000+345.5</f><v />", "<f>1000+345.5</f><v>1345.5</v>"))
    yield CorpusFile("formulas", "cached", "xlsx", cached, twin(rows))
    yield CorpusFile(
        "formulas",
        "not_calculated",
        "xlsx",
        unsaved,
        twin(deals()[:1] + deals()[2:]),
        set_aside=1,
        refusals=("formula_without_value",),
    )
    cells[2][4] = "=NA()"
    broken = rewrite_part(
        xlsx_bytes(cells),
        _SHEET,
        lambda xml: xml.replace('<c r="E3"><f>NA()</f><v />', '<c r="E3" t="e"><f>NA()</f><v>#N/A</v>'),
    )
    yield CorpusFile("error cells", "formula_error", "xlsx", broken, twin(deals()[:1] + deals()[2:]), set_aside=1)
    cells[2][4] = "#DIV/0!"
    yield CorpusFile("error cells", "error_cell", "xlsx", xlsx_bytes(cells), twin(deals()[:1] + deals()[2:]), set_aside=1)
