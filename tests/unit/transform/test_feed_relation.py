"""A feed's relation and its versions, read from what landing stored."""

import datetime as dt
import random
from dataclasses import replace

import duckdb
import pytest

from orchestration.landing.deliver import land
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, write_catalog
from orchestration.transform.feed_relation import FeedExtracts, feed_sql

HEADER = "product,series,sales_price\n"
EXPORTS = {
    "products-2026-09-01.csv": HEADER + "A,GTX,1\nB,GTX,2\n",
    "products-2026-09-02.csv": HEADER + "A,GTX,1\nB,GTX,20\n",
    "products-2026-09-03.csv": HEADER + "A,GTX,1\n",
    "products-2026-09-04.csv": HEADER + "A,GTX,1\nB,GTX,2\n",
}


@pytest.fixture
def raw(home, tmp_path):
    """Asks the raw schema as it is at a day."""
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, text in EXPORTS.items():
        (folder / name).write_text(text)
    settings = Settings(home=home.root, exports=folder)

    def ask(day: str, sql: str) -> list[tuple]:
        land(home, settings)
        connection = duckdb.connect()
        as_of = AsOf(dt.date.fromisoformat(day), "Europe/Paris")
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), [], as_of, "EUR")
        return connection.execute(sql).fetchall()

    return ask


CURRENT = "select product, sales_price, _is_deleted, _extracted_at::date::varchar from raw.maven__products order by 1"
VERSIONS = """select product, sales_price, _seen_from::date::varchar, _seen_to::date::varchar
              from raw.maven__products__versions order by 1, 3"""


def test_a_row_that_the_newest_full_export_lacks_is_a_soft_delete(raw):
    assert raw("2026-09-03", CURRENT) == [("A", "1", False, "2026-09-03"), ("B", "20", True, "2026-09-02")]


BROKEN = {"products-2026-09-05.csv": HEADER + "A,GTX,1\nB,GTX\n", "products-2026-09-06.csv": HEADER}


def test_a_full_export_with_rows_set_aside_or_without_rows_deletes_nothing(raw, tmp_path):
    for name, text in BROKEN.items():
        (tmp_path / "exports" / name).write_text(text)
    assert raw("2026-09-05", "select product from raw.maven__products where _is_deleted") == []
    assert raw("2026-09-06", "select product from raw.maven__products where _is_deleted") == []


def test_a_full_export_that_lost_most_of_its_rows_deletes_nothing(raw, tmp_path):
    many = "".join(f"P{i},GTX,{i}\n" for i in range(20))
    for day in range(11, 17):
        (tmp_path / "exports" / f"products-2026-09-{day}.csv").write_text(HEADER + "A,GTX,1\nB,GTX,2\n" + many)
    (tmp_path / "exports" / "products-2026-09-20.csv").write_text(HEADER + "A,GTX,1\n")
    assert raw("2026-09-20", "select count(*) from raw.maven__products where _is_deleted") == [(0,)]


def test_a_past_day_has_only_what_had_been_extracted_by_then(raw):
    assert raw("2026-09-01", CURRENT) == [("A", "1", False, "2026-09-01"), ("B", "2", False, "2026-09-01")]


def test_versions_are_the_runs_of_extracts_in_which_a_row_was_seen(raw):
    assert raw("2026-09-04", VERSIONS) == [
        ("A", "1", "2026-09-01", "2026-09-04"),
        ("B", "2", "2026-09-01", "2026-09-01"),
        ("B", "20", "2026-09-02", "2026-09-02"),
        ("B", "2", "2026-09-04", "2026-09-04"),
    ]
    assert raw("2026-09-02", VERSIONS) == [
        ("A", "1", "2026-09-01", "2026-09-02"),
        ("B", "2", "2026-09-01", "2026-09-01"),
        ("B", "20", "2026-09-02", "2026-09-02"),
    ]


def test_a_record_is_known_since_the_first_extract_that_had_it_whatever_changed_later(raw):
    first = "select product, _first_extracted_at::date::varchar from raw.maven__products order by 1"
    assert raw("2026-09-04", first) == [("A", "2026-09-01"), ("B", "2026-09-01")]


VERIFICATIONS = "verification_id,entity_type,record_id,field_name,verified_at,outcome\n"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [[1], [1, 2, 3, 4], [2, 2, 3]], ids=["one file", "four days", "two files of one day"])
def test_of_a_delta_the_newest_row_of_each_key_counts_and_within_a_file_the_last(raw, tmp_path, days, seed):
    drawn, newest, first = random.Random(seed), {}, {}
    for number, day in enumerate(days):
        keys = [drawn.choice("abcde") for _ in range(9)]
        # Files of one day have keys of their own: which of two rows of one time is newer nobody can say.
        keys = [f"{key}{number}" if days.count(day) > 1 else key for key in keys]
        rows = [(key, drawn.randrange(100)) for key in keys]
        text = "".join(f" {key} ,contact,{value},email,2026-08-01 10:00:00,confirmed\n" for key, value in rows)
        (tmp_path / "exports" / f"verifications-2026-09-0{day}{'-' * number}.csv").write_text(VERIFICATIONS + text)
        for key, value in rows:
            newest[key] = (str(value), f"2026-09-0{day}")
            first.setdefault(key, f"2026-09-0{day}")
    sql = """select verification_id, record_id, _extracted_at::date::varchar, _first_extracted_at::date::varchar
             from raw.generic__field_verifications order by 1"""
    assert raw("2026-09-30", sql) == [(key, *newest[key], first[key]) for key in sorted(newest)]


@pytest.mark.parametrize("feed", ["maven/products", "generic/field_verifications"])
@pytest.mark.parametrize("keys", [["a", "b", "c"], ["a", "b", " a"]], ids=["each once", "one twice"])
def test_rows_of_one_file_are_those_that_are_found_among_many(home, tmp_path, feed, keys):
    """Where no two rows of the only file share a key no newest one is looked for: the answer must be the same."""
    folder = tmp_path / "exports"
    folder.mkdir()
    if feed == "maven/products":
        text = HEADER + "".join(f"{key},GTX,{number}\n" for number, key in enumerate(keys))
    else:
        text = VERIFICATIONS + "".join(f"{key},contact,{n},email,2026-08-01 10:00:00,confirmed\n" for n, key in enumerate(keys))
    (folder / f"{feed.split('/')[1].removeprefix('field_')}-2026-09-01.csv").write_text(text)
    settings = Settings(home=home.root, exports=folder)
    land(home, settings)
    ledger, profile = Ledger(home.ledger), known_profiles(settings)[feed.split("/")[0]]
    extracts = ledger.extracts()[feed]
    known = FeedExtracts(home.raw / feed, extracts, ledger.segments()[feed], [at for at, _ in extracts], None)
    assert len(ledger.files_without_doubles()) == (len(set(map(str.strip, keys))) == len(keys))
    searched, shortened = (
        feed_sql(profile, profile.feeds[feed.split("/")[1]], replace(known, without_doubles=files))
        for files in (set(), ledger.files_without_doubles())
    )
    assert (searched == shortened) == (len(set(map(str.strip, keys))) < len(keys))
    rows = duckdb.sql(f"from ({searched}) order by all").fetchall()
    assert len(rows) == len(set(map(str.strip, keys)))
    assert rows == duckdb.sql(f"from ({shortened}) order by all").fetchall()
