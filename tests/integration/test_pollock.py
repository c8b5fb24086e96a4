"""The Pollock benchmark through landing (see benchmarks/pollock.py), with the bars of the landing room."""

import re

import pytest

from benchmarks.pollock import MEASURES, Outcome, mean_scores, run

pytestmark = [pytest.mark.public_data, pytest.mark.timeout(1800)]
# In one row the clean form itself is wrong: it has `0.\` where the file has `0.0`.
WRONG_IN_CLEAN = {"O18_air.csv": [("1.8", "0.\\")]}


@pytest.fixture(scope="module")
def outcomes(public_data) -> list[Outcome]:
    return [outcome for part in ("polluted", "survey") for outcome in run(public_data / "pollock" / part)]


def test_nearly_all_files_are_accepted_and_a_refusal_names_line_and_reason(outcomes):
    refused = [outcome.landed.reason for outcome in outcomes if outcome.landed.reason]
    assert len(outcomes) == 40
    assert len(refused) <= 4
    assert all(re.search(r"line \d+: .+; remedy: ", reason) for reason in refused), refused


def test_no_accepted_file_differs_from_its_clean_form_outside_the_rows_set_aside(outcomes):
    different = {
        outcome.name: (outcome.foreign, outcome.lost)
        for outcome in outcomes
        if (outcome.foreign or outcome.lost) and outcome.name not in WRONG_IN_CLEAN
    }
    assert different == {}
    known = next(outcome for outcome in outcomes if outcome.name == "O18_air.csv")
    assert (known.foreign, known.lost) == ([("1.8", "0.0")], WRONG_IN_CLEAN["O18_air.csv"])


def test_scores_on_accepted_files_are_no_lower_than_duckdb_by_hand_and_above_the_others(outcomes):
    means = mean_scores([outcome for outcome in outcomes if not outcome.landed.reason])
    tandem = means.pop("tandem")
    by_hand = means.pop("duckdb, options by hand")
    assert [measure for measure in MEASURES if tandem[measure] < by_hand[measure]] == []
    for reader, scores in means.items():
        assert tandem["total"] > scores["total"], reader
        assert all(tandem[measure] > scores[measure] for measure in ("header_f1", "record_f1", "cell_f1")), reader
