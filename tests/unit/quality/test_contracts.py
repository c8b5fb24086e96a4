import json

import pytest

from orchestration.quality.policy import load_policy
from orchestration.quality.stewardship import ContractError, contract_schema, load_stewardship
from orchestration.quality.suites import FieldDataset, load_suites
from orchestration.settings import Settings

FOLDER = Settings().expectations_dir
FIELD = "{entity_type: lead, field_name: job_title, steward_team: m, sla_days: 9, why: x"


def test_the_shipped_contract_suites_and_policy_are_usable():
    rules = load_stewardship(FOLDER / "field_stewardship.yml")
    suites = load_suites(FOLDER / "suites", rules)
    names = [rule.name for dataset in suites for rule in dataset.expectations]
    assert len(names) == len(set(names))
    assert load_policy(FOLDER / "publish_policy.yml").severity(names[0], "warning") == "warning"


def test_each_entity_has_one_suite_with_three_expectations_a_field():
    rules = load_stewardship(FOLDER / "field_stewardship.yml")
    suites = [dataset for dataset in load_suites(FOLDER / "suites", rules) if isinstance(dataset, FieldDataset)]
    assert [suite.entity_type for suite in suites] == ["lead", "contact", "company"]
    assert sum(len(suite.expectations) for suite in suites) == 3 * len(rules)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("fields: [{entity_type: lead}]", ":1:10:", "Field required"),
        (f"fields:\n- {FIELD}, sla_day: 3}}", ":2:84:", "Extra inputs"),
        ("fields:\n- " + FIELD.replace("9", "0") + "}", ":2:63:", "greater than or equal to 1"),
        ("fields:\n- " + FIELD.replace("sla_days: 9, ", "") + "}", ":2:3:", "sla_days is missing"),
        (f"fields:\n- {FIELD}, is_immutable: true}}", ":2:3:", "remove one of the two"),
        (f"fields:\n- {FIELD}, validity: phone}}", ":2:3:", "legal_basis"),
        (f"fields:\n- {FIELD}, required_from: meeting}}", ":2:84:", "inquiry"),
        (f"fields:\n- {FIELD}}}\n\n- {FIELD}}}\n", ":4:", "stands already in line 2"),
        ("fields: [", ":1:10:", "not YAML"),
        ("- a\n", ":1:1:", "valid dictionary"),
    ],
)
def test_a_broken_contract_is_refused_with_file_line_and_remedy(tmp_path, text, place, remedy):
    path = tmp_path / "field_stewardship.yml"
    path.write_text(text)
    with pytest.raises(ContractError) as refused:
        load_stewardship(path)
    message = str(refused.value)
    assert message.startswith(f"{path}{place}"), message
    assert remedy in message, message


def test_a_broken_suite_and_a_broken_policy_name_their_line_too(tmp_path):
    suite = tmp_path / "suites" / "a.yml"
    suite.parent.mkdir()
    suite.write_text("relation: marts.a\nexpectations:\n  - {name: a, type: no_expectation}\n")
    with pytest.raises(ContractError, match=r"a\.yml:3:15: "):
        load_suites(suite.parent, [])
    policy = tmp_path / "publish_policy.yml"
    policy.write_text("severities:\n  a: fatal\n")
    with pytest.raises(ContractError, match=r"publish_policy\.yml:2:3: "):
        load_policy(policy)


def test_the_shipped_json_schema_is_the_contracts_own():
    """Written by: python -c "import json; from orchestration.quality.stewardship import contract_schema as schema; ...

    ... print(json.dumps(schema(), indent=2))" > expectations/field_stewardship.schema.json
    """
    assert json.loads((FOLDER / "field_stewardship.schema.json").read_text()) == contract_schema()


def test_the_contract_has_a_json_schema_with_every_key_of_a_field():
    field = contract_schema()["$defs"]["FieldRule"]
    wanted = "steward_team required_from sla_days validity annual_decay weight is_immutable legal_basis"
    assert field["additionalProperties"] is False
    assert set(wanted.split()) <= set(field["properties"])
