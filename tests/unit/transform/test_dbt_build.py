"""What the night does when dbt's models do not get the memory that they need at once."""

import pytest

from orchestration.settings import Settings
from orchestration.transform import dbt_build
from orchestration.transform.dbt_build import DbtOutcome, build_models


def result(name: str, status: str) -> dict:
    return {"data": {"node_info": {"unique_id": f"model.tandem.{name}", "node_name": name, "node_status": status}}}


def outcome(built: list[str], failed: list[str], skipped: list[str], out_of_memory: list[str]) -> DbtOutcome:
    results = [result(name, "success") for name in built] + [result(name, "error") for name in failed]
    errors = [f"model.tandem.{name}" for name in failed]
    return DbtOutcome(results, errors, not_built=failed + skipped, out_of_memory=out_of_memory)


@pytest.fixture
def asked(monkeypatch):
    """What dbt is asked, and what it answers in turn."""
    calls: list[list[str]] = []
    answers: list[DbtOutcome] = []
    monkeypatch.setattr(dbt_build, "invoke_dbt", lambda arguments, *_: calls.append(arguments) or answers[len(calls) - 1])
    return calls, answers


def test_models_that_lacked_memory_beside_others_and_what_stands_on_them_are_built_alone(asked, home):
    calls, answers = asked
    answers += [
        outcome(["small"], ["large", "larger"], ["on_large"], ["large", "larger"]),
        outcome(["large", "larger", "on_large"], [], [], []),
    ]
    lines: list[str] = []
    whole = build_models([], Settings(home=home.root), home, lines.append)
    assert [names[names.index("--select") + 1 :][:3] for names in calls[1:]] == [["large", "larger", "on_large"]]
    assert calls[1][1:3] == ["--threads", "1"]
    assert [item["data"]["node_info"]["node_name"] for item in whole.results] == ["small", "large", "larger", "on_large"]
    assert {item["data"]["node_info"]["node_status"] for item in whole.results} == {"success"}
    assert whole.errors == []
    assert lines == ["dbt: not enough memory for large, larger beside others: one at a time from there"]


def test_a_model_that_fails_by_itself_is_not_built_again(asked, home):
    calls, answers = asked
    answers.append(outcome(["small"], ["wrong"], ["on_wrong"], []))
    assert build_models([], Settings(home=home.root), home).errors == ["model.tandem.wrong"]
    assert len(calls) == 1


def test_a_model_that_lacks_memory_even_alone_is_told_once_and_not_tried_for_ever(asked, home):
    calls, answers = asked
    answers += [outcome([], ["large"], [], ["large"])] * 2
    assert build_models([], Settings(home=home.root), home).errors == ["model.tandem.large"]
    assert len(calls) == 2
