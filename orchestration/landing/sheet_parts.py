"""A look at a workbook's XML before a library expands it: how large its sheets are, and which cells have no value to read.

Only bytes and patterns; what cells mean is `spreadsheets.py`'s business.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import defusedxml.ElementTree

from orchestration.landing.archives import HARMLESS_BYTES, MAX_RATIO
from orchestration.landing.refused import RefusedError

MAX_EXPANDED_BYTES = 2 * 2**30
MAX_CELLS = 20_000_000
_SMALL_AREA, _AREA_PER_CELL = 500_000, 20
_CHUNK_BYTES = 1 << 20
_DECLARES_ENTITIES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ROW_ENDS = (b"</row>", b"</table:table-row>")
_PLACE = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_ERROR = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"')
_NO_RESULT = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*)>(.*?)(?=<table:table-row\b|\Z)", re.DOTALL)
_ODS_CELL = re.compile(rb"<table:table-cell\b([^>]*office:value-type[^>]*)>")
_ROWS_REPEATED, _COLUMNS_REPEATED = (re.compile(rb'number-%s-repeated="(\d{1,9})"' % kind) for kind in (b"rows", b"columns"))
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Valueless = dict[str, set[tuple[int, int]]]


def inspect_workbook(path: Path, name: str) -> Valueless:
    """Sheet → (row, column) of cells that hold an error or a formula without its result.

    Raises:
        RefusedError: `workbook_too_large`, `unsafe_workbook`.

    """
    if not zipfile.is_zipfile(path):
        return {}
    found: Valueless = {}
    with zipfile.ZipFile(path) as archive:
        _require_small(archive, name)
        names = _sheet_names(archive)
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    cells = _inspect_part(part, entry.filename, name)
                if cells:
                    found[names.get(entry.filename, entry.filename)] = cells
    return found


def _require_small(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    expanded = sum(entry.file_size for entry in entries)
    packed = max(sum(entry.compress_size for entry in entries), 1)
    if expanded > MAX_EXPANDED_BYTES or (expanded > HARMLESS_BYTES and expanded > MAX_RATIO * packed):
        raise RefusedError(
            "workbook_too_large", f"{name}: grows to {expanded / 2**20:.0f} MB; remedy: deliver it as CSV or in parts"
        )


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part → the sheet's name, by the workbook's own list."""
    try:
        relations = defusedxml.ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        targets = {item.get("Id"): item.get("Target", "") for item in relations}
        book = defusedxml.ElementTree.fromstring(archive.read("xl/workbook.xml"))
    except (KeyError, defusedxml.ElementTree.ParseError, defusedxml.DefusedXmlException):
        return {}
    sheets = (item for item in book.iter() if item.tag.endswith("}sheet"))
    return {_part_name(targets.get(sheet.get(_RELATION), "")): sheet.get("name", "") for sheet in sheets}


def _part_name(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _blocks(part: IO[bytes]) -> Iterator[bytes]:
    """The XML in blocks that end with a row, so that no cell is cut in two."""
    rest = b""
    while chunk := part.read(_CHUNK_BYTES):
        block = rest + chunk
        end = max(block.rfind(mark) + len(mark) if mark in block else 0 for mark in _ROW_ENDS)
        if end:
            yield block[:end]
        rest = block[end:]
    yield rest


def _inspect_part(part: IO[bytes], part_name: str, name: str) -> set[tuple[int, int]]:
    is_sheet, is_ods = part_name.startswith("xl/worksheets/"), part_name == "content.xml"
    n_cells = last_row = last_column = 0
    valueless: set[tuple[int, int]] = set()
    for block in _blocks(part):
        if _DECLARES_ENTITIES.search(block) or block.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise RefusedError("unsafe_workbook", f"{name}: its XML declares entities; remedy: save it again")
        if is_sheet:
            places = _PLACE.findall(block)
            n_cells += max(len(places), block.count(b"<c>") + block.count(b"<c "))
            last_row = max([last_row, *(int(row) for row in {row for _, row in places})])
            last_column = max([last_column, *map(_column_number, {column for column, _ in places})])
            valueless.update(_cell(match) for pattern in (_ERROR, _NO_RESULT) for match in pattern.finditer(block))
        elif is_ods:
            n_cells += _repeated_cells(block)
        if n_cells > MAX_CELLS or last_row * last_column > max(_SMALL_AREA, _AREA_PER_CELL * n_cells):
            raise RefusedError(
                "workbook_too_large",
                f"{name}: row {last_row}: {n_cells} cells as far as row {last_row} and column {last_column}; "
                f"remedy: delete what is not data; at most {MAX_CELLS} cells and no lonely one far away",
            )
    return valueless


def _repeated_cells(block: bytes) -> int:
    """How many cells with a value a block of an OpenDocument sheet stands for."""
    total = 0
    for attributes, cells in _ODS_ROW.findall(block):
        in_row = sum(_times(_COLUMNS_REPEATED, cell) for cell in _ODS_CELL.findall(cells))
        total += in_row * _times(_ROWS_REPEATED, attributes)
    return total


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1


def _cell(match: re.Match[bytes]) -> tuple[int, int]:
    return int(match[2]) - 1, _column_number(match[1]) - 1


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
