"""Whole nights on a standalone Spark cluster publish the marts that DuckDB publishes, row for row: make test-spark."""

import json

import duckdb
import pytest

from benchmarks.touches import write_touches
from orchestration.home import Home
from orchestration.publish.assets import mart_grains
from orchestration.settings import Settings
from orchestration.transform.dbt_build import project_manifest
from tests.conftest import night_on
from tests.spark.agreement import differences
from tests.spark.conftest import Cluster, SparkNight

pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def grains() -> dict[str, list[str]]:
    return mart_grains(json.loads(project_manifest(Settings()).read_text()))


@pytest.fixture(scope="module")
def small_demo_night(tmp_path_factory):
    from orchestration.demo.company import generate

    root = tmp_path_factory.mktemp("demo")
    generate(root / "exports", leads=2000, nights=3, seed=7)
    write_touches(root / "exports")
    return night_on(root / "exports", root / "home")


def _sorted_marts() -> dict[str, list[str]]:
    nodes = json.loads(project_manifest(Settings()).read_text())["nodes"].values()
    meta = {node["name"]: node["config"].get("meta", {}) for node in nodes}
    return {name: said["sorted_by"] for name, said in meta.items() if "sorted_by" in said}


def _agree(ours: Home, spark: SparkNight, grains: dict[str, list[str]]) -> None:
    summary = spark.result()
    assert summary["published"]
    assert summary["checks"]["failed"] == 0
    assert differences(ours.current.resolve(), spark.home.current.resolve(), grains) == {}
    with duckdb.connect(str(spark.home.current.resolve()), read_only=True) as connection:
        for mart, columns in _sorted_marts().items():
            keys, order = ", ".join(columns), ", ".join(f"{column} nulls first" for column in columns)
            in_order = f"select list(row({keys}) order by rowid) is not distinct from list(row({keys}) order by {order})"
            assert connection.execute(f"{in_order} from marts.{mart}").fetchone() == (True,), mart
    parquet = {path.stem for path in (spark.home.published / "parquet").glob("*.parquet")}
    assert set(grains) < parquet


@pytest.mark.public_data
@pytest.mark.parametrize("folder", ["olist_funnel", "paid_media_funnel"])
def test_all_marts_of_public_data_agree(folder, public_data, cluster: Cluster, grains, tmp_path):
    result, home = night_on(public_data / folder, tmp_path / "duckdb")
    assert result.exit_code == 0, result.message
    _agree(home, SparkNight(home, tmp_path / "spark", cluster), grains)


def test_all_marts_of_the_demo_company_agree_although_a_worker_is_killed_midway(
    small_demo_night, cluster: Cluster, grains, tmp_path
):
    result, home = small_demo_night
    assert result.exit_code == 0, result.message
    night = SparkNight(home, tmp_path / "spark", cluster)
    night.until("dbt: 250 nodes done")
    lost = cluster.lost_workers()
    cluster.kill("worker-1")
    _agree(home, night, grains)
    assert cluster.lost_workers() == lost + 1
