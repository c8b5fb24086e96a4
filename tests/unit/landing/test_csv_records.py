"""Which rows of a recognised file are data: other tables within it, unfinished ends, and the place by which a row is named."""

import io

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.landing.csv_records import marks_sql
from orchestration.landing.parts import LoadResult, Recognition
from orchestration.landing.profiles import known_profiles
from orchestration.landing.reading import Reader
from orchestration.landing.recognise import MAX_COLUMNS
from orchestration.landing.refused import RefusedError
from orchestration.settings import Settings
from tests.corpus.model import csv_text, deals, json_array, json_lines, records, sheet_rows, table, xlsx_bytes

HEADER, *ROWS = table(deals(6))
WIDTH = len(HEADER)


@pytest.fixture
def load(tmp_path):
    reader = Reader(known_profiles(Settings()), "512MB", tmp_path)

    def load(content: bytes | str, name: str = "transactions-2026-10-01.csv") -> LoadResult:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (part,) = reader.parts(path, name)
        return reader.load(part, name, tmp_path / "rows.parquet")

    return load


def reasons(result: LoadResult) -> list[tuple[int, str]]:
    return [(line, reason) for line, reason, _ in result.rejected]


def noticed(result: LoadResult, code: str) -> list[tuple[int, ...]]:
    return [finding.lines for finding in result.findings if finding.code == code]


def parquet_bytes() -> bytes:
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, compression="none", use_dictionary=False)
    return stream.getvalue()


def test_the_same_table_twice_counts_once_and_the_second_is_set_aside_line_by_line(load):
    result = load(csv_text([HEADER, *ROWS[:3], HEADER, *ROWS[:3]]))
    assert result.rows_loaded == 3
    assert reasons(result) == [(6, "repeated_table"), (7, "repeated_table"), (8, "repeated_table")]
    assert noticed(result, "repeated_header") == [(5,)]


def test_each_of_many_files_of_one_size_is_looked_at_itself(load):
    place = HEADER.index("Montant")
    for number in range(60):
        at = number % len(ROWS)
        cells = [
            [*row[:place], f"x{number:02d}" if line == at else row[place], *row[place + 1 :]] for line, row in enumerate(ROWS)
        ]
        assert noticed(load(csv_text([HEADER, *cells])), "unreadable_value") == [(at + 2,)]


def test_rows_below_a_repeated_header_that_are_new_are_data(load):
    result = load(csv_text([HEADER, *ROWS[:3], HEADER, *ROWS[3:]]))
    assert (result.rows_loaded, result.rejected) == (6, [])
    assert noticed(result, "repeated_header") == [(5,)]


def test_below_a_blank_row_and_a_title_stands_another_table_which_is_set_aside(load):
    blank, title = [""] * WIDTH, ["Deals of last year", *[""] * (WIDTH - 1)]
    result = load(csv_text([HEADER, *ROWS[:3], blank, title, *ROWS[3:5]]))
    assert result.rows_loaded == 3
    assert [(line, reason) for line, reason in reasons(result) if reason == "another_table"] == [
        (6, "another_table"), (7, "another_table"), (8, "another_table"),
    ]  # fmt: skip
    assert noticed(result, "empty_row") == [(5,)]


def test_a_blank_row_without_a_title_below_it_ends_no_table(load):
    result = load(csv_text([HEADER, *ROWS[:3], [""] * WIDTH, *ROWS[3:]]))
    assert (result.rows_loaded, result.rejected) == (6, [])


@pytest.mark.parametrize("quote_all", [False, True])
def test_a_last_line_without_an_end_is_loaded_and_noticed_with_its_line(load, quote_all):
    result = load(csv_text([HEADER, *ROWS], quote_all=quote_all).removesuffix("\n"))
    assert (result.rows_loaded, result.rejected) == (6, [])
    assert noticed(result, "last_line_unfinished") == [(7,)]


def test_a_last_line_that_ends_is_not_noticed(load):
    assert noticed(load(csv_text([HEADER, *ROWS], newline="\r\n")), "last_line_unfinished") == []


def test_a_bad_row_of_a_sheet_is_named_by_its_row_in_the_sheet(load):
    header, *rows = sheet_rows(deals(4))
    rows[0][1] = "a name\non two lines"
    rows[2][0] = ""
    result = load(xlsx_bytes([["Export of October"], header, *rows]), "transactions-2026-10-01.xlsx")
    assert result.rows_loaded == 3
    assert reasons(result) == [(5, "missing_key")]


@pytest.mark.parametrize(("write", "bad", "broken"), [(json_lines, 4, 2), (json_array, 28, None)])
def test_a_bad_record_of_json_is_named_by_its_line_in_the_file(load, write, bad, broken):
    items = records(deals(3))
    items[0][HEADER[1]] = "a name\non two lines"
    items[2][HEADER[0]] = ""
    lines = write(items).decode().split("\n")
    if broken:
        lines.insert(broken - 1, '{"broken": ')
    result = load("\n".join(lines), "transactions-2026-10-01.json")
    assert result.rows_loaded == 2
    assert reasons(result) == [*([(broken, "damaged_json")] if broken else []), (bad, "missing_key")]


