"""What needs a built warehouse: dbt's unit tests and the semantic layer against the marts."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.transform.dbt_build import dbt_environment, invoke_dbt, project_manifest

BIN = Path(sys.executable).parent


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
    "channel_leads,channel_mqls,channel_won,channel_spend,channel_won_amount,channel_cost_per_lead,channel_roi": (
        "channel_month__channel",
        """select channel, leads, mqls, won, spend, won_amount, cost_per_lead, roi from marts.mart_channel_performance
           where period_month is null order by channel""",
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
}


@pytest.mark.parametrize("metrics", METRICS, ids=lambda text: text.split(",")[0])
def test_mf_query_and_the_mart_agree(built, tmp_path, metrics):
    group, sql = METRICS[metrics]
    settings = Settings(home=built.root)
    project_manifest(settings)
    answer = tmp_path / "answer.csv"
    environment = {**os.environ, **dbt_environment(settings, built), "DBT_PROFILES_DIR": str(settings.dbt_project_dir)}
    subprocess.run(
        [BIN / "mf", "query", "--metrics", metrics, "--group-by", group, "--order", group, "--csv", answer, "--decimals", "15"],
        cwd=settings.dbt_project_dir, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    with answer.open() as stream:
        answered = list(csv.reader(stream))[1:]
    with duckdb.connect(str(built.current.resolve()), read_only=True) as connection:
        expected = connection.execute(sql).fetchall()
    assert len(answered) == len(expected) > 0
    for row, wanted in zip(answered, expected, strict=True):
        assert row[0] == wanted[0]
        for value, right in zip(row[1:], wanted[1:], strict=True):
            if right is None:
                assert value in ("", "nan", "None")
            else:
                assert float(value) == pytest.approx(float(right), rel=1e-12)
