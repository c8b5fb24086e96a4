import json
import re

import duckdb
import pytest

from orchestration.scorecard.page import render, wilson_interval
from orchestration.scorecard.words import WORDS, number, percent

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def marts(tmp_path):
    """A published file with invented figures, one channel's name hostile."""
    path = tmp_path / "marts_1.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table published_version as select '2026-09-30_abc' as version, date '2026-09-30' as as_of")
        connection.execute(
            """create table marts.dim_stage as select * from (values
            ('mql', 2, 'MQL', 'MQL'), ('customer', 6, 'Customer', 'Client')) t(stage, stage_order, label_en, label_fr)"""
        )
        connection.execute(
            """create table marts.mart_funnel_period as
            select date '2026-01-01' as period_month, 'mql' as stage, 'email' as channel, 12345 as n_entries"""
        )
        connection.execute(
            """create table marts.mart_funnel_cohort as select * from (values
            (date '2026-01-01', 'mql', 'customer', 'all', 365, 200, 20, true),
            (date '2026-09-01', 'mql', 'customer', 'all', 365, 900, 1, false))
            t(cohort_month, from_stage, to_stage, segment, horizon_days, n_entered, n_converted, is_mature)"""
        )
        connection.execute(
            """create table marts.mart_channel_performance as
            select null::date as period_month, ? as channel, 'EUR' as currency,
            null::decimal(18,2) as spend, 7 as leads, 3 as mqls, 1 as opportunities, 0 as won,
            null::decimal(18,2) as won_amount,
            null::double as cost_per_lead, null::double as cost_per_mql, null::double as cost_per_won,
            null::double as roi""",
            [SCRIPT],
        )
        connection.execute(
            """create table marts.mart_trust as select 'm' as mart_name, 'hubspot' as source_system, timestamp '2026-09-01' as
            last_data_at, true as is_late, null::double as stale_share, 4 as rows_quarantined"""
        )
    return path


def page(marts, tmp_path, language="en", previous=None, notices=()):
    return render(marts, previous, tmp_path / "page" / "index.html", language=language, notices=notices).read_text()


def body(html: str) -> str:
    return html[: html.index('<script type="application/json"')]


def test_only_mature_cohorts_are_in_the_rate_and_the_young_ones_are_said_to_be_left_out(marts, tmp_path):
    text = body(page(marts, tmp_path))
    assert "10.0%" in text
    assert "cohorts not mature yet, left out: 1" in text


def test_a_missing_figure_is_a_dash_and_never_zero(marts, tmp_path):
    row = re.search(r"<td class=\"text\">&lt;script&gt;.*?</tr>", body(page(marts, tmp_path)), re.DOTALL).group()
    assert row.count("–") == 6


def test_french_numbers_are_written_in_french(marts, tmp_path):
    text = page(marts, tmp_path, "fr")
    assert "12\u202f345" in text
    assert "10,0\u00a0%" in text
    assert '<html lang="fr">' in text


def test_what_a_source_wrote_can_not_become_markup(marts, tmp_path):
    html = page(marts, tmp_path, notices=[SCRIPT])
    assert SCRIPT not in html


def test_the_page_asks_the_network_for_nothing(marts, tmp_path):
    html = page(marts, tmp_path)
    assert "default-src 'none'" in html
    own = body(html) + html[html.rindex("const charts") :]
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", own)


def test_a_late_source_is_named_in_the_head(marts, tmp_path):
    assert "no recent file from hubspot" in body(page(marts, tmp_path))


def test_absent_marts_and_a_missing_previous_version_are_tolerated(marts, tmp_path):
    text = body(page(marts, tmp_path))
    assert "This is the first version" in text
    assert "No data yet" in text


