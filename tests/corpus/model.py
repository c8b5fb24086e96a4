"""What a corpus file is, the company it was exported from, and the plain writers that classes of faults start from."""

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import openpyxl

COLUMNS = ("deal_id", "deal_name", "pipeline", "deal_stage", "amount", "currency", "created_at", "closed_at", "company_id",
           "salesforce_opportunity_id", "owner")  # fmt: skip
HEADERS = {
    "en": ["Record ID", "Deal Name", "Pipeline", "Deal Stage", "Amount", "Currency", "Create Date", "Close Date",
           "Associated Company IDs", "Salesforce Opportunity ID", "Deal owner"],
    "fr": ["ID d'enregistrement", "Nom de la transaction", "Pipeline", "Phase de la transaction", "Montant", "Devise",
           "Date de création", "Date de fermeture", "ID de l'entreprise associée", "ID de l'opportunité Salesforce",
           "Propriétaire de la transaction"],
}  # fmt: skip
_PARIS = ZoneInfo("Europe/Paris")

Deal = dict[str, object]


@dataclass(frozen=True)
class CorpusFile:
    """One file and what landing owes it.

    `twin`: rows that must be readable from raw, as canonical values. `set_aside`: rows that may, or with `is_strict` must, be
    quarantined instead. `refusals`: reason codes; with a twin the file may be refused, without one it must. `noticed`: finding
    codes of which one must be recorded. `unprovable`: damaged rows that look whole, so that no reader can refuse them; they
    may be loaded as they stand when a finding of `noticed` names their line.
    """

    family: str
    label: str
    suffix: str
    content: bytes
    twin: tuple[Deal, ...] | None
    set_aside: int = 0
    refusals: tuple[str, ...] = ()
    noticed: tuple[str, ...] = ()
    skipped: int | None = None
    unprovable: tuple[Deal, ...] = ()
    name: str = ""
    day: dt.date = dt.date.min

    @property
    def must_load(self) -> bool:
        """Whether its good rows can be recovered, so that a refusal would be a loss."""
        return self.twin is not None and not self.refusals


def deals(count: int = 8) -> list[Deal]:
    """Rows as a French company would have them: accents, separators and quotes inside names."""
    names = ["Société Générale – T1", "L'Œuf d'été", "Müller & Söhne; GmbH", 'Dit "le Grand"', "Café, thé & Cie", "Ça va ?",
             "Noël à Nîmes", "Żółw Sp. z o.o."]  # fmt: skip
    stages = ["appointmentscheduled", "contractsent", "closedwon", "closedlost"]
    return [
        {
            "deal_id": str(9_001_234_501 + i), "deal_name": names[i % len(names)], "pipeline": "Ventes B2B",
            "deal_stage": stages[i % 4], "amount": Decimal("1234.50") + 1111 * i, "currency": "EUR",
            "created_at": dt.datetime(2026, 1 + i % 12, 3 + i % 9, 9, 30), "closed_at": dt.datetime(2026, 2 + i % 10, 4, 17, 5),
            "company_id": str(7_000 + i), "salesforce_opportunity_id": f"006Aa00000{i:02d}XyZ", "owner": f"Équipe {i % 3}",
        }
        for i in range(count)
    ]  # fmt: skip


def latin_deals() -> list[Deal]:
    """Rows that cp1252 and ISO-8859-15 can hold."""
    return [{**deal, "deal_name": str(deal["deal_name"]).replace("Żółw", "Zolw").replace("–", "-")} for deal in deals()]


def twin(rows: Sequence[Deal]) -> tuple[Deal, ...]:
    """The canonical values that raw must give: numbers with a point, local times of Paris in UTC."""
    return tuple({name: _canonical(value) for name, value in row.items()} for row in rows)


def _canonical(value: object) -> object:
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=_PARIS)
        return aware.astimezone(dt.UTC).replace(tzinfo=None)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value, dt.time())
    return None if value == "" else value


