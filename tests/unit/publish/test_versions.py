import datetime as dt

import duckdb
import pytest

from orchestration.publish.causes import Inputs
from orchestration.publish.query import QueryRefusedError, run_query
from orchestration.publish.versions import NoPublishedVersionError, list_versions, publish, rollback
from orchestration.transform.catalog import AsOf
from orchestration.transform.kept_models import Publication
from orchestration.transform.restatements import restatements_sql

GRAINS = {"mart_a": ["k"], "fct_restatement": ["restated_as_of", "mart_name", "grain_key", "column_name"]}


def candidate(home, value: int) -> None:
    home.candidate.unlink(missing_ok=True)
    with duckdb.connect(str(home.candidate)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_a as select 1 as k, ?::int as v", [value])
        connection.execute(
            f"create table marts.fct_restatement as select *, null::date as as_of from ({restatements_sql(home)})"
        )


def publish_value(home, value: int, day: int = 1, keep: int = 3):
    candidate(home, value)
    return publish(home, AsOf(dt.date(2026, 9, day), "Europe/Paris"), GRAINS, keep, Inputs(0, {}))


def test_the_same_content_is_the_same_version_and_another_content_another(home):
    first = publish_value(home, 1).version
    assert publish_value(home, 1).version == first
    assert publish_value(home, 2).version != first


def test_a_mart_that_stands_is_taken_from_the_version_that_has_it_and_the_rest_from_the_candidate(home):
    grains = {**GRAINS, "mart_b": ["k"]}

    def published(standing, *, b: int):
        candidate(home, 1)
        with duckdb.connect(str(home.candidate)) as connection:
            connection.execute("create table marts.mart_b as select 1 as k, ?::int as v", [b])
            if standing:
                connection.execute("update marts.mart_a set v = 99")
        return publish(home, AsOf(dt.date(2026, 9, 1), "Europe/Paris"), grains, 3, Inputs(0, {}), None, standing)

    first = published(None, b=1)
    standing = Publication(first.version, {"mart_a": first.prints["mart_a"]})
    second = published(standing, b=2)
    assert run_query(home, "select a.v, b.v from mart_a as a, mart_b as b", "csv") == "v,v\n1,2\n"
    assert second.prints["mart_a"] == first.prints["mart_a"] != second.prints["mart_b"]
    again = published(standing, b=2)
    assert again.version == second.version
    assert sorted(path.name for path in home.published.iterdir() if "unfinished" in path.name) == []
    parquet = home.published / "parquet" / "mart_a.parquet"
    assert duckdb.sql(f"select v from '{parquet}'").fetchall() == [(1,)]
    # A version that is gone can't lend what it had.
    home.published.joinpath(f"marts_{first.version}.duckdb").unlink()
    published(standing, b=2)
    assert run_query(home, "select v from mart_a", "csv") == "v\n99\n"


@pytest.mark.parametrize("in_order", [False, True], ids=["sorted by grain", "in order as built"])
def test_rows_are_published_by_grain_or_in_the_order_in_which_their_model_left_them(home, in_order):
    candidate(home, 1)
    with duckdb.connect(str(home.candidate)) as connection:
        # More than one piece of work for each thread.
        connection.execute("create or replace table marts.mart_a as select hash(i) as k, i as v from range(400_000) as t(i)")
    as_of = AsOf(dt.date(2026, 9, 1), "Europe/Paris")
    publish(home, as_of, GRAINS, 3, Inputs(0, {}), in_order={"mart_a"} if in_order else ())
    order = "v" if in_order else "k"
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        assert connection.execute(
            f"select list({order} order by rowid) = list({order} order by {order}) from marts.mart_a"
        ).fetchall() == [(True,)]
    rows = f"read_parquet('{home.published}/parquet/mart_a.parquet', file_row_number = true)"
    sql = f"select list({order} order by file_row_number) = list({order} order by {order}) from {rows}"
    assert duckdb.sql(sql).fetchall() == [(True,)]


def test_only_the_last_versions_are_kept_with_their_parquet(home):
    for value in range(5):
        publish_value(home, value)
    assert len(list_versions(home)) == 3
    assert len(list(home.published.glob("parquet_*"))) == 3


def test_rollback_goes_to_the_version_before_and_everything_follows(home):
    publish_value(home, 1)
    publish_value(home, 2)
    rollback(home)
    assert run_query(home, "select v from mart_a", "csv") == "v\n1\n"
    with duckdb.connect(str(home.published / "copy" / "marts.duckdb"), read_only=True) as connection:
        # The file's name and its schema's are the same, so DuckDB asks for both.
        assert connection.execute("select v from marts.marts.mart_a").fetchone() == (1,)
    parquet = home.published / "parquet" / "mart_a.parquet"
    assert duckdb.sql(f"select v from '{parquet}'").fetchall() == [(1,)]


def test_rollback_without_an_earlier_version_is_refused(home):
    publish_value(home, 1)
    with pytest.raises(NoPublishedVersionError):
        rollback(home)


def test_a_reader_with_an_open_file_does_not_stop_a_publish_and_keeps_its_version(home):
    publish_value(home, 1)
    with duckdb.connect(str(home.current.resolve()), read_only=True) as reader:
        publish_value(home, 2)
        assert reader.execute("select v from marts.mart_a").fetchone() == (1,)
    assert run_query(home, "select v from mart_a", "csv") == "v\n2\n"


@pytest.mark.parametrize(
    "sql",
    [
        "create table marts.x as select 1", "drop table marts.mart_a", "copy marts.mart_a to '/tmp/x.csv'",
        "select * from read_text('/etc/passwd')", "attach '/tmp/other.duckdb'", "select 1; select 2",
        "set enable_external_access = true", "install httpfs",
    ],
)  # fmt: skip
def test_query_answers_one_select_and_nothing_else(home, sql):
    publish_value(home, 1)
    with pytest.raises((QueryRefusedError, duckdb.Error)):
        run_query(home, sql, "csv")
