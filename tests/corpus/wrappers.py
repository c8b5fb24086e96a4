"""Archives and bombs: what is packed lands like what is not, and nothing grows beyond its bounds."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.corpus.model import CorpusFile, csv_bytes, deals, ods_bytes, rewrite_part, sheet_rows, twin, xlsx_bytes, zip_bytes

_SHEET = "xl/worksheets/sheet1.xml"
_LARGE = ("archive_too_large", "workbook_too_large", "too_large")


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _archives()
    yield from _damages()
    yield from bombs()


def _zip(family: str, label: str, content: bytes, rows: object, suffix: str = "zip", **owed: object) -> CorpusFile:
    return CorpusFile(family, label, suffix, content, rows, **owed)


def packed(content: bytes) -> bytes:
    """A gzip file with a fixed clock."""
    return gzip.compress(content, mtime=0)


def _archives() -> Iterator[CorpusFile]:
    text, clean = csv_bytes(deals()), twin(deals())
    yield _zip("zip and gzip", "zip", zip_bytes({"deals.csv": text}), clean)
    yield _zip("zip and gzip", "zip_in_folder", zip_bytes({"export/2/deals.csv": text}), clean)
    yield _zip(
        "zip and gzip",
        "zip_with_litter",
        zip_bytes({"deals.csv": text, "__MACOSX/._deals.csv": b"x", ".DS_Store": b"y"}),
        clean,
    )
    yield _zip("zip and gzip", "zip_without_suffix", zip_bytes({"d.csv": text}), clean, "dat")
    yield _zip("zip and gzip", "gzip", packed(text), clean, "csv.gz")
    yield _zip("zip and gzip", "gzip_parts", packed(text[:300]) + packed(text[300:]), clean, "csv.gz")
    yield _zip("zip and gzip", "zip_of_workbook", zip_bytes({"deals.xlsx": xlsx_bytes(sheet_rows(deals()))}), clean)
    yield _zip("zip and gzip", "workbook_named_csv", xlsx_bytes(sheet_rows(deals())), clean, "csv")
    for name in ("../deals.csv", "/etc/deals.csv", "a/../../deals.csv", "..\\deals.csv"):
        yield _zip("zip-slip", "slip", zip_bytes({name: text}), None, refusals=("unsafe_member_name",))
    link = zipfile.ZipInfo("deals.csv")
    link.external_attr = 0o120777 << 16
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    yield _zip("zip-slip", "link", stream.getvalue(), None, refusals=("unsafe_member_name",))
    inner = zip_bytes({"deals.csv": text})
    yield _zip("archive in archive", "zip_in_zip", zip_bytes({"a.zip": inner}), None, refusals=("archive_in_archive",))
    yield _zip(
        "archive in archive", "gzip_in_zip", zip_bytes({"a.csv.gz": packed(text)}), None, refusals=("archive_in_archive",)
    )
    yield _zip("archive in archive", "zip_in_gzip", packed(inner), None, "zip.gz", refusals=("archive_in_archive",))
    yield _zip("archive in archive", "gzip_in_gzip", packed(packed(text)), None, "gz.gz", refusals=("archive_in_archive",))
    yield _zip("empty", "empty_zip", zip_bytes({}), None, refusals=("empty_archive",))
    yield _zip("empty", "empty_gzip", packed(b""), None, "csv.gz", refusals=("empty_file",))


def _damages() -> Iterator[CorpusFile]:
    text = csv_bytes(deals())
    whole = zip_bytes({"deals.csv": text})
    bad = ("damaged_archive",)
    yield _zip("damaged archives", "zip_cut", whole[:-30], None, refusals=bad)
    yield _zip("damaged archives", "zip_head_only", whole[:60], None, refusals=bad)
    flipped = bytearray(whole)
    flipped[80] ^= 0xFF
    yield _zip("damaged archives", "zip_flipped", bytes(flipped), None, refusals=bad)
    yield _zip("damaged archives", "gzip_cut", packed(text)[:-20], None, "csv.gz", refusals=bad)
    wrong = bytearray(packed(text))
    wrong[-6] ^= 0xFF
    yield _zip("damaged archives", "gzip_checksum", bytes(wrong), None, "csv.gz", refusals=bad)
    yield _zip("encrypted archives", "encrypted", _encrypted(whole), None, refusals=("encrypted_archive",))
    book = xlsx_bytes(sheet_rows(deals()))
    yield _zip("damaged workbooks", "cut", book[:-200], None, "xlsx", refusals=("damaged_archive", "damaged_workbook"))
    broken = rewrite_part(book, _SHEET, lambda xml: xml[: len(xml) // 2])
    yield _zip("damaged workbooks", "sheet_cut", broken, None, "xlsx", refusals=("damaged_workbook",))
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    yield _zip("damaged workbooks", "ole", ole, None, "xls", refusals=("damaged_workbook", "protected_workbook"))
    yield _zip("damaged workbooks", "parquet", b"PAR1" + bytes(200) + b"PAR1", None, "parquet", refusals=("damaged_parquet",))


def _encrypted(archive: bytes) -> bytes:
    """The bit that says so set in both headers; without the password nobody can read further."""
    changed = bytearray(archive)
    changed[6] |= 1
    changed[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def bombs() -> Iterator[CorpusFile]:
    """Small files that would grow to gigabytes."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, -15)
    million = b"0;" * 500_000
    body, crc, size = b"", 0, 0
    for _ in range(150):
        body += zeros.compress(million)
        crc, size = zlib.crc32(million, crc), size + len(million)
    body += zeros.flush()
    yield _zip("zip bombs", "zip_bomb", _zip_of(body, crc, size), None, refusals=_LARGE)
    lying = _zip_of(body, crc, 1000)
    yield _zip("zip bombs", "zip_that_lies", lying, None, refusals=(*_LARGE, "damaged_archive"))
    gz = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + body + struct.pack("<II", crc, size)
    yield _zip("zip bombs", "gzip_bomb", gz, None, "csv.gz", refusals=_LARGE)
    many = zip_bytes({f"{number}.csv": b"" for number in range(1_001)})
    yield _zip("zip bombs", "many_members", many, None, refusals=_LARGE)
    book = xlsx_bytes(sheet_rows(deals()))
    blank = '<row r="9"><c r="A9" t="inlineStr"><is><t>%s</t></is></c></row>' % ("x" * 80_000_000)
    yield _zip(
        "workbook bombs",
        "one_cell_80mb",
        rewrite_part(book, _SHEET, lambda xml: xml.replace("</sheetData>", blank + "</sheetData>")),
        None,
        "xlsx",
        refusals=(*_LARGE, "damaged_workbook"),
    )
    row = "<row>" + "<c><v>1</v></c>" * 200 + "</row>"
    rows = row * 30_000
    yield _zip(
        "workbook bombs",
        "six_million_cells",
        rewrite_part(book, _SHEET, lambda xml: xml.replace("</sheetData>", rows + "</sheetData>")),
        None,
        "xlsx",
        refusals=_LARGE,
    )
    for label, place in (
        ("far_corner", "XFD1048576"),
        ("far_row", "K1048576"),
        ("far_column", "XFD10"),
        ("wide", "ALL1000000"),
    ):
        far = f'<row r="{place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{place}"><v>1</v></c></row></sheetData>'
        corner = rewrite_part(book, _SHEET, lambda xml, far=far: xml.replace("</sheetData>", far))
        owed = {"refusals": _LARGE} if label != "far_row" else {"set_aside": 1, "refusals": _LARGE}
        yield _zip("workbook bombs", label, corner, twin(deals()) if label == "far_row" else None, "xlsx", **owed)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'

    def laughing(xml: str) -> str:
        head, end, rest = xml.partition("?>")
        if not end:
            return doctype + xml
        return head + end + doctype + rest

    yield _zip("billion laughs", "sheet", rewrite_part(book, _SHEET, laughing), None, "xlsx", refusals=("unsafe_workbook",))
    yield _zip(
        "billion laughs", "styles", rewrite_part(book, "xl/styles.xml", laughing), None, "xlsx", refusals=("unsafe_workbook",)
    )
    padded = rewrite_part(book, "xl/workbook.xml", lambda xml: laughing(f"<!--{' ' * 6000}-->" + xml))
    yield _zip("billion laughs", "late_declaration", padded, None, "xlsx", refusals=("unsafe_workbook", "damaged_workbook"))
    sheet = ods_bytes(sheet_rows(deals()))
    yield _zip(
        "billion laughs", "ods", rewrite_part(sheet, "content.xml", laughing), None, "ods", refusals=("unsafe_workbook",)
    )
    repeated = rewrite_part(
        sheet,
        "content.xml",
        lambda xml: xml.replace(
            "</table:table>",
            '<table:table-row table:number-rows-repeated="1048000"><table:table-cell '
            'office:value-type="float" office:value="1" table:number-columns-repeated="16000"/></table:table-row>'
            "</table:table>",
        ),
    )
    yield _zip("workbook bombs", "ods_repeats", repeated, None, "ods", refusals=_LARGE)


def _zip_of(body: bytes, crc: int, size: int) -> bytes:
    """A zip file of one member from its deflated bytes, with a size that may lie."""
    name = b"deals.csv"
    common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x5C21, crc, len(body), size, len(name), 0)
    local = b"PK\x03\x04" + common + name + body
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end
