import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing import record_scan
from orchestration.landing.csv_reader import BLOCK_BYTES, Readable, around_misfits, as_it_is, as_plain_csv, text_batches
from orchestration.landing.dialect import Dialect
from orchestration.landing.record_scan import MAX_RECORD_BYTES, lines_of_records, scan_records
from orchestration.landing.refused import RefusedError

DELIMITERS = [",", ";", "\t", "|", ", ", "; ", "\x1f", " ", "^", "é"]
# Cells of letters, separators, quotes, line breaks and blanks: what a reader can stumble over.
CELLS = st.text(alphabet="ab\"'\\;, \t|^\n", max_size=6)
TABLES = st.integers(2, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=12))


def parsed(readable, width, block_bytes=BLOCK_BYTES[0]):
    names = [f"c{place}" for place in range(width)]
    return [list(row.values()) for batch in text_batches(readable, names, names, block_bytes) for row in batch.to_pylist()]


def read(path, dialect, width, target, *, native=True):
    """(cells by record, what was set aside, lines of the records) as landing reads them."""
    readable = (as_it_is(path, dialect, width, target) if native else None) or as_plain_csv(path, dialect, width, target)
    if readable.n_records == 0:
        return [], readable.rejected, []
    rows = [[cell or "" for cell in row] for row in parsed(readable, width)]
    assert len(rows) == readable.n_records
    return rows, readable.rejected, readable.lines_of(list(range(len(rows))))


def written(rows, dialect):
    """Every cell quoted, quotes within it as the dialect writes them, by a writer of the test's own."""
    quote, escape = dialect.quote, dialect.escape

    def cell(text):
        if dialect.has_escape:
            text = text.replace(escape, escape * 2)
        return quote + text.replace(quote, escape + quote) + quote

    return "".join(dialect.delimiter.join(map(cell, row)) + dialect.newline for row in rows)


@settings(max_examples=150, deadline=None)
@given(
    rows=TABLES, delimiter=st.sampled_from(DELIMITERS), quote=st.sampled_from("\"'"), escape=st.sampled_from(["double", "\\"]),
    newline=st.sampled_from(["\n", "\r\n"]), preamble=st.integers(0, 2),
)  # fmt: skip
def test_any_table_in_any_quoted_dialect_is_read_back_cell_by_cell_with_its_lines(
    tmp_path_factory, rows, delimiter, quote, escape, newline, preamble
):
    folder = tmp_path_factory.mktemp("table")
    width = len(rows[0]) if rows else 2
    dialect = Dialect(delimiter, quote, quote if escape == "double" else escape, newline, preamble)
    body = written(rows, dialect)
    (folder / "a.csv").write_bytes(("A title" + newline).encode() * preamble + ("h" + newline).encode() + body.encode())
    found, rejected, lines = read(folder / "a.csv", dialect, width, folder / "plain.csv")
    assert (found, rejected) == (rows, [])
    starts = [preamble + 2 + written(rows[:n], dialect).count("\n") for n in range(len(rows))]
    assert lines == starts


@settings(max_examples=100, deadline=None)
@given(rows=TABLES.filter(bool), native=st.booleans())
def test_what_pythons_writer_quotes_only_where_needed_is_read_back(tmp_path_factory, rows, native):
    folder = tmp_path_factory.mktemp("table")
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    (folder / "a.csv").write_text("h\n" + text.getvalue(), encoding="utf-8", newline="")
    found, rejected, _ = read(folder / "a.csv", Dialect(), len(rows[0]), folder / "plain.csv", native=native)
    assert (found, rejected) == (rows, [])


RAGGED = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=25)


@settings(max_examples=300, deadline=None)
@given(rows=RAGGED, newline=st.sampled_from(["\n", "\r\n"]), block=st.integers(1, 40), n_good=st.integers(0, 40))
def test_around_rows_that_do_not_fit_blocks_of_bytes_are_read_as_row_by_row(tmp_path_factory, rows, newline, block, n_good):
    folder = tmp_path_factory.mktemp("ragged")
    dialect = Dialect(newline=newline)
    body = written([*rows, *[["a", "b, c", ""]] * n_good], dialect)
    (folder / "a.csv").write_bytes(("h" + newline + body).encode())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record_scan, "_CHUNK_BYTES", block)
        around = around_misfits(folder / "a.csv", dialect, 3, folder / "around.csv")
    if around is None:
        return
    plain = as_plain_csv(folder / "a.csv", dialect, 3, folder / "plain.csv")
    assert (around.n_records, around.rejected, around.empty_lines) == (plain.n_records, plain.rejected, plain.empty_lines)
    numbers = list(range(plain.n_records))
    assert around.lines_of(numbers) == plain.lines_of(numbers)
    if numbers:
        assert parsed(around, 3) == parsed(plain, 3)


