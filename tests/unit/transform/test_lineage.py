"""Column lineage: which parents' columns a value is made of, through parts, joins and unions; remembered while it holds."""

import dagster as dg
import pytest

from orchestration.transform import lineage
from orchestration.transform.lineage import LineageMemory, column_lineage

DEALS, STAFF = '"candidate"."staging"."deals"', '"candidate"."staging"."staff"'
PARENTS = {DEALS: {"id": "INTEGER", "amount": "INTEGER", "owner": "VARCHAR"}, STAFF: {"name": "VARCHAR", "team": "VARCHAR"}}
SQL = f"""
with owned as (select d.*, s.team as owner_team from {DEALS} as d left join {STAFF} as s on s.name = d.owner)
select id, amount * 2 as twice, coalesce(owner_team, owner) as who, 1 as one from owned
union all
select id, 0, owner, 1 from {DEALS}
"""
OWN = {"id": "INTEGER", "twice": "INTEGER", "who": "VARCHAR", "one": "INTEGER"}


def test_columns_are_followed_through_parts_joins_and_unions():
    assert column_lineage(SQL, OWN, PARENTS) == {
        "id": [[DEALS, "id"]], "twice": [[DEALS, "amount"]], "who": [[DEALS, "owner"], [STAFF, "team"]], "one": [],
    }  # fmt: skip


@pytest.fixture
def model(tmp_path):
    (tmp_path / "p" / "models").mkdir(parents=True)
    (tmp_path / "p" / "models" / "m.sql").write_text(SQL)
    return {"unique_id": "model.p.m", "name": "m", "package_name": "p", "original_file_path": "models/m.sql"}


KEYS = {DEALS: dg.AssetKey(["staging", "deals"]), STAFF: dg.AssetKey(["staging", "staff"])}


def test_lineage_is_worked_out_once_and_anew_when_the_text_changes(model, tmp_path, monkeypatch):
    calls = []
    original = lineage.column_lineage
    monkeypatch.setattr(lineage, "column_lineage", lambda *arguments: calls.append(1) or original(*arguments))
    for _ in range(2):
        memory = LineageMemory(tmp_path / "kept.json", tmp_path)
        found = memory.lineage(model, OWN, PARENTS, KEYS)
        memory.save()
        assert found.deps_by_column["twice"] == [dg.TableColumnDep(asset_key=KEYS[DEALS], column_name="amount")]
    assert len(calls) == 1
    (tmp_path / "p" / "models" / "m.sql").write_text(SQL.replace("amount * 2", "id"))
    found = LineageMemory(tmp_path / "kept.json", tmp_path).lineage(model, OWN, PARENTS, KEYS)
    assert found.deps_by_column["twice"][0].column_name == "id"
    assert len(calls) == 2


def test_a_model_whose_sql_can_not_be_followed_has_no_lineage_and_no_error(model, tmp_path):
    (tmp_path / "p" / "models" / "m.sql").write_text("select from where (")
    assert LineageMemory(tmp_path / "kept.json", tmp_path).lineage(model, OWN, PARENTS, KEYS) is None
