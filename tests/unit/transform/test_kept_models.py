"""Which models stand: those whose SQL and inputs, however far up, are the same, in the very candidate that was noted."""

import duckdb
import pytest

from orchestration.home import Home
from orchestration.transform.kept_models import (
    Publication,
    content_print,
    drop_changed,
    kept_models,
    node_prints,
    relation_prints,
    take_record,
    write_record,
)

PUBLISHED = Publication("2026-09-30_12345678", {"fct_a": "aa"})


def node(name, *parents, kind="model", schema="marts", checksum="one"):
    return {
        "name": name, "alias": name, "schema": schema, "resource_type": kind,
        "checksum": {"checksum": checksum}, "depends_on": {"nodes": list(parents)},
    }  # fmt: skip


MANIFEST = {
    "sources": {"source.leads": {"identifier": "leads"}, "source.deals": {"identifier": "deals"}},
    "nodes": {
        "model.stg_leads": node("stg_leads", "source.leads", schema="staging"),
        "model.stg_deals": node("stg_deals", "source.deals", schema="staging"),
        "model.fct_a": node("fct_a", "model.stg_leads"),
        "model.fct_b": node("fct_b", "model.stg_leads", "model.stg_deals"),
        "model.fct_check_result": node("fct_check_result"),
        "test.fct_a": node("unique_fct_a", "model.fct_a", kind="test"),
        "test.between": node("between", "model.fct_a", "model.fct_b", kind="test"),
    },
}
RAW = {"leads": "l", "deals": "d"}


def changed(before, after):
    return {name for name in after if before.get(name) != after[name]}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (RAW, set()),
        ({**RAW, "deals": "other"}, {"model.stg_deals", "model.fct_b", "test.between"}),
        ({**RAW, "leads": "other"}, {"model.stg_leads", "model.fct_a", "model.fct_b", "test.fct_a", "test.between"}),
    ],
    ids=["nothing", "deals", "leads"],
)
def test_what_depends_on_a_changed_relation_changes_and_nothing_else_but_what_is_written_into_later(raw, expected):
    assert changed(node_prints(MANIFEST, RAW, "run 1"), node_prints(MANIFEST, raw, "run 2")) == expected | {
        "model.fct_check_result"
    }


def test_a_model_of_another_sql_changes_with_what_stands_on_it():
    nodes = {**MANIFEST["nodes"], "model.stg_deals": node("stg_deals", "source.deals", schema="staging", checksum="two")}
    before, after = node_prints(MANIFEST, RAW, "x"), node_prints({**MANIFEST, "nodes": nodes}, RAW, "x")
    assert changed(before, after) == {"model.stg_deals", "model.fct_b", "test.between"}


def test_a_relation_changes_with_those_that_its_query_names():
    queries = {"all": 'select * from raw.leads union all from raw."late"', "late": "from raw.deals", "deals": "1", "leads": "2"}
    own = dict.fromkeys(queries, "same")
    before = relation_prints(own, queries)
    assert changed(before, relation_prints({**own, "deals": "other"}, queries)) == {"all", "late", "deals"}
    assert changed(before, relation_prints({**own, "leads": "other"}, queries)) == {"all", "leads"}


def test_a_relation_whose_rows_tell_has_their_print_in_any_order():
    with duckdb.connect() as connection:
        connection.execute("create table a as from (values (1, 'x'), (2, null)) as t(n, s)")
        connection.execute("create table b as from a order by n desc")
        connection.execute("create table c as from a union all from a")
        connection.execute("create table d as select n, s as other from a")
        prints = [content_print(connection, name) for name in "abcd"]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home").prepare()
    with duckdb.connect(str(home.candidate)) as connection:
        connection.execute("create schema marts; create schema staging; create schema raw; create table raw.night as select 1")
        for item in MANIFEST["nodes"].values():
            if item["resource_type"] == "model":
                connection.execute(f"create table {item['schema']}.{item['name']} as select 1 as n")
    return home


def results():
    return [{"data": {"node_info": {"unique_id": name, "node_status": "success"}}} for name in MANIFEST["nodes"]]


def test_a_record_is_of_one_candidate_and_one_product_and_is_taken_once(home):
    kept = kept_models(None, "product", node_prints(MANIFEST, RAW, "run 1"))
    write_record(home, kept, results(), PUBLISHED)
    record = take_record(home, "product")
    assert record.published == PUBLISHED
    assert take_record(home, "product") is None, "taken before the candidate is touched"
    write_record(home, kept, results(), PUBLISHED)
    assert take_record(home, "another product") is None
    write_record(home, kept, results(), PUBLISHED)
    with duckdb.connect(str(home.candidate)) as connection:
        connection.execute("create table marts.more as select 1; checkpoint")
    assert take_record(home, "product") is None, "another candidate"


def test_what_changed_makes_room_and_what_stands_stays(home):
    write_record(home, kept_models(None, "p", node_prints(MANIFEST, RAW, "run 1")), results(), PUBLISHED)
    prints = node_prints(MANIFEST, {**RAW, "deals": "other"}, "run 2")
    kept = kept_models(take_record(home, "p"), "p", prints)
    assert set(kept.standing) == {"model.stg_leads", "model.fct_a", "test.fct_a"}
    with duckdb.connect(str(home.candidate)) as connection:
        drop_changed(connection, MANIFEST, kept)
        left = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    assert left == [("marts", "fct_a"), ("raw", "night"), ("staging", "stg_leads")]
