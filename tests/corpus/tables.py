"""Headers and rows around the data: renamed, doubled, moved, repeated; totals, titles."""

import unicodedata
from collections.abc import Callable, Iterator

from tests.corpus.model import (
    HEADERS,
    CorpusFile,
    csv_text,
    deals,
    json_array,
    json_lines,
    ods_bytes,
    records,
    sheet_rows,
    table,
    twin,
    xlsx_bytes,
)

Cells = list[list[object]]


def files() -> Iterator[CorpusFile]:
    """All files of these families."""
    yield from _headers()
    yield from _between()
    yield from _record_keys()


def _each_format(
    family: str, label: str, change: Callable[[Cells], Cells], rows: object, **owed: object
) -> Iterator[CorpusFile]:
    """The same change of cells in CSV, XLSX and ODS."""
    text = csv_text([[str(cell) for cell in row] for row in change([list(row) for row in table(deals())])])
    yield CorpusFile(family, label, "csv", text.encode(), rows, **owed)
    cells = change([list(row) for row in sheet_rows(deals())])
    yield CorpusFile(family, label, "xlsx", xlsx_bytes(cells), rows, **owed)
    yield CorpusFile(family, label, "ods", ods_bytes(cells), rows, **owed)


def _rename(headers: dict[str, str]) -> Callable[[Cells], Cells]:
    return lambda cells: [[headers.get(cell, cell) for cell in cells[0]], *cells[1:]]


def _headers() -> Iterator[CorpusFile]:
    clean = twin(deals())
    yield from _each_format("clean", "clean", lambda cells: cells, clean)
    yield from _each_format(
        "renamed header", "renamed", _rename({"Montant": "Montant TTC"}), None, refusals=("missing_column",)
    )
    yield from _each_format(
        "missing header", "dropped", lambda cells: [row[:4] + row[5:] for row in cells], None, refusals=("missing_column",)
    )
    yield from _each_format("missing header", "blank", _rename({"Montant": ""}), None, refusals=("missing_column",))
    yield from _each_format(
        "missing header", "no_header", lambda cells: cells[1:], None, refusals=("not_a_feed", "missing_column")
    )
    yield from _each_format(
        "duplicate header", "doubled", _rename({"Devise": "Montant"}), None, refusals=("duplicate_column", "missing_column")
    )
    yield from _each_format(
        "duplicate header",
        "doubled_extra",
        lambda cells: [[*row, row[4]] for row in cells],
        None,
        refusals=("duplicate_column",),
    )
    yield from _each_format(
        "duplicate header",
        "doubled_by_case",
        lambda cells: [[*cells[0], "MONTANT"], *([*row, 1] for row in cells[1:])],
        None,
        refusals=("duplicate_column",),
    )
    yield from _each_format("swapped columns", "reversed", lambda cells: [row[::-1] for row in cells], clean)
    yield from _each_format(
        "swapped columns", "amount_first", lambda cells: [[row[4], *row[:4], *row[5:]] for row in cells], clean
    )
    yield from _each_format(
        "extra header",
        "extra",
        lambda cells: [[*row[:3], "Neu" if i else "Zusatz", *row[3:]] for i, row in enumerate(cells)],
        clean,
        noticed=("extra_column",),
    )
    yield from _each_format(
        "extra header", "extra_nameless", lambda cells: [[*row, "x" if i else ""] for i, row in enumerate(cells)], clean
    )
    yield from _each_format("header variants", "upper", lambda cells: [[str(c).upper() for c in cells[0]], *cells[1:]], clean)
    yield from _each_format(
        "header variants",
        "decomposed",
        lambda cells: [[unicodedata.normalize("NFD", str(c)) for c in cells[0]], *cells[1:]],
        clean,
    )
    yield from _each_format(
        "header variants", "apostrophes", lambda cells: [[str(c).replace("'", "’") for c in cells[0]], *cells[1:]], clean
    )
    yield from _each_format(
        "header variants",
        "spaces",
        lambda cells: [[f"  {str(c).replace(' ', chr(0xA0))} " for c in cells[0]], *cells[1:]],
        clean,
    )
    yield from _each_format(
        "header variants",
        "no_accents",
        lambda cells: [[str(c).replace("é", "e") for c in cells[0]], *cells[1:]],
        clean,
        refusals=("missing_column",),
    )


def _between() -> Iterator[CorpusFile]:
    clean = twin(deals())
    width = len(HEADERS["fr"])

    def row_of(*cells: object) -> list[object]:
        return [*cells, *[""] * (width - len(cells))]

    yield from _each_format("repeated header", "repeated", lambda cells: [*cells[:5], cells[0], *cells[5:]], clean, skipped=1)
    yield from _each_format(
        "repeated header", "repeated_twice", lambda cells: [cells[0], cells[0], *cells[1:], cells[0]], clean, skipped=2
    )
    for text in ("Total", "Total général", "TOTAL", "Grand Total", "Sous-total", "Totaux"):
        yield from _each_format(
            "total row", "total", lambda cells, text=text: [*cells, row_of(text, "", "", "", 41000)], clean, skipped=1
        )
    short = csv_text([*table(deals()), ["Total", "8"]])
    yield CorpusFile("total row", "total_short", "csv", short.encode(), clean, skipped=1)
    yield from _each_format(
        "title lines",
        "titles",
        lambda cells: [row_of("Export des transactions"), row_of("du 1er janvier"), row_of(""), *cells],
        clean,
    )
    bare = "Export des transactions\nSociété : Exemple SAS\n\n" + csv_text(table(deals()))
    yield CorpusFile("title lines", "titles_bare", "csv", bare.encode(), clean)
    comma = "Export; du 1er janvier, au 31\n" + csv_text(table(deals()), ",")
    yield CorpusFile("title lines", "title_with_other_delimiter", "csv", comma.encode(), clean)
    yield from _each_format(
        "empty rows", "empty_rows", lambda cells: [*cells[:3], row_of(""), *cells[3:], row_of(""), row_of("")], clean
    )
    yield from _each_format("missing key", "no_key", lambda cells: [*cells, ["", *cells[1][1:]]], clean, set_aside=1)


def _record_keys() -> Iterator[CorpusFile]:
    """The same faults of headers in JSON, where they are faults of keys."""
    clean, rows = twin(deals()), records(deals())
    for suffix, write in (("json", json_array), ("jsonl", json_lines)):
        renamed = [{("Montant TTC" if key == "Montant" else key): value for key, value in row.items()} for row in rows]
        yield CorpusFile("renamed header", "renamed", suffix, write(renamed), None, refusals=("missing_column",))
        yield CorpusFile("swapped columns", "reversed", suffix, write([dict(reversed(row.items())) for row in rows]), clean)
        yield CorpusFile(
            "extra header", "extra", suffix, write([{"Zusatz": 1, **row} for row in rows]), clean, noticed=("extra_column",)
        )
        upper = [{key.upper(): value for key, value in row.items()} for row in rows]
        yield CorpusFile("header variants", "upper", suffix, write(upper), clean)
        twice = [{**row, "MONTANT": 1} for row in rows]
        yield CorpusFile("duplicate header", "doubled_by_case", suffix, write(twice), None, refusals=("duplicate_column",))
        no_key = [*rows, {key: value for key, value in rows[0].items() if key != "ID d'enregistrement"}]
        yield CorpusFile("missing key", "no_key", suffix, write(no_key), clean, set_aside=1)
