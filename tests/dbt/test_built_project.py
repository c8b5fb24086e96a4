"""What needs a built warehouse: dbt's unit tests and the semantic layer against the marts."""

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from dbt_metricflow.cli.main import cli as mf

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.registry.metrics import read_metrics
from orchestration.settings import Settings
from orchestration.transform.dbt_build import dbt_environment, invoke_dbt, project_manifest
from orchestration.transform.project import close_connections

DEFINED = read_metrics(Settings().dbt_project_dir)


@pytest.fixture(scope="module")
def built(demo_night):
    result, home = demo_night
    assert result.exit_code == 0, result.message
    return home


def test_every_unit_test_of_the_project_passes(built):
    settings = Settings(home=built.root)
    outcome = invoke_dbt(["test", "--select", "test_type:unit"], settings, built)
    assert outcome.errors == []
    assert outcome.unit_tests_passed >= 9


METRICS = {
    "channel_leads,channel_mqls,channel_opportunities,channel_won,channel_spend,channel_pipeline_amount,channel_won_amount,"
    "channel_cost_per_lead,channel_cost_per_mql,channel_cost_per_won,channel_roi": (
        "channel_month__channel",
        """select channel, leads, mqls, opportunities, won, spend, pipeline_amount, won_amount, cost_per_lead, cost_per_mql,
             cost_per_won, roi
           from marts.mart_channel_performance where period_month is null order by channel""",
    ),
    "journeys_with_mql,journeys_won,journey_win_share": (
        "person_spell__channel",
        """select channel, count(mql_at), count(*) filter (where outcome = 'won'),
             count(*) filter (where outcome = 'won') / nullif(count(mql_at), 0)
           from marts.rpt_lead_to_revenue group by channel order by channel""",
    ),
    "cohort_entered,cohort_converted,conversion_fixed_horizon": (
        "cohort__segment",
        """select segment, sum(n_entered), sum(n_converted), sum(n_converted) / sum(n_entered)
           from marts.mart_funnel_cohort group by segment order by segment""",
    ),
    "conversion_cumulative_incidence,conversion_cumulative_incidence_ci_low,conversion_cumulative_incidence_ci_high": (
        "cohort__from_stage",
        """select from_stage, max(rate_cumulative_incidence), max(ci_low), max(ci_high)
           from marts.mart_funnel_cohort group by from_stage order by from_stage""",
    ),
    "stage_entries,stage_entry_amount,mql_entries,customer_entries,period_ratio_mql_customer": (
        "funnel_period__channel",
        """select channel, sum(n_entries), sum(amount), sum(n_entries) filter (where stage = 'mql'),
             sum(n_entries) filter (where stage = 'customer'),
             sum(n_entries) filter (where stage = 'customer') / nullif(sum(n_entries) filter (where stage = 'mql'), 0)
           from marts.mart_funnel_period group by channel order by channel""",
    ),
    "acquisition_spend,acquired_customers,cac": (
        "cac_row__segment",
        """select segment, sum(spend) filter (where is_complete),
             sum(new_customers) filter (where is_complete and spend is not null),
             sum(spend) filter (where is_complete)
               / nullif(sum(new_customers) filter (where is_complete and spend is not null), 0)
           from marts.mart_cac group by segment order by segment""",
    ),
    "forecast_wape,forecast_bias,forecast_interval_coverage": (
        "forecast_backtest__method",
        """select method, max(wape), max(bias), max(interval_coverage)
           from marts.mart_forecast_backtest group by method order by method""",
    ),
    "won_amount_forecast,won_amount_forecast_p10,won_amount_forecast_p90": (
        "forecast_row__method",
        """select method, sum(forecast), max(p10), max(p90) from marts.mart_forecast
           where origin_date = as_of group by method order by method""",
    ),
    "opportunity_count,opportunities_closed,opportunities_won,opportunity_won_amount,win_rate_closed": (
        "opportunity__channel",
        """select channel, count(*), count(*) filter (where is_closed), count(*) filter (where is_won),
             sum(amount) filter (where is_won), count(*) filter (where is_won) / nullif(count(*) filter (where is_closed), 0)
           from marts.fct_opportunity group by channel order by channel""",
    ),
    "crm_values_required,crm_values_fresh,crm_values_stale,crm_values_missing,crm_freshness": (
        "crm_field__field_name",
        """select field_name, sum(n_required), sum(n_fresh), sum(n_stale), sum(n_missing),
             sum(n_fresh) / nullif(sum(n_fresh) + sum(n_stale), 0)
           from marts.mart_crm_freshness group by field_name order by field_name""",
    ),
    "worklist_entries,worklist_minutes": (
        "worklist_entry__steward_team",
        """select steward_team, count(*), sum(minutes_to_mend)
           from marts.mart_crm_worklist group by steward_team order by steward_team""",
    ),
    "field_verifications": (
        "field_verification__method",
        "select method, count(*) from marts.fct_field_verification group by method order by method",
    ),
    "lead_dispositions": (
        "lead_disposition__disposition",
        "select disposition, count(*) from marts.fct_lead_disposition group by disposition order by disposition",
    ),
    "pipeline_created,pipeline_amount_up,pipeline_amount_down,pipeline_moved_in,pipeline_moved_out,pipeline_pushed_out,"
    "pipeline_won,pipeline_lost": (
        "pipeline_month__currency",
        """select currency, sum(created), sum(amount_up), sum(amount_down), sum(moved_in), sum(moved_out), sum(pushed_out),
             sum(won), sum(lost) from marts.mart_pipeline_waterfall group by currency order by currency""",
    ),
    "pipeline_due,pipeline_open": (
        "pipeline_month__currency",
        """select currency, closing, open_amount from marts.mart_pipeline_waterfall
           where period_month = date_trunc('month', as_of) order by currency""",
    ),
    "pipeline_due_at_start,pipeline_slipped,push_count,pull_in_count,slippage": (
        "slippage_month__currency",
        """select currency, sum(due_amount) filter (where is_complete), sum(slipped_amount), sum(push_count),
             sum(pull_in_count), sum(slipped_amount) / sum(due_amount) filter (where is_complete)
           from marts.mart_pipeline_slippage group by currency order by currency""",
    ),
    "covering_pipeline,remaining_target,pipeline_coverage": (
        "coverage_row__currency",
        """select currency, sum(open_amount) filter (pipeline_coverage is not null),
             sum(remaining_amount) filter (pipeline_coverage is not null),
             sum(open_amount) filter (pipeline_coverage is not null)
               / sum(remaining_amount) filter (pipeline_coverage is not null)
           from marts.mart_pipeline_coverage group by currency order by currency""",
    ),
    "deals_closed,deals_won,deals_closed_amount,deals_won_amount,cohort_deals_closed,cohort_deals_won,"
    "win_rate_closed_month,win_rate_closed_amount,win_rate_created_cohort": (
        "win_rate_row__segment",
        """select segment, sum(n_closed), sum(n_won), sum(closed_amount), sum(won_amount),
             sum(n_created_closed) filter (where is_created_cohort_mature),
             sum(n_created_won) filter (where is_created_cohort_mature),
             sum(n_won) / sum(n_closed), sum(won_amount) / sum(closed_amount),
             sum(n_created_won) filter (where is_created_cohort_mature)
               / nullif(sum(n_created_closed) filter (where is_created_cohort_mature), 0)
           from marts.mart_win_rate group by segment order by segment""",
    ),
    "pipeline_velocity": (
        "velocity_row__segment",
        """select segment, pipeline_velocity from marts.mart_pipeline_velocity
           where period_month = (select max(period_month) from marts.mart_pipeline_velocity) order by segment""",
    ),
    "stage_stays,stage_time_p50,stage_time_p75,stage_time_p90,time_to_convert_p50": (
        "stage_velocity__segment",
        """select segment, sum(n), max(p50_days), max(p75_days), max(p90_days), max(converted_p50_days)
           from marts.mart_stage_velocity
           group by segment order by segment""",
    ),
    "mrr": (
        "subscription_month__channel",
        """select channel, sum(mrr) from marts.fct_subscription_month
           where period_month = (select max(period_month) from marts.fct_subscription_month)
           group by channel order by channel""",
    ),
    "new_customers,retention_mature_customers,retention_customers_end,retention_mrr_start,retention_mrr_end,"
    "retention_mrr_retained,retention_churned_180,retention_mature_180_customers,nrr,grr,logo_retention,early_churn_180": (
        "retention_cohort__segment",
        """select segment, sum(customers_start), sum(customers_start) filter (where is_mature), sum(customers_end),
             sum(mrr_start) filter (where is_mature), sum(mrr_end), sum(mrr_retained), sum(customers_churned_180),
             sum(customers_start) filter (where is_mature_180),
             sum(mrr_end) / sum(mrr_start) filter (where is_mature),
             sum(mrr_retained) / sum(mrr_start) filter (where is_mature),
             sum(customers_end) / sum(customers_start) filter (where is_mature),
             sum(customers_churned_180) / sum(customers_start) filter (where is_mature_180)
           from marts.mart_retention group by segment order by segment""",
    ),
    "inquiry_count,mql_count,rejected_count,sal_count,sql_count,sqo_count,won_count,sqo_amount,won_amount,decided_count,"
    "sal_rate,sal_per_mql,sql_per_sal,sqo_per_sql,sqo_per_mql,won_per_sqo,average_sqo_amount,average_won_amount": (
        "funnel_day__channel",
        """select channel, sum(inquiries), sum(mqls), sum(rejected), sum(sals), sum(sqls), sum(sqos), sum(won), sum(sqo_amount),
             sum(won_amount), sum(sals + rejected), sum(sals) / nullif(sum(sals + rejected), 0),
             sum(sals) / nullif(sum(mqls), 0), sum(sqls) / nullif(sum(sals), 0), sum(sqos) / nullif(sum(sqls), 0),
             sum(sqos) / nullif(sum(mqls), 0), sum(won) / nullif(sum(sqos), 0), sum(sqo_amount) / nullif(sum(sqos), 0),
             sum(won_amount) / nullif(sum(won), 0)
           from marts.mart_funnel_daily group by channel order by channel""",
    ),
    "human_activities,conversations,conversation_share": (
        "activity__activity_type",
        """select activity_type, count(*) filter (where is_human), count(*) filter (where is_human and is_two_way),
             count(*) filter (where is_human and is_two_way) / nullif(count(*) filter (where is_human), 0)
           from marts.fct_activity group by activity_type order by activity_type""",
    ),
    "sla_n_due,sla_n_met,sla_n_effective,sla_n_never_worked,sla_n_judged_worked,sla_met,effective_followup,never_worked": (
        "speed_week__team",
        """select team, sum(n_due), sum(n_met), sum(n_effective), sum(n_never_worked), sum(n_judged_worked),
             sum(n_met) / nullif(sum(n_due), 0), sum(n_effective) / nullif(sum(n_due), 0),
             sum(n_never_worked) / nullif(sum(n_judged_worked), 0)
           from marts.mart_speed_to_lead group by team order by team""",
    ),
    "campaign_spend,campaign_clicks,cost_per_click": (
        "campaign_day__channel",
        """select channel, sum(spend), sum(clicks), sum(spend) / nullif(sum(clicks), 0)
           from marts.fct_campaign_spend_daily group by channel order by channel""",
    ),
    "lifecycle_events": (
        "lifecycle_event__event",
        "select event, count(*) from marts.fct_lifecycle_event group by event order by event",
    ),
    "field_changes": (
        "field_change__field_name",
        "select field_name, count(*) from marts.fct_field_change group by field_name order by field_name",
    ),
    "rows_quarantined,late_sources": (
        "mart_source__mart_name",
        """select mart_name, sum(rows_quarantined), count(*) filter (where is_late)
           from marts.mart_trust group by mart_name order by mart_name""",
    ),
    "restated_values": (
        "restatement__cause",
        "select cause, count(*) from marts.fct_restatement group by cause order by cause",
    ),
    "feedback_sent_back,feedback_with_reason,feedback_acknowledged,feedback_acknowledged_in_time,feedback_changed,"
    "reason_given_rate,feedback_acknowledged_rate,feedback_change_rate": (
        "feedback_cell__channel",
        """select channel, sum(n_sent_back), sum(n_with_reason), sum(n_acknowledged), sum(n_acknowledged_in_time),
             sum(n_changed), sum(n_with_reason) / nullif(sum(n_sent_back), 0),
             sum(n_acknowledged) / nullif(sum(n_sent_back), 0), sum(n_changed) / nullif(sum(n_sent_back), 0)
           from marts.mart_feedback_loop group by channel order by channel""",
    ),
}