def test_a_header_of_too_many_columns_is_refused_with_its_line_and_the_widest_allowed_is_read(load):
    extra = [f"extra {number}" for number in range(MAX_COLUMNS - WIDTH)]
    widest = [[*HEADER, *extra], *([*row, *[""] * len(extra)] for row in ROWS[:2])]
    assert load(csv_text(widest)).rows_loaded == 2
    with pytest.raises(RefusedError, match=rf"transactions-2026-10-01.csv: line 1: more than {MAX_COLUMNS} cells") as refusal:
        load(csv_text([[*row, ""] for row in widest]))
    assert refusal.value.code == "too_many_columns"


def test_rows_keep_the_order_of_the_file_also_where_some_are_taken_out(load, tmp_path):
    lines = [f"{n:07},2026-01-{n % 28 + 1:02} 08:00:00,web,new\n" for n in range(300_000)]
    for place in range(0, 300_000, 3000):
        lines[place] = ",2026-01-05 08:00:00,web,new\n"
    result = load("lead_id,created_at,origin_channel,status\n" + "".join(lines), "leads-2026-09-30.csv")
    assert (result.rows_loaded, len(result.rejected)) == (299_900, 100)
    assert result.rejected[1][:2] == (3002, "missing_key")
    falling = "select count(*) from (select id, lag(id) over () as before from read_parquet(?)) where id <= before"
    assert duckdb.execute(falling, [str(tmp_path / "rows.parquet")]).fetchall()[0][0] == 0


@pytest.mark.parametrize(
    ("profile", "feed"), [(p, f) for p in known_profiles(Settings()).values() for f in p.feeds.values()], ids=lambda x: "",
)  # fmt: skip
def test_no_feeds_mark_needs_a_join_which_would_lose_the_order_of_rows(profile, feed):
    language = feed.languages[0]
    header = [column.header_in(language) for column in feed.columns.values()]
    recognition = Recognition(profile, feed, language, 0, header, dict(enumerate(feed.columns)))
    cells = ", ".join(f'range::varchar as "{name}"' for name in feed.columns)
    sql = marks_sql(recognition, f"(select {cells} from range(3))")
    assert "JOIN" not in duckdb.execute(f"explain {sql}").fetchone()[1]


def test_what_can_not_be_read_is_named_by_its_lines(load):
    header, *rows = table(deals(8))
    place = header.index("Date de fermeture")
    rows[2][place], rows[5][place] = "soon", "later"
    (lines,) = noticed(load(csv_text([header, *rows])), "unreadable_value")
    assert lines == (4, 7)


@pytest.mark.parametrize("filler", ["string", "---", "v"])
def test_a_row_of_which_no_number_or_time_fits_is_set_aside_with_its_line(load, filler):
    result = load(csv_text([HEADER, *ROWS[:2], [filler] * WIDTH, *ROWS[2:]]))
    assert result.rows_loaded == 6
    assert reasons(result) == [(4, "no_value_fits")]


def test_where_most_rows_do_not_fit_the_columns_are_refused_and_no_row_is_set_aside(load):
    with pytest.raises(RefusedError) as refusal:
        load(csv_text([HEADER, *([*row[:4], "soon", row[5], "soon", "later", *row[8:]] for row in ROWS)]))
    assert refusal.value.code == "retyped_column"


def test_a_key_behind_a_page_break_is_set_aside_for_it_would_join_with_nothing(load):
    text = csv_text([HEADER, *ROWS]).replace("\n" + ROWS[1][0], "\n\x0c" + ROWS[1][0])
    result = load(text)
    assert result.rows_loaded == 5
    assert reasons(result) == [(3, "line_end_before_key")]


def test_a_carriage_return_within_a_quoted_cell_of_a_unix_file_is_text(load, tmp_path):
    rows = [[row[0], f"on\rtwo lines {place}", *row[2:]] for place, row in enumerate(ROWS)]
    assert load(csv_text([HEADER, *rows])).rows_loaded == 6
    names = duckdb.execute("select deal_name from read_parquet(?)", [str(tmp_path / "rows.parquet")]).fetchall()
    assert names == [(row[1],) for row in rows]


def test_an_id_that_json_gives_as_a_whole_float_is_that_id(load, tmp_path):
    items = [{**item, HEADER[0]: float(item[HEADER[0]])} for item in records(deals(3))]
    assert load(json_array(items), "transactions-2026-10-01.json").rows_loaded == 3
    keys = duckdb.execute("select deal_id from read_parquet(?)", [str(tmp_path / "rows.parquet")]).fetchall()
    assert keys == [(row[0],) for row in ROWS[:3]]


def test_keys_that_differ_by_blanks_at_their_ends_alone_are_one_key(load):
    rows = [[f" {ROWS[0][0]}", *ROWS[0][1:]], [f"{ROWS[0][0]}\u2003", *ROWS[0][1:]], *ROWS]
    (doubled,) = [finding for finding in load(csv_text([HEADER, *rows])).findings if finding.code == "doubled_key"]
    assert doubled.n_rows == 2


def test_parquet_with_a_damaged_page_is_refused_as_such(load):
    content = parquet_bytes().replace(ROWS[0][0].encode(), b"\xff" * 10)
    with pytest.raises(RefusedError) as refusal:
        load(content, "transactions-2026-10-01.parquet")
    assert refusal.value.code == "damaged_parquet"
    assert "9001" not in str(refusal.value)
