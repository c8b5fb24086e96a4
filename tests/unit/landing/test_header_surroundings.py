"""What may hide rows at or above the header of a file: refused or told with its line."""

import pytest

from orchestration.landing.profiles import known_profiles
from orchestration.landing.reading import Reader
from orchestration.landing.refused import RefusedError
from orchestration.settings import Settings
from tests.corpus.model import csv_text, deals, sheet_rows, table, xlsx_bytes

CELLS = table(deals(6))
WIDTH = len(CELLS[0])


@pytest.fixture
def parts(tmp_path):
    reader = Reader(known_profiles(Settings()), "512MB", tmp_path)

    def parts(content: bytes | str, name: str = "transactions-2026-10-01.csv") -> list:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return reader.parts(path, name)

    return parts


def code_and_reason(parts, content: bytes | str, name: str = "transactions-2026-10-01.csv") -> tuple[str, str]:
    with pytest.raises(RefusedError) as refusal:
        parts(content, name)
    return refusal.value.code, str(refusal.value)


@pytest.mark.parametrize("mark", ["\r", "\u2028", "\x0b"])
def test_rows_that_another_line_end_joins_to_the_header_are_not_lost(parts, mark):
    code, reason = code_and_reason(parts, csv_text(CELLS).replace("\n", mark, 3))
    assert code == "mixed_line_ends"
    assert "line 1" in reason


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", "\x85".encode()), ("utf-8", "\u2028".encode()), ("utf-8", b"\x0b"), ("cp1252", b"\x85"), ("cp1252", b"\x0b")],
)
@pytest.mark.parametrize("n_columns", [WIDTH, WIDTH - 1])
def test_cells_of_rows_in_the_headers_line_are_never_told(parts, encoding, mark, n_columns):
    cells = [[*row[:n_columns], f"note of {row[0]}"] for row in CELLS]
    lines = [",".join(f'"{cell}"' if "," in cell else cell for cell in row).encode(encoding) for row in cells]
    content = mark.join(lines)
    code, reason = code_and_reason(parts, content)
    assert code == "mixed_line_ends"
    assert "line 1" in reason
    assert not any(cell and cell in reason for row in cells[1:] for cell in row if len(cell) > 3)


def test_an_ellipsis_in_a_columns_name_ends_no_line(parts):
    names = ["Budget\u2026?", "n\u2026o", *CELLS[0]]
    (part,) = parts(csv_text([names, *(["1", "2", *row] for row in CELLS[1:])]))
    assert len(part.recognition.columns) == WIDTH


def test_a_header_cell_may_hold_either_line_end_within_quotes(parts):
    (part,) = parts(csv_text([[*CELLS[0], "my\rown\nnote"], *([*row, ""] for row in CELLS[1:])]))
    assert len(part.recognition.columns) == WIDTH


def test_a_header_below_its_rows_is_refused_in_text_and_sheets(parts):
    code, reason = code_and_reason(parts, csv_text([*CELLS[1:], CELLS[0]]))
    assert code == "rows_above_header"
    assert "line 1: the header stands in line 7, below 6 rows" in reason
    header, *rows = sheet_rows(deals(6))
    assert code_and_reason(parts, xlsx_bytes([*rows, header]), "transactions-2026-10-01.xlsx")[0] == "rows_above_header"


def test_a_few_wide_lines_above_the_header_are_told_and_titles_are_not(parts):
    (part,) = parts(csv_text([["x"] * WIDTH, ["Report", *[""] * (WIDTH - 1)], *CELLS]))
    assert [(item.code, item.lines) for item in part.findings] == [("rows_above_header", (1,))]


@pytest.mark.parametrize(
    ("title", "header"),
    [('"Ventes\rde juin"\n', CELLS[0]), ("", [*CELLS[0][:-1], f"{CELLS[0][-1]}\r"]), ('"a\rb"\n"\r"\n', CELLS[0])],
)
def test_a_carriage_return_within_quotes_at_or_above_the_header_is_text_and_hides_no_row(parts, title, header):
    (part,) = parts(title + csv_text([header, *CELLS[1:]]))
    assert part.dialect.lines_before_data == title.count("\n") + 1
    assert part.findings == ()
