"""The pages on objectives, hand-off and barometer: both languages, nothing subtracted, nothing there without data."""

import datetime as dt
from decimal import Decimal

import pytest

from orchestration.scorecard.agreement_figures import AGREEMENT_QUERIES
from orchestration.scorecard.agreement_pages import PAGES, barometer_page, objectives_page
from orchestration.scorecard.agreement_words import AGREEMENT_WORDS

NOTHING = {name: [] for name in AGREEMENT_QUERIES}
OBJECTIVE = {
    "objective_id": "q3", "owner_teams": "marketing, sales", "unit": "money", "currency": "EUR", "target": Decimal("1500.5"),
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
    assert all(set(texts) == {"en", "fr"} and all(texts.values()) for texts in AGREEMENT_WORDS.values())