def test_every_metric_is_compared():
    compared = ",".join(METRICS).split(",")
    assert len(compared) == len(set(compared))
    assert set(DEFINED) - set(compared) == set(), "defined, and compared with no mart"
    assert set(compared) - set(DEFINED) == set(), "compared, and defined nowhere"


@pytest.fixture(scope="module")
def restated(built, tmp_path_factory):
    """The same warehouse with restatements in it: the demo's nights are each published once."""
    copy = Home(tmp_path_factory.mktemp("restated") / "home").prepare()
    shutil.copy(built.candidate, copy.candidate)
    with open_duckdb(copy.candidate) as connection:
        connection.execute(
            """insert into marts.fct_restatement by name
               select date '2026-09-28' as restated_as_of, 1 as restatement_no, 'fct_opportunity' as mart_name,
                   '{"opportunity_key":"' || number || '"}' as grain_key, 'amount' as column_name, 'changed' as change,
                   '1.00' as old_value, '2.00' as new_value, if(number < 3, 'late_file', 'seeds') as cause,
                   'planted' as cause_detail, date '2026-09-30' as as_of
               from range(7) as numbers(number)"""
        )
    # For plain SQL a file of its own: dbt keeps the other open in this process, with settings of its own.
    shutil.copy(copy.candidate, plain_file(copy))
    return copy