def test_each_forecast_stands_beside_the_error_bias_and_coverage_of_its_method(marts, tmp_path):
    with duckdb.connect(str(marts)) as connection:
        connection.execute(
            """create table marts.mart_forecast as select date '2026-09-30' as origin_date, date '2026-09-30' as as_of,
            date '2026-10-01' as period_start, date '2026-10-30' as period_end, 1 as period_no, 'all' as segment, * from (values
            ('survival', 'EUR', 54321, 40000, 70000, 0.25, -0.125, 0.8, 12, true, null),
            ('trailing_mean', 'EUR', null, null, null, null, null, null, 0, false, 'too_few_periods'))
            t(method, currency, forecast, p10, p90, wape, bias, interval_coverage, n_backtest_periods, is_best_method,
              reason)"""
        )
    text = re.sub(r"\s*</?t[dr][^>]*>\s*", "|", body(page(marts, tmp_path)))
    assert "54,321|" in text
    assert "40,000 – 70,000" in text
    assert re.search(r"25\.0%\|+-12\.5%\|+80\.0%\|+12\|+least error so far", text)
    assert "too few periods of history" in text


def test_freshness_stands_by_team_over_the_nights_and_with_how_long_mending_takes(marts, tmp_path):
    with duckdb.connect(str(marts)) as connection:
        connection.execute(
            """create table marts.mart_crm_freshness as select *, 0 as n_conflict, 0 as n_not_judgeable,
            n_fresh / (n_fresh + n_stale) as freshness_rate, 0 as pipeline_at_stake from (values
            ('lead', 'email', 'marketing', 10, 4, 2, 3, 1), ('lead', 'phone', 'marketing', 10, 8, 2, 0, 0),
            ('company', 'domain', 'sales_ops', 5, 5, 0, 0, 0))
            t(entity_type, field_name, steward_team, n_required, n_fresh, n_stale, n_missing, n_invalid)"""
        )
        connection.execute(
            """create table marts.mart_crm_mending as select 'lead' as entity_type, 'email' as field_name, 7 as n_went_stale,
            3 as n_waiting, 41 as days_to_mend_p50, 0.25 as mended_in_30_days_rate"""
        )
        connection.execute(
            """create table marts.fct_check_result as select date '2026-09-29' as check_date, 'lead_email_is_fresh' as
            check_name, 0.3::double as failing_rate, date '2026-09-30' as as_of"""
        )
    rows = re.sub(r"\s*</?t[dr][^>]*>\s*", "|", body(page(marts, tmp_path)))
    assert "marketing||20||8||4||75.0%" in rows
    assert "sales operations||5||0||0||100.0%" in rows
    assert "lead: e-mail address||7||3||41||25.0%" in rows
    assert "as each night found it" not in rows, "one night is no trend"
    with duckdb.connect(str(marts)) as connection:
        connection.execute(
            "insert into marts.fct_check_result values ('2026-09-30', 'lead_email_is_fresh', 0.2, '2026-09-30'), "
            "('2026-09-30', 'lead_email_is_valid', 0.9, '2026-09-30')"
        )
    html = page(marts, tmp_path)
    assert "as each night found it" in html
    specs = json.loads(re.search(r'<script type="application/json" id="charts">(.*?)</script>', html, re.DOTALL).group(1))
    assert specs["stale_by_night"]["data"]["values"] == [
        {"night": "2026-09-29", "field": "lead: e-mail address", "stale_rate": 0.3},
        {"night": "2026-09-30", "field": "lead: e-mail address", "stale_rate": 0.2},
    ]


def test_changes_are_told_against_the_version_before(marts, tmp_path):
    older = tmp_path / "marts_0.duckdb"
    older.write_bytes(marts.read_bytes())
    with duckdb.connect(str(older)) as connection:
        connection.execute("update marts.mart_channel_performance set leads = 5")
    assert "+2" in body(page(marts, tmp_path, previous=older))


def test_every_text_is_there_in_both_languages():
    assert all(set(texts) == {"en", "fr"} and all(texts.values()) for texts in WORDS.values())


def test_wilson_interval_is_the_textbook_one():
    assert wilson_interval(10, 100) == pytest.approx((0.0552291, 0.1743657), abs=1e-6)
    assert number(None, "en") == percent(None, "fr") == "–"