def test_five_wrong_rows_in_a_large_file_are_read_around(tmp_path):
    lines = [f'{n},"x, {n}",z\n' for n in range(200_000)]
    for place in (0, 7, 99_999, 150_000, 199_999):
        lines[place] = f"{place},short\n"
    (tmp_path / "a.csv").write_text("a,b,c\n" + "".join(lines))
    around = around_misfits(tmp_path / "a.csv", Dialect(), 3, tmp_path / "around.csv")
    assert around is not None
    assert around.n_records == 199_995
    assert [line for line, _, _ in around.rejected] == [2, 9, 100_001, 150_002, 200_001]
    assert around.lines_of([0, 6, 199_994]) == [3, 10, 200_000]


PLAIN_CELLS = st.text(alphabet="abc1.", min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.lists(PLAIN_CELLS, min_size=3, max_size=3), min_size=2, max_size=15),
    fault=st.sampled_from(["less", "more", "more_at_end", "opening_quote", "cut_off"]),
    at=st.integers(0, 14), cell=st.integers(0, 2), quoted=st.booleans(),
)  # fmt: skip
def test_a_broken_row_is_named_by_its_line_and_every_other_row_is_read(tmp_path_factory, rows, fault, at, cell, quoted):
    folder = tmp_path_factory.mktemp("table")
    at %= len(rows)
    at = len(rows) - 1 if fault == "cut_off" else at
    lines = [";".join(f'"{text}"' if quoted else text for text in row) for row in rows]
    parts = lines[at].split(";")
    lines[at] = {
        "less": ";".join(parts[:-1]),
        "more": ";".join([*parts[:cell], "", *parts[cell:]]),
        "more_at_end": lines[at] + ";",
        "opening_quote": ";".join('"' + part.strip('"') if n == cell else part for n, part in enumerate(parts)),
        "cut_off": lines[at][: len(parts[0]) + 2],
    }[fault]
    text = "h1;h2;h3\n" + "\n".join(lines) + ("" if fault == "cut_off" else "\n")
    (folder / "a.csv").write_text(text, encoding="utf-8", newline="")
    found, rejected, numbers = read(folder / "a.csv", Dialect(";"), 3, folder / "plain.csv")
    assert found == [row for n, row in enumerate(rows) if n != at]
    assert [line for line, _, _ in rejected] == [at + 2]
    assert numbers == [n + 2 for n in range(len(rows)) if n != at]


@pytest.mark.parametrize(
    ("text", "expected", "lines_set_aside"),
    [
        ('h;i\r\n1;"a"\n2;b\r3;c\n', [["1", "a"]], [3]),
        ('h;i\n1;5" pipe\n2;"5" pipe"\n', [["1", '5" pipe'], ["2", '5" pipe']], []),
        ('h;i\n1;"a\nb"\n2;x;y\n3;z\n', [["1", "a\nb"], ["3", "z"]], [4]),
        ('h;i\n\n1;a\n   \n2;b\n;\n', [["1", "a"], ["2", "b"], ["", ""]], []),
        ('h;i\n1;"a\n2;b\n3;c"\n', [["1", "a\n2;b\n3;c"]], []),
    ],
    ids=["mixed line ends", "inch marks", "line breaks before the fault", "blank lines", "one long cell"],
)  # fmt: skip
def test_odd_files_are_read_as_they_are_meant(tmp_path, text, expected, lines_set_aside):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    found, rejected, _ = read(tmp_path / "a.csv", Dialect(";"), 2, tmp_path / "plain.csv")
    assert (found, [line for line, _, _ in rejected]) == (expected, lines_set_aside)


def test_lines_that_end_as_on_old_macs(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'h,i\r1,"a, b"\r2,c,d\r3,e\r')
    found, rejected, lines = read(tmp_path / "a.csv", Dialect(newline="\r"), 2, tmp_path / "plain.csv")
    assert (found, lines) == ([["1", "a, b"], ["3", "e"]], [2, 4])
    assert rejected == [(3, "too_many_cells", "2,c,d")]


