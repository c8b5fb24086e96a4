import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing.sniff import sniff

ROWS = [
    ["2026-03-01", "Durand, Paul", "12.50", 'size 10"'], ["2026-03-02", "Lee; Ann", "7.00", "it's new"],
    ["2026-03-15", "Roy|Max", "1020.10", ""], ["2026-04-02", "Ngo", "3.25", "a\\b"],
]  # fmt: skip
HEADER = ["Day", "Full name", "Amount", "Note"]


def table_text(delimiter=",", quote='"', escape='"', newline="\n", rows=ROWS, header=HEADER):
    def cell(text):
        special = delimiter in text or quote in text or text.startswith(" ")
        return quote + text.replace(quote, escape + quote) + quote if special else text

    return "".join(delimiter.join(map(cell, row)) + newline for row in ([header] if header else []) + rows)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ", ", "\x1f", "^"])
def test_delimiter_quote_and_line_end_are_found(delimiter, quote, newline):
    found = sniff(table_text(delimiter, quote, quote, newline), is_whole=True)
    assert found.rows == ROWS
    assert (found.header, found.faults, found.fit) == (HEADER, [], 1.0)
    assert (found.dialect.delimiter, found.dialect.newline, found.dialect.header_lines) == (delimiter, newline, 1)


def test_backslashes_that_escape_quotes_are_found_and_others_are_kept():
    found = sniff(table_text(escape="\\"), is_whole=True)
    assert found.dialect.escape == "\\"
    assert found.rows == ROWS


def test_quotes_that_are_not_marked_within_cells_are_found_where_rows_prove_it():
    rows = [["1", 'table, round 48"', "x"], ["2", 'boots, 10" lining', "y"], ["3", "hat, red", "z"]]
    text = "Id,Name,Code\n" + "".join(f'{a},"{b}",{c}\n' for a, b, c in rows)
    found = sniff(text, is_whole=True)
    assert found.rows == rows
    assert found.dialect.escape == ""


@pytest.mark.parametrize(
    ("above", "preamble"),
    [("Report of March\n\n", 2), ("Report,,,\n,,,\n", 2), ("Sales\nParis\n2026\n", 3), ("sep=,\n", 1)],
)
def test_lines_above_the_header_are_told_from_it(above, preamble):
    found = sniff(above + table_text(), is_whole=True)
    assert (found.header, found.dialect.preamble_lines, found.rows) == (HEADER, preamble, ROWS)


def test_a_header_of_several_rows_gives_one_name_per_column():
    text = "Day,Travel,,Total\n,Air,Rail,\n2026-01-01,12.0,3.5,15.5\n2026-01-02,,4.0,4.0\n"
    found = sniff(text, is_whole=True)
    assert found.header == ["Day", "Travel Air", "Travel Rail", "Total"]
    assert found.dialect.header_lines == 2


def test_a_file_without_header_is_read_by_position_and_says_so():
    found = sniff(table_text(header=None), is_whole=True)
    assert (found.header, found.dialect.header_lines) == (["col_0", "col_1", "col_2", "col_3"], 0)
    assert [code for code, _ in found.notes] == ["no_header"]
    assert found.rows == ROWS


def test_years_are_names_of_columns():
    found = sniff("Country;2024;2025\nFR;1,5;2,5\nDE;3,5;4,0\n", is_whole=True)
    assert (found.header, found.dialect.delimiter) == (["Country", "2024", "2025"], ";")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Day,Full name,,Amount,Note", "header_too_wide"),
        ('Day,Amount,"Note"', "header_misaligned"),
        ("Day Full name Amount Note", "header_not_found"),
    ],
)
def test_a_header_that_can_not_be_laid_over_the_rows_is_a_fault_with_its_line(header, code):
    rows = [[day, '"' + name + '"', amount, note.replace('"', "")] for day, name, amount, note in ROWS]
    text = header + "\n" + "".join(",".join(row) + "\n" for row in rows)
    found = sniff(text, is_whole=True)
    assert [fault[0] for fault in found.faults] == [code]
    assert "line 1" in found.faults[0][1]


def test_a_second_table_does_not_change_the_first():
    second = "".join(f"{n},x\n" for n in range(10))
    found = sniff(table_text(rows=ROWS * 4) + "Other,Table\n" + second, is_whole=True)
    assert (found.width, len(found.rows), found.faults) == (4, 16, [])


def test_prose_is_no_table():
    text = "# Title\n\nSome words about a thing, and more.\nAnother line.\n\nThe end, at last, of it.\n"
    found = sniff(text, is_whole=True)
    assert found is None or found.faults


CELL = st.text(alphabet="abcdeé '-", min_size=1, max_size=8).map(str.strip).filter(lambda text: text and text[0].isalpha())


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(CELL, min_size=4, max_size=12), delimiter=st.sampled_from(",;\t|"), quoting=st.sampled_from([0, 1]),
)  # fmt: skip
def test_any_table_with_a_number_and_a_day_is_found_again(names, delimiter, quoting):
    rows = [[str(n), f"2026-01-{n + 1:02}", name] for n, name in enumerate(names)]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows([["Id", "Day", "Name"], *rows])
    found = sniff(text.getvalue(), is_whole=True)
    assert (found.dialect.delimiter, found.header, found.rows) == (delimiter, ["Id", "Day", "Name"], rows)
