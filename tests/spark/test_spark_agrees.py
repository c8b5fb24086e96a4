"""The same models on Spark give the same journeys as on DuckDB. Needs the spark extra: make test-spark."""

import json
import os
import shutil

import duckdb
import pytest

from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, latest_extract_day, write_catalog

pytestmark = [pytest.mark.long, pytest.mark.public_data]

COLUMNS = (
    "person_key, spell_no, source_system, origin_channel, channel, inquiry_at, mql_at, sal_at, sql_at, sqo_at, won_at, "
    "lost_at, outcome, outcome_reason, opportunity_key, amount, currency, has_imputed_stage, has_dates_out_of_order"
)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    from pyspark.sql import SparkSession

    root = tmp_path_factory.mktemp("spark")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    session = (
        SparkSession.builder.master("local[2]")
        .appName("tandem")
        .config("spark.sql.warehouse.dir", str(root / "warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.catalogImplementation", "hive")
        .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:{root}/metastore;create=true")
        .enableHiveSupport()
        .getOrCreate()
    )
    yield session
    session.stop()


def test_spark_and_duckdb_give_the_same_journeys_for_olist(session, olist_night, tmp_path):
    from dbt.cli.main import dbtRunner

    from orchestration.transform.spark_catalog import SparkEngine

    result, home = olist_night
    assert result.exit_code == 0, result.message
    settings = Settings(home=home.root)
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    as_of = AsOf(latest_extract_day(home), settings.business_timezone)
    write_catalog(
        SparkEngine(session, tmp_path / "raw"), home, known_profiles(settings), rules, as_of, settings.reporting_currency
    )

    target = tmp_path / "dbt"
    run = dbtRunner().invoke(
        ["build", "--target", "spark", "--select", "+rpt_lead_to_revenue", "--exclude-resource-type", "unit_test",
         "--indirect-selection", "cautious",
         "--project-dir", str(settings.dbt_project_dir), "--profiles-dir", str(settings.dbt_project_dir),
         "--target-path", str(target), "--log-path", str(tmp_path / "logs")]
    )  # fmt: skip
    failed = [f"{r.node.name}: {r.message}" for r in run.result or [] if r.status in ("error", "fail")]
    assert run.success, "\n".join(failed[:5]) or run.exception

    exported = tmp_path / "spark.parquet"
    session.sql(f"select {COLUMNS} from marts.rpt_lead_to_revenue").write.parquet(str(exported))
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        spark = f"select {COLUMNS} from read_parquet('{exported}/*.parquet')"
        ours = f"select {COLUMNS} from marts.rpt_lead_to_revenue"
        spark = spark.replace("_at,", "_at::timestamp,")
        assert connection.execute(f"select count(*) from ({spark})").fetchone() == (8000,)
        assert connection.execute(f"select count(*) from (({ours}) except all ({spark}))").fetchone() == (0,)
        assert connection.execute(f"select count(*) from (({spark}) except all ({ours}))").fetchone() == (0,)
    shutil.rmtree(exported)
    assert json.loads((target / "manifest.json").read_text())["metadata"]["adapter_type"] == "spark"
