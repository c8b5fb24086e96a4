import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.csv_reader import count_records
from orchestration.landing.dialect import Dialect


@given(st.lists(st.lists(st.text(alphabet='ab";\n ', min_size=1, max_size=6), min_size=2, max_size=2), max_size=20))
def test_records_are_counted_whatever_stands_inside_quotes(tmp_path_factory, rows):
    text = "h1;h2\n" + "".join(";".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)
    path = tmp_path_factory.mktemp("records") / "a.csv"
    path.write_bytes(text.encode())
    assert count_records(path, Dialect(delimiter=";")) == len(rows)


@pytest.mark.parametrize("content", [b"h\n1\n2", b"h\r\n1\r\n\r\n2\r\n", b"h\n\n1\n2\n\n"])
def test_blank_lines_and_a_missing_last_line_end_do_not_change_the_count(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    assert count_records(tmp_path / "a.csv", Dialect()) == 2