def test_an_empty_cell_too_many_is_not_dropped_as_duckdb_does(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b,c\n1,2,3\n4,,5,\n")
    found, rejected, _ = read(tmp_path / "a.csv", Dialect(), 3, tmp_path / "plain.csv")
    assert (found, rejected) == ([["1", "2", "3"]], [(3, "too_many_cells", "4,,5,")])


def test_below_a_table_of_another_width_no_row_is_believed_that_fits_by_accident(tmp_path):
    second = [f"{n},x" for n in range(20)]
    second[9] = "9,x,y"
    text = "a,b,c\n" + "".join(f"{n},u,v\n" for n in range(10)) + "".join(line + "\n" for line in second)
    (tmp_path / "a.csv").write_text(text)
    found, rejected, _ = read(tmp_path / "a.csv", Dialect(), 3, tmp_path / "plain.csv")
    assert len(found) == 10
    assert (21, "another_table", "9,x,y") in rejected
    assert len(rejected) == 20


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("cell", ["x" * 10_000_000, '"' + "x" * 10_000_000 + '"'], ids=["bare", "quoted"])
def test_a_cell_of_ten_megabytes_is_refused_with_its_line(tmp_path, native, cell):
    (tmp_path / "a.csv").write_text(f"a,b\n1,2\n3,{cell}\n")
    with pytest.raises(RefusedError, match="line 3: more than") as refusal:
        read(tmp_path / "a.csv", Dialect(), 2, tmp_path / "plain.csv", native=native)
    assert refusal.value.code == "line_too_long"


def test_quotes_that_never_close_end_the_reading_early(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n" + '1,"x\n' * 20_000)
    with pytest.raises(RefusedError, match="line 2") as refusal:
        read(tmp_path / "a.csv", Dialect(), 2, tmp_path / "plain.csv")
    assert refusal.value.code == "unclosed_quote"


@given(st.lists(st.lists(st.text(alphabet='ab";\n\r ', min_size=1, max_size=6), min_size=2, max_size=2), max_size=20))
def test_records_and_delimiters_are_counted_whatever_stands_inside_quotes(tmp_path_factory, rows):
    dialect = Dialect(";")
    path = tmp_path_factory.mktemp("records") / "a.csv"
    path.write_bytes(("h1;h2\n" + written(rows, dialect)).encode())
    scan = scan_records(path, dialect)
    assert (scan.n_records, scan.n_delimiters) == (len(rows), len(rows))


@pytest.mark.parametrize("content", [b"h\n1\n2", b"h\r\n1\r\n\r\n2\r\n", b"h\n\n1\n2\n\n"])
def test_blank_lines_and_a_missing_last_line_end_do_not_change_the_count(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    scan = scan_records(tmp_path / "a.csv", Dialect())
    assert (scan.n_records, scan.is_regular) == (2, True)


def test_counts_and_lines_hold_across_the_blocks_in_which_a_file_is_read(tmp_path):
    rows = [[str(n), "x" * 30 + ("\n" if n % 7 == 0 else "") + '"'] for n in range(200_000)]
    dialect = Dialect(";")
    body = written(rows, dialect)
    assert len(body) > 4 * MAX_RECORD_BYTES
    (tmp_path / "a.csv").write_text("h1;h2\n" + body, newline="")
    scan = scan_records(tmp_path / "a.csv", dialect)
    assert (scan.n_records, scan.n_delimiters, scan.is_regular) == (200_000, 200_000, True)
    wanted = [0, 1, 7, 8, 99_999, 150_000, 199_999]
    expected = [2 + n + (n + 6) // 7 for n in wanted]
    assert lines_of_records(tmp_path / "a.csv", dialect, wanted) == expected


@pytest.mark.parametrize("first_cell", ["\ufeffa", '"\ufeffa"'])
def test_a_byte_order_mark_in_the_first_cell_of_the_data_is_kept(tmp_path, first_cell):
    (tmp_path / "a.csv").write_text(f"h,i\n{first_cell},b\n", encoding="utf-8", newline="")
    assert read(tmp_path / "a.csv", Dialect(), 2, tmp_path / "plain.csv")[0] == [["\ufeffa", "b"]]


def test_a_carriage_return_above_the_data_is_no_line_of_its_own(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a\rtitle\nh,i\n1,2\n")
    readable = Readable(tmp_path / "a.csv", Dialect(preamble_lines=1), 1)
    assert parsed(readable, 2) == [["1", "2"]]


def test_a_record_that_fills_a_usual_block_is_read_with_a_larger_one(tmp_path):
    long = "x" * (3 * BLOCK_BYTES[0] // 2)
    (tmp_path / "a.csv").write_text("h,i\n" + "1,2\n" * 200_000 + f"{long},3\n", newline="")
    readable = as_it_is(tmp_path / "a.csv", Dialect(), 2, tmp_path / "plain.csv")
    with pytest.raises(pa.ArrowInvalid):
        parsed(readable, 2)
    assert parsed(readable, 2, BLOCK_BYTES[1])[-1] == [long, "3"]
    assert BLOCK_BYTES[1] > MAX_RECORD_BYTES
