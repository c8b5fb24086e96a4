"""The funnel's marts at a million leads: dbt's models against the same tables in hand-written DuckDB SQL, in one run.

`python -m benchmarks.funnel --leads 100000 --leads 1000000`. What the marts read (people's stages, states
of opportunities, spend) is drawn; each mart's rows are compared with those made by hand.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb

from orchestration.engine import open_duckdb
from orchestration.science.forecast_table import make_forecasts
from orchestration.settings import PROJECT_DIR

INPUTS, BY_HAND = (Path(__file__).with_name(f"funnel_{name}.sql") for name in ("inputs", "by_hand"))
MEMORY_LIMIT = "4GB"
# Each mart with its grain, and the models that are made for it alone or first.
MARTS = {
    "fct_opportunity": (["opportunity_key"], ["fct_opportunity"]),
    "rpt_lead_to_revenue": (["person_key", "spell_no"], ["rpt_lead_to_revenue"]),
    "mart_funnel_cohort": (
        ["cohort_month", "from_stage", "to_stage", "segment", "horizon_days"],
        ["int_spell_transitions", "int_cohort_incidences", "mart_funnel_cohort"],
    ),
    "mart_funnel_period": (["period_month", "stage", "channel"], ["int_stage_entries_counted", "mart_funnel_period"]),
    "mart_channel_performance": (["period_month", "channel", "currency"], ["mart_channel_performance"]),
    "mart_stage_velocity": (["from_stage", "to_stage", "segment"], ["int_stage_ages", "mart_stage_velocity"]),
    "fct_opportunity_daily_snapshot": (
        ["snapshot_date", "opportunity_key"],
        ["int_opportunity_day_states", "fct_opportunity_daily_snapshot"],
    ),
    "mart_pipeline_waterfall": (["period_month", "currency"], ["mart_pipeline_waterfall"]),
    "mart_pipeline_slippage": (["period_month", "currency"], ["mart_pipeline_slippage"]),
    "mart_pipeline_coverage": (["period_first", "period_last", "currency"], ["mart_pipeline_coverage"]),
    "mart_win_rate": (
        ["period_month", "segment"],
        ["int_fx_rate_periods", "int_opportunities_measured", "mart_win_rate"],
    ),
    "mart_pipeline_velocity": (["period_month", "segment"], ["mart_pipeline_velocity"]),
}
FORECASTS = ["int_forecast_states", "int_forecast_stays", "int_forecast_open_deals"]


def generate(database: Path, leads: int) -> dict[str, int]:
    """Write what the marts read; gives what there is."""
    with open_duckdb(database) as connection:
        connection.execute(INPUTS.read_text().replace("$leads", str(leads)))
        counted = "select count(*) from intermediate."
        return {
            name: connection.execute(counted + table).fetchone()[0]
            for name, table in (("deals", "int_opportunities_unioned"), ("stages entered", "int_person_stages_completed"))
        }


def compiled_models(database: Path, target: Path) -> dict[str, str]:
    """The SQL of each model as dbt compiles it; the seeds are loaded on the way."""
    project = PROJECT_DIR / "dbt_project"
    models = [model for _, made in MARTS.values() for model in made]
    environment = {
        **os.environ, "TANDEM_DBT_DATABASE": str(database), "TANDEM_MEMORY_LIMIT": MEMORY_LIMIT, "DO_NOT_TRACK": "1",
        "PYTHONPATH": str(PROJECT_DIR),
    }  # fmt: skip
    for command in (["seed"], ["compile", "--select", *models, *FORECASTS]):
        done = subprocess.run(
            [Path(sys.executable).parent / "dbt", *command, "--project-dir", project, "--profiles-dir", project,
             "--target-path", target, "--log-path", target],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(done.stdout)
    nodes = json.loads((target / "manifest.json").read_text())["nodes"].values()
    return {
        node["name"]: f"create table {node['schema']}.{node['name']} as {node['compiled_code']}"
        for node in nodes
        if node["name"] in {*models, *FORECASTS}
    }


def statements_by_hand() -> dict[str, str]:
    """The hand-written statements by mart."""
    return dict(part.split("\n", 1) for part in BY_HAND.read_text().split("\n-- ")[1:])


def run(database: Path, statements: Mapping[str, str]) -> dict[str, float]:
    """Processor seconds of each statement, over all threads: unlike the clock's they hold on a machine that others use too."""
    seconds = {}
    with open_duckdb(database, config={"memory_limit": MEMORY_LIMIT, "preserve_insertion_order": "false"}) as connection:
        for name, sql in statements.items():
            begin = time.process_time()
            connection.execute(sql)
            seconds[name] = time.process_time() - begin
    return seconds


