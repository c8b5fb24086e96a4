"""The pages on objectives, hand-off and barometer: both languages, nothing subtracted, nothing there without data."""

import datetime as dt
from decimal import Decimal

import pytest

from orchestration.feedback.feedback_file import REASONS
from orchestration.registry.registry import known_channels
from orchestration.scorecard.agreement_figures import AGREEMENT_QUERIES
from orchestration.scorecard.agreement_pages import PAGES, barometer_page, handoff_page, objectives_page
from orchestration.scorecard.words import CHANNELS, REASON_CODES, TEAMS, WORDS
from orchestration.settings import Settings

NOTHING = {name: [] for name in AGREEMENT_QUERIES}
OBJECTIVE = {
    "objective_id": "q3", "label_en": "Pipeline", "label_fr": "Pipeline",
    "owner_teams": "marketing, sales", "unit": "money", "currency": "EUR", "target": Decimal("1500.5"),
    "target_provenance": "placeholder", "expected_to_date": Decimal(700), "actual_to_date": Decimal(650),
    "forecast": Decimal(1400), "forecast_p10": Decimal(1200), "forecast_p90": Decimal(1600),
    "required_per_business_day": Decimal("20.5"), "state": "at_risk", "guardrail_state": "breached",
    "pacing_date": dt.date(2026, 8, 15),
}  # fmt: skip
DECLARED = {
    "item_id": "B10", "wording_en": "CRM kept up to date", "wording_fr": "CRM à jour", "declared_base": "sales",
    "declared_value": 0.70, "declared_ci_low": None, "declared_ci_high": None, "measured_figure": "crm_freshness",
    "measured_value": 0.80, "measured_unit": "rate", "survey_rate": None, "survey_answers": None,
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_data_says_so_and_shows_no_figure(page, language):
    sections = PAGES[page](NOTHING, language, {})
    assert sections
    assert not any(part.rows for section in sections for part in section.parts)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["1,500 EUR", "a placeholder", "at risk", "breached"]),
        ("fr", ["1\u202f500 EUR", "provisoire", "à risque", "enfreints"]),
    ],
)
def test_an_objective_says_where_its_target_comes_from_in_both_languages(language, words):
    rows = objectives_page(NOTHING | {"objectives": [OBJECTIVE]}, language, {})[0].parts[0].rows
    assert all(any(word in cell for cell in rows[0]) for word in words), rows


@pytest.mark.parametrize(("language", "declared", "measured"), [("en", "70.0%", "80.0%"), ("fr", "70,0\u00a0%", "80,0\u00a0%")])
def test_the_barometer_sets_declared_beside_measured_and_takes_no_difference(language, declared, measured):
    part = barometer_page(NOTHING | {"barometer": [DECLARED]}, language, {})[0].parts[0]
    assert declared in part.rows[0]
    assert measured in part.rows[0]
    assert not any(cell.startswith(("10", "+10", "-10")) for cell in part.rows[0])


def test_every_word_stands_in_both_languages():
    words = [*WORDS.values(), *CHANNELS.values(), *REASON_CODES.values(), *TEAMS.values()]
    assert all(set(texts) == {"en", "fr"} and all(texts.values()) for texts in words)


def test_reasons_and_channels_of_the_seeds_have_names_in_both_languages():
    assert {*REASONS, "not_said"} == set(REASON_CODES)
    assert known_channels(Settings().seeds_dir / "channel_map.csv") == set(CHANNELS)


ROUND = {
    "feedback_id": "forms", "label_en": "Forms", "label_fr": "Formulaires", "reasons": "bad_data, duplicate",
    "channels": "email",
    "first_day": dt.date(2026, 1, 1), "last_day": dt.date(2026, 3, 31), "n_sent_back": 1234,
    "acknowledged_on": dt.date(2026, 4, 2), "changed_on": dt.date(2026, 4, 10), "change_text": "The form checks the number",
    "declined_on": None, "declined_reason": None, "state": "fewer", "rate_before": 0.2, "rate_since": 0.05, "effect": -0.15,
    "effect_low": -0.2, "effect_high": -0.1,
}  # fmt: skip
HEARD = {
    "feedback": [{"reason_code": "bad_data", "n_sent_back": 90, "n_acknowledged": 60, "n_acknowledged_in_time": 40,
                  "n_changed": 55, "n_declined": 5}],
    "rounds": [ROUND],
    "reliability": [{"quarter_start": dt.date(2026, 4, 1), "source_system": "salesforce", "n_sent_back": 200, "n_reps": 7,
                     "reason_given_rate": 0.9, "other_rate": 0.2, "has_too_many_other": True, "agreement_between_reps": 0.3,
                     "agreement_within_reps": 0.4, "agreement_ratio": 0.75}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["wrong contact data", "90", "Forms", "duplicate; e-mail", "2026-04-10: The form checks", "20.0%", "5.0%",
                "-15.0 (-20.0 – -10.0)", "fewer sent back", "2026-Q2", "20.0% !", "0.75"]),
        ("fr", ["coordonnées fausses", "90", "Formulaires", "doublon\u00a0; e-mail", "2026-04-10\u00a0: The form checks",
                "20,0\u00a0%", "-15,0 (-20,0 – -10,0)", "moins de renvois", "2026-T2", "20,0\u00a0% !", "0,75"]),
    ],
)  # fmt: skip
def test_the_hand_off_page_says_what_sales_sent_back_what_was_done_and_whether_it_helped(language, words):
    sections = handoff_page(NOTHING | HEARD, language, {})
    cells = " | ".join(cell for section in sections for part in section.parts for row in part.rows for cell in row)
    assert [word for word in words if word not in cells] == []


def test_a_round_that_nobody_answered_shows_no_figure(tmp_path):
    silent = ROUND | {"acknowledged_on": None, "changed_on": None, "change_text": None, "state": "open", "rate_before": None,
                      "rate_since": None, "effect": None}  # fmt: skip
    rows = handoff_page(NOTHING | {"rounds": [silent]}, "en", {})[2].parts[0].rows
    assert rows[0][3:] == ["–", "–", "–", "–", "–", "not read yet"]
