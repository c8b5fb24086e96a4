"""A whole night against a bare `dbt build`, and against the same SQL run bare in DuckDB on the same files.

Run by `make bench` and `make bench-small`; each figure is the median of the repetitions, in this run, on this machine.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.registry.registry import load_registry
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import dbt_environment

BIN = Path(sys.executable).parent


def timed(action: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def run_night(home: Path, exports: Path) -> None:
    """The command, in a fresh process."""
    subprocess.run([BIN / "tandem", "nightly", "--home", home, "--exports", exports], check=True, capture_output=True)


def parse_with_dbt(home: Home) -> None:
    """Let dbt's own command parse the project for this home, untimed: a bare build in use has that behind it."""
    run_dbt(home, "parse")


def run_dbt_build(home: Home) -> None:
    """The same models and tests on the same raw, by dbt's own command in a fresh process."""
    run_dbt(home, "build", "--exclude-resource-type", "unit_test")


def run_dbt(home: Home, *arguments: str) -> None:
    """One command of dbt on this home's candidate."""
    settings = Settings(home=home.root)
    project = settings.dbt_project_dir
    subprocess.run(
        [BIN / "dbt", *arguments, "--project-dir", project, "--profiles-dir", project, "--target-path", home.dbt_target,
         "--log-path", home.logs],
        check=True, capture_output=True, env={**os.environ, **dbt_environment(settings, home)},
    )  # fmt: skip


def run_bare(home: Home, exports: Path) -> None:
    """CSV to text Parquet, then every model's compiled SQL once, in one DuckDB connection: no tests, no contracts."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text())
    settings = Settings(home=home.root)
    with tempfile.TemporaryDirectory() as folder:
        with duckdb.connect() as connection:
            for number, path in enumerate(sorted(exports.rglob("*.csv"))):
                encoding = "utf-16" if path.read_bytes()[:2] == b"\xff\xfe" else "utf-8"
                try:
                    rows = f"read_csv('{path}', all_varchar = true, encoding = '{encoding}', null_padding = true)"
                    connection.execute(f"copy (select * from {rows}) to '{folder}/{number}.parquet'")
                except duckdb.Error as error:
                    print(f"bare DuckDB can't read {path.name}: {str(error).splitlines()[0]}", file=sys.stderr)
        with duckdb.connect(str(Path(folder) / "candidate.duckdb")) as connection:
            rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
            as_of = AsOf(latest_extract_day(home), settings.business_timezone)
            write_catalog(
                DuckDBEngine(connection), home, known_profiles(settings), rules, as_of, "EUR", load_registry(settings)
            )
            _run_models(connection, manifest, settings)


def _run_models(connection: duckdb.DuckDBPyConnection, manifest: dict, settings: Settings) -> None:
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed")}
    for schema in sorted({node["schema"] for node in nodes.values()}):
        connection.execute(f"create schema if not exists {schema}")
    done: set[str] = set()
    while len(done) < len(nodes):
        for key, node in nodes.items():
            parents = [parent for parent in node.get("depends_on", {}).get("nodes", []) if parent in nodes]
            if key in done or not done.issuperset(parents):
                continue
            table = f"{node['schema']}.{node['alias']}"
            if node["resource_type"] == "seed":
                types = json.dumps(node["config"]["column_types"]).replace('"', "'")
                path = settings.dbt_project_dir / node["original_file_path"]
                sql = f"select * from read_csv('{path}', types = {types})"
            else:
                sql = node["compiled_code"]
            connection.execute(f"create table {table} as {sql}")
            done.add(key)


def small(repetitions: int) -> None:
    """The demo's last night, the 29 before it landed: the ratio that the night must keep."""
    with tempfile.TemporaryDirectory() as folder:
        exports, home = Path(folder) / "exports", Home(Path(folder) / "home").prepare()
        generate(exports, leads=20_000, nights=30, seed=7)
        last = sorted(path for path in exports.iterdir() if path.is_dir())[-1]
        last = Path(shutil.move(last, Path(folder) / "last"))
        land(home, Settings(home=home.root, exports=exports))
        before = Path(folder) / "before"
        run_night(home.root, exports)
        parse_with_dbt(home)
        shutil.copytree(home.root, before, symlinks=True)
        nights, builds = [], []
        for _ in range(repetitions):
            shutil.rmtree(home.root)
            shutil.copytree(before, home.root, symlinks=True)
            nights.append(timed(lambda: run_night(home.root, last)))
            builds.append(timed(lambda: run_dbt_build(home)))
            print(f"night {nights[-1]:.1f} s, dbt build {builds[-1]:.1f} s", flush=True)
        print(f"night / dbt build = {statistics.median(nights) / statistics.median(builds):.2f}")


def whole(leads: int, repetitions: int) -> None:
    """A first night on one delivery of this many leads, against bare dbt and bare DuckDB."""
    with tempfile.TemporaryDirectory() as folder:
        exports = Path(folder) / "exports"
        generate(exports, leads=leads, nights=1, seed=7)
        nights, builds, bares = [], [], []
        for number in range(repetitions):
            home = Home(Path(folder) / f"home{number}")
            nights.append(timed(lambda home=home: run_night(home.root, exports)))
            parse_with_dbt(home)
            builds.append(timed(lambda home=home: run_dbt_build(home)))
            bares.append(timed(lambda home=home: run_bare(home, exports)))
            shutil.rmtree(home.root)
        night, build, bare = map(statistics.median, (nights, builds, bares))
        print(
            f"{leads} leads: night {night:.1f} s, dbt build {build:.1f} s, bare DuckDB {bare:.1f} s; "
            f"night / dbt build = {night / build:.2f}, night / bare DuckDB = {night / bare:.2f}",
            flush=True,
        )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="the demo's last night only")
    parser.add_argument("--leads", type=int, action="append", default=[])
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    if options.small:
        small(options.repetitions)
    for leads in options.leads:
        whole(leads, 1 if leads >= 1_000_000 else options.repetitions)


if __name__ == "__main__":
    main()