def plain_file(home: Home) -> Path:
    return home.candidate.with_name("plain.duckdb")


def test_a_model_built_again_replaces_itself(built, tmp_path):
    copy = Home(tmp_path / "home").prepare()
    shutil.copy(built.candidate, copy.candidate)
    models = {"dim_stage": "marts", "int_forecasts_made": "intermediate", "int_objective_still_to_come": "intermediate"}

    def rows() -> list[list[tuple]]:
        with open_duckdb(copy.candidate, read_only=True) as connection:
            found = [connection.execute(f"from {schema}.{model}").fetchall() for model, schema in models.items()]
        return [sorted(table, key=repr) for table in found]

    before = rows()
    assert invoke_dbt(["run", "--select", *models], Settings(home=copy.root), copy).errors == []
    assert rows() == before


@pytest.mark.parametrize("metrics", METRICS, ids=lambda text: text.split(",")[0])
def test_mf_query_and_the_mart_agree(restated, tmp_path, monkeypatch, metrics):
    """Counts and money to the last digit, shares and what curves were read off to 1e-12."""
    group, sql = METRICS[metrics]
    settings = Settings(home=restated.root)
    project_manifest(settings)
    answer = tmp_path / "answer.csv"
    for name, value in {**dbt_environment(settings, restated), "DBT_PROFILES_DIR": str(settings.dbt_project_dir)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(settings.dbt_project_dir)
    asked = ["query", "--metrics", metrics, "--group-by", group, "--order", group, "--csv", str(answer), "--decimals", "15"]
    # The command `mf` in this process: its start alone takes longer than its answer.
    result = CliRunner().invoke(mf, asked)
    close_connections()
    assert result.exit_code == 0, result.output
    with answer.open() as stream:
        answered = list(csv.reader(stream))[1:]
    with open_duckdb(plain_file(restated), read_only=True) as connection:
        expected = connection.execute(sql).fetchall()
    assert len(answered) == len(expected) > 0
    exact = [DEFINED[name].type == "simple" and not DEFINED[name].is_estimated for name in metrics.split(",")]
    for row, wanted in zip(answered, expected, strict=True):
        assert row[0] == wanted[0]
        for value, right, is_exact in zip(row[1:], wanted[1:], exact, strict=True):
            if right is None:
                assert value in ("", "nan", "None")
            elif is_exact:
                assert Decimal(value) == Decimal(str(right))
            else:
                assert float(value) == pytest.approx(float(right), rel=1e-12)
