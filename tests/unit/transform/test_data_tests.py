"""Data tests in groups: each keeps the result that dbt gives it, and one that can't be asked hides no other."""

import duckdb
import pytest

from orchestration.transform.data_tests import run_data_tests

MODEL = "model.p.people"


def a_test(name: str, **config) -> dict:
    rules = {"severity": "error", "fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0", "limit": None, **config}
    return {"unique_id": f"test.p.{name}", "name": name, "depends_on": {"nodes": [MODEL]}, "config": rules}


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "candidate.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table people as select * from (values (1, 'a'), (2, null), (2, null)) as t(id, name)")
    return path


def results(people, queries: dict[str, str], **configs) -> dict[str, tuple[str, int | None]]:
    nodes = {f"test.p.{name}": a_test(name, **configs.get(name, {})) for name in queries}
    found = run_data_tests(people, {f"test.p.{name}": sql for name, sql in queries.items()}, nodes, {MODEL}, "1GB")
    assert all(result["info"]["name"] == "LogTestResult" for result in found)
    return {r["data"]["node_info"]["unique_id"].split(".")[-1]: (r["data"]["status"], r["data"]["num_failures"]) for r in found}


NULLS = "select * from people where name is null"


def test_each_test_passes_warns_or_fails_by_its_own_rules(people):
    queries = dict.fromkeys(("fails", "warns", "allowed", "sum", "limited"), NULLS) | {
        "passes": "select * from people where id > 9"
    }
    found = results(
        people, queries, warns={"severity": "warn"}, allowed={"error_if": "> 2", "warn_if": "> 2"},
        sum={"fail_calc": "sum(id)", "error_if": "> 4", "warn_if": "> 3"}, limited={"limit": 1},
    )  # fmt: skip
    assert found == {
        "fails": ("fail", 2), "warns": ("warn", 2), "allowed": ("pass", 2), "sum": ("warn", 4), "limited": ("fail", 1),
        "passes": ("pass", 0),
    }  # fmt: skip


def test_a_test_that_can_not_be_asked_is_an_error_and_the_others_keep_their_results(people):
    found = results(people, {"fails": NULLS, "broken": "select no_such_column from people", "passes": "select 1 where false"})
    assert found == {"fails": ("fail", 2), "broken": ("error", None), "passes": ("pass", 0)}


def test_queries_with_parts_of_their_own_and_comments_at_their_end_stand_side_by_side(people):
    with_parts = "with found as (select * from people where name is null)\nselect * from found\n-- a remark"
    assert results(people, {"one": with_parts, "two": with_parts}) == {"one": ("fail", 2), "two": ("fail", 2)}


def test_a_test_of_a_relation_that_was_not_built_is_not_asked(people):
    assert run_data_tests(people, {"test.p.x": NULLS}, {"test.p.x": a_test("x")}, {"model.p.other"}, "1GB") == []


def test_a_test_that_would_keep_rows_is_refused(people):
    with pytest.raises(ValueError, match="store_failures"):
        results(people, {"kept": NULLS}, kept={"store_failures": True})