def run_forecasts(database: Path) -> float:
    """Processor seconds of the forecasts and of their backtest."""
    begin = time.process_time()
    with open_duckdb(database, read_only=True) as connection:
        stays, open_deals = (
            connection.execute(f"from intermediate.{name}").df() for name in ("int_forecast_stays", "int_forecast_open_deals")
        )
        as_of = connection.execute("select as_of from raw.night").fetchone()[0]
    make_forecasts(stays, open_deals, as_of)
    return time.process_time() - begin


def differing_rows(connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str]) -> int:
    """Rows that one side lacks, or in which a column that both have differs (floats: by more than a billionth)."""
    columns = [
        connection.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?", [schema, mart]
        ).fetchall()
        for schema in ("marts", "hand")
    ]
    ours = dict(columns[0])
    pairs = [(name, ours[name], kind) for name, kind in columns[1] if name in ours and name not in grain]
    same = [
        f"(abs(a.{name} - b.{name}) <= 1e-9 * greatest(1, abs(b.{name})) or (a.{name} is null and b.{name} is null))"
        if "DOUBLE" in (one, other) else f"a.{name} is not distinct from b.{name}"
        for name, one, other in pairs
    ]  # fmt: skip
    keys = " and ".join(f"a.{key} is not distinct from b.{key}" for key in grain)
    sql = f"""select count(*) from marts.{mart} a full join hand.{mart} b on {keys}
        where (a.as_of is null) or (b.rowid is null) or not coalesce({" and ".join(same)}, false)"""
    return connection.execute(sql).fetchone()[0]


def measure(leads: int) -> float:
    """One size: the table of both sides, and the seconds of all models together."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "candidate.duckdb"
        made = generate(database, leads)
        compiled = compiled_models(database, Path(folder) / "target")
        ordered = [model for _, models in MARTS.values() for model in models]
        ordered += FORECASTS
        ours = run(database, {model: compiled[model] for model in ordered})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        hand = run(database, statements_by_hand())
        print(f"\n{leads:,} leads, " + ", ".join(f"{number:,} {name}" for name, number in made.items()))
        print("| mart | rows | models | by hand | ratio | rows that differ |\n|---|---|---|---|---|---|")
        totals = [0.0, 0.0]
        with open_duckdb(database) as connection:
            for mart, (grain, models) in MARTS.items():
                seconds = sum(ours[model] for model in models)
                totals = [totals[0] + seconds, totals[1] + hand[mart]]
                rows = connection.execute(f"select count(*) from marts.{mart}").fetchone()[0]
                print(
                    f"| {mart} | {rows:,} | {seconds:.1f} s | {hand[mart]:.1f} s | {seconds / hand[mart]:.2f} "
                    f"| {differing_rows(connection, mart, grain)} |"
                )
        print(f"| all | | {totals[0]:.1f} s | {totals[1]:.1f} s | {totals[0] / totals[1]:.2f} | |")
        print(f"largest process {peak:.1f} GiB while the models ran, DuckDB limited to {MEMORY_LIMIT}", flush=True)
        seconds = run_forecasts(database)
        print(f"forecasts and their backtest: {sum(ours[model] for model in FORECASTS) + seconds:.1f} s", flush=True)
        return totals[0]


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, action="append", help="how many leads; may be given several times")
    sizes = parser.parse_args().leads or [100_000, 1_000_000]
    seconds = {size: measure(size) for size in sizes}
    for small, large in itertools.pairwise(sizes):
        print(f"{large / small:g} times the leads: {seconds[large] / seconds[small]:.1f} times the time")


if __name__ == "__main__":
    main()