def cell_text(value: object, language: str = "fr") -> str:
    """A cell as the vendor's user interface writes it."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return str(value).replace(".", ",") if language == "fr" else str(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%d/%m/%Y %H:%M" if language == "fr" else "%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y" if language == "fr" else "%Y-%m-%d")
    return str(value)


def table(rows: Sequence[Deal], language: str = "fr") -> list[list[str]]:
    """Header and rows as texts."""
    return [HEADERS[language], *([cell_text(row[name], language) for name in COLUMNS] for row in rows)]


def csv_text(cells: Sequence[Sequence[str]], delimiter: str = ";", newline: str = "\n", quote_all: bool = False) -> str:
    """Plain RFC 4180 in any delimiter."""

    def quoted(cell: str) -> str:
        if quote_all or any(mark in cell for mark in (delimiter, '"', "\n", "\r")):
            return '"' + cell.replace('"', '""') + '"'
        return cell

    return "".join(delimiter.join(map(quoted, row)) + newline for row in cells)


def csv_bytes(rows: Sequence[Deal], language: str = "fr", **dialect: object) -> bytes:
    """A plain CSV file."""
    return csv_text(table(rows, language), **dialect).encode()


def sheet_rows(rows: Sequence[Deal], language: str = "fr") -> list[list[object]]:
    """Header and rows with numbers and times as such, ids as text."""
    native = [[float(v) if isinstance(v := row[name], Decimal) else v for name in COLUMNS] for row in rows]
    return [list(HEADERS[language]), *native]


def xlsx_bytes(cells: Sequence[Sequence[object]], adjust: object = None, title: str = "Transactions") -> bytes:
    """A workbook of one sheet; `adjust` gets the workbook before it is saved."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in cells:
        sheet.append(list(row))
    if adjust:
        adjust(workbook)
    stream = io.BytesIO()
    workbook.save(stream)
    with zipfile.ZipFile(stream) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    # The library writes the moment of saving: taken out, so that the same call gives the same bytes.
    members["docProps/core.xml"] = re.sub(rb">20\d\d-[^<]*Z<", b">2026-01-01T00:00:00Z<", members["docProps/core.xml"])
    return zip_bytes(members)


_ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:spreadsheet>'
)


def ods_bytes(cells: Sequence[Sequence[object]]) -> bytes:
    """An OpenDocument spreadsheet of one sheet."""

    def cell(value: object) -> str:
        if value is None or value == "":
            return "<table:table-cell/>"
        if isinstance(value, bool):
            return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
        if isinstance(value, dt.datetime | dt.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
        paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
        return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'

    body = "".join("<table:table-row>" + "".join(map(cell, row)) + "</table:table-row>" for row in cells)
    content = (
        f'{_ODS_HEAD}<table:table table:name="Transactions">{body}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zip_bytes({"mimetype": kind.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def zip_bytes(members: dict[str, bytes]) -> bytes:
    """A zip file with a fixed clock."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def rewrite_part(workbook: bytes, part: str, change: object) -> bytes:
    """A workbook with one XML part changed by a function of its text."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    changed = change(members[part].decode())
    assert changed.encode() != members[part], f"nothing changed in {part}"
    return zip_bytes({**members, part: changed.encode()})


def records(rows: Sequence[Deal], language: str = "fr") -> list[dict[str, object]]:
    """Rows as JSON objects: numbers are numbers, times ISO."""

    def value(cell: object) -> object:
        if isinstance(cell, Decimal):
            return float(cell)
        return cell.isoformat(sep=" ") if isinstance(cell, dt.datetime) else cell

    return [{header: value(row[name]) for header, name in zip(HEADERS[language], COLUMNS, strict=True)} for row in rows]


def json_lines(items: Sequence[object]) -> bytes:
    """JSON Lines."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()


def json_array(items: Sequence[object]) -> bytes:
    """A JSON array on several lines."""
    return json.dumps(items, ensure_ascii=False, indent=1).encode()
