"""How the build grows with the company on each engine: processor seconds of seeds and models, without tests, by size.

A line through the two smaller sizes is checked against the largest. `python -m benchmarks.growth --leads 2000 --leads 20000
--leads 60000`; Spark runs in local mode, so that all its work is in one process. Needs the spark extra.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.touches import write_touches
from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt
from orchestration.transform.spark_build import build_on_spark

ENGINES = {"duckdb": invoke_dbt, "spark": build_on_spark}
MODELS_ONLY = ["build", "--exclude-resource-types", "unit_test", "test"]


def build(engine: str, root: Path) -> dict[str, float]:
    """Build in this process and its children; what it cost."""
    settings = Settings(home=root, spark_master="local[2]")
    begin = time.perf_counter()
    outcome = ENGINES[engine](MODELS_ONLY, settings, Home(root))
    if outcome.errors:
        raise SystemExit(f"not built: {outcome.errors}")
    seconds = time.perf_counter() - begin
    _end_java()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "processor_seconds": sum(usage.ru_utime + usage.ru_stime for usage in used),
        "seconds": seconds,
        "megabytes": max(usage.ru_maxrss for usage in used) / 1024,
    }


def _end_java() -> None:
    # A child counts once it has ended; PySpark leaves its own to end by itself.
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


def prepare(root: Path, leads: int) -> None:
    """A home with a delivery landed and its raw catalog written."""
    with tempfile.TemporaryDirectory() as exports:
        generate(Path(exports), leads=leads, nights=1, seed=7)
        write_touches(Path(exports))
        settings, home = Settings(home=root, exports=Path(exports)), Home(root).prepare()
        land(home, settings)
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    as_of = AsOf(latest_extract_day(home), settings.business_timezone)
    with open_duckdb(home.candidate) as connection:
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), rules, as_of, settings.reporting_currency)


def measure(engine: str, leads: int) -> dict[str, float]:
    """One build in a fresh process."""
    with tempfile.TemporaryDirectory() as root:
        prepare(Path(root), leads)
        command = [sys.executable, "-m", "benchmarks.growth", "--build", engine, "--home", root]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(answer.splitlines()[-1])


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, action="append", default=[])
    parser.add_argument("--engine", choices=ENGINES, action="append", default=[])
    parser.add_argument("--build", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        print(json.dumps(build(options.build, options.home)))
        return
    for engine in options.engine or ENGINES:
        costs = {}
        for leads in sorted(options.leads):
            cost = measure(engine, leads)
            costs[leads] = cost["processor_seconds"]
            figures = ", ".join(f"{name.replace('_', ' ')} {value:.0f}" for name, value in cost.items())
            print(f"{engine}, {leads} leads: {figures}", flush=True)
        if len(costs) >= 3:
            (few, cost_of_few), (more, cost_of_more), *_, (most, cost_of_most) = costs.items()
            per_lead = (cost_of_more - cost_of_few) / (more - few)
            fixed = cost_of_few - per_lead * few
            print(
                f"{engine}: {fixed:.1f} s + {1000 * per_lead:.2f} s per 1000 leads; at {most} leads that gives "
                f"{fixed + per_lead * most:.0f} s, measured {cost_of_most:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
