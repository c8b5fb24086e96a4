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
