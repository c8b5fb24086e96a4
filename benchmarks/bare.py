"""The limit of a night: the same SQL once, in DuckDB alone, by one script without dbt, Dagster or Great Expectations.

    python -m benchmarks.bare --home HOME --exports DIR --database FILE [--threads N]

Reads every CSV of the exports into text Parquet; lays the raw catalog of a home in which they have landed; creates each seed
and model from the SQL that dbt compiled for that home, asks the audit's queries, and leaves what a night leaves to be read: the
marts sorted in a file of their own, as Parquet, and a copy. They are those of the night, row for row, but for
`fct_check_result` and `fct_restatement`, which tell of the home's nights and not of its data.
"""

import argparse
import json
import shutil
import sys
import tempfile
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from orchestration.home import Home
from orchestration.publish.assets import mart_grains, marts_in_order
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_night_catalog
from orchestration.transform.data_tests import run_data_tests
from orchestration.transform.project import data_test_queries

OF_THE_HOME = ("fct_check_result", "fct_restatement")


def read_exports(exports: Path) -> None:
    """Every CSV to Parquet, all columns as text."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        for number, path in enumerate(sorted(exports.rglob("*.csv"))):
            with path.open("rb") as stream:
                encoding = "utf-16" if stream.read(2) == b"\xff\xfe" else "utf-8"
            rows = f"read_csv('{path}', all_varchar = true, encoding = '{encoding}', null_padding = true)"
            try:
                connection.execute(f"copy (from {rows}) to '{folder}/{number}.parquet' (compression zstd)")
            except duckdb.Error as error:
                print(f"DuckDB can't read {path.name}: {str(error).splitlines()[0]}", file=sys.stderr)


def build(settings: Settings, home: Home, database: Path, threads: int) -> dict[str, dict]:
    """Seeds, models and audit queries; gives the nodes of dbt's manifest."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text())
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        connection.begin()
        write_night_catalog(
            DuckDBEngine(connection), home, settings, AsOf(latest_extract_day(home), settings.business_timezone)
        )
        connection.commit()
        for schema in sorted({node["schema"] for node in nodes.values()}):
            connection.execute(f"create schema if not exists {schema}")
        create_nodes(connection, settings, nodes, threads)
    run_data_tests(database, data_test_queries(settings), manifest["nodes"], nodes, settings.memory_limit)
    return nodes


def write_outputs(database: Path, nodes: dict[str, dict]) -> None:
    """The places of the contract, beside the database: a file of sorted marts, Parquet of each, a copy of the file."""
    published = database.with_name("published.duckdb")
    with duckdb.connect(str(published)) as connection:
        connection.execute(f"attach '{database}' as built (read_only)")
        connection.execute("create schema marts")
        in_order = marts_in_order({"nodes": nodes})
        for mart, grain in sorted(mart_grains({"nodes": nodes}).items()):
            order = "" if mart in in_order else "order by " + ", ".join(f"{column} nulls first" for column in grain)
            connection.execute(f"create table marts.{mart} as from built.marts.{mart} {order}")
            connection.execute(f"copy marts.{mart} to '{database.with_name(mart)}.parquet' (format parquet, compression zstd)")
    shutil.copyfile(published, database.with_name("copy.duckdb"))


def build_order(nodes: dict[str, dict]) -> list[str]:
    """The nodes so that each comes after those that it reads."""
    return list(_graph(nodes).static_order())


def _graph(nodes: dict[str, dict]) -> TopologicalSorter:
    return TopologicalSorter(
        {key: set(node.get("depends_on", {}).get("nodes", [])) & nodes.keys() for key, node in nodes.items()}
    )


def create_nodes(connection: duckdb.DuckDBPyConnection, settings: Settings, nodes: dict[str, dict], threads: int) -> None:
    """Each node after those that it reads, so many at once."""
    graph = _graph(nodes)
    graph.prepare()

    def create(key: str) -> str:
        with connection.cursor() as cursor:
            create_node(cursor, settings, nodes[key])
        return key

    with ThreadPoolExecutor(threads) as pool:
        running = set()
        while graph.is_active():
            running |= {pool.submit(create, key) for key in graph.get_ready()}
            done, running = wait(running, return_when=FIRST_COMPLETED)
            graph.done(*(item.result() for item in done))


def create_node(connection: duckdb.DuckDBPyConnection, settings: Settings, node: dict) -> None:
    """The seed's or model's table in the connection's database, from the code that dbt compiled."""
    table = f"{node['schema']}.{node['alias']}"
    if node["resource_type"] == "seed":
        types = json.dumps(node["config"]["column_types"]).replace('"', "'")
        connection.execute(
            f"create table {table} as from read_csv('{settings.dbt_project_dir / node['original_file_path']}', types = {types})"
        )
    elif node["language"] == "python":
        names: dict[str, Any] = {}
        exec(node["compiled_code"], names)  # the project's own model, as dbt compiled it
        made = names["model"](names["dbtObj"](lambda name: connection.sql(f"from {name}")), connection)
        connection.register("made", made)
        connection.execute(f"create table {table} as from made")
        connection.unregister("made")
    else:
        kind = "view" if node["config"]["materialized"] == "view" else "table"
        connection.execute(f"create {kind} {table} as {node['compiled_code']}")


def main() -> None:
    """Parse the arguments and run once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--exports", type=Path, required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1, help="statements at once")
    options = parser.parse_args()
    read_exports(options.exports)
    nodes = build(Settings(home=options.home), Home(options.home), options.database, options.threads)
    write_outputs(options.database, nodes)


if __name__ == "__main__":
    main()
