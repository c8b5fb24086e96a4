import pytest

from orchestration.quality.policy import load_policy
from orchestration.quality.stewardship import ContractError, load_stewardship
from orchestration.quality.suites import load_suites
from orchestration.settings import Settings

FOLDER = Settings().expectations_dir


def test_the_shipped_contract_suites_and_policy_are_usable():
    rules = load_stewardship(FOLDER / "field_stewardship.yml")
    suites = load_suites(FOLDER / "suites", rules)
    names = [rule.name for dataset in suites for rule in dataset.expectations]
    assert len(names) == len(set(names))
    assert load_policy(FOLDER / "publish_policy.yml").severity(names[0], "warning") == "warning"


@pytest.mark.parametrize(
    "text",
    [
        "fields: [{entity_type: lead}]",
        "fields: [{entity_type: lead, field_name: email, steward_team: m, sla_days: 0, why: x}]",
        "fields: [",
        "fields:\n- &a {entity_type: lead, field_name: email, steward_team: m, sla_days: 9, why: x}\n- *a\n",
    ],
)
def test_a_broken_contract_is_refused_with_its_file(tmp_path, text):
    path = tmp_path / "field_stewardship.yml"
    path.write_text(text)
    with pytest.raises(ContractError, match=r"field_stewardship\.yml"):
        load_stewardship(path)
