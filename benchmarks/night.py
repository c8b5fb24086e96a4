"""A whole night against a bare `dbt build`, and against the same SQL run bare in DuckDB on the same files.

Run by `make bench` and `make bench-small`; each figure is the median of the repetitions, in this run, on this machine.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.bare import OF_THE_HOME
from benchmarks.processes import Run, run, run_python
from benchmarks.touches import write_touches
from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.publish.assets import mart_grains
from orchestration.publish.verify import current_hashes
from orchestration.publish.versions import mart_hashes
from orchestration.settings import Settings
from orchestration.transform.dbt_build import dbt_environment

BIN = Path(sys.executable).parent


def run_night(home: Path, exports: Path) -> Run:
    """The command, in a fresh process."""
    return run([str(BIN / "tandem"), "nightly", "--home", str(home), "--exports", str(exports)])


def run_dbt_build(home: Home) -> Run:
    """The same models and tests on the same raw, by dbt's own command in a fresh process."""
    return run_dbt(home, "build", "--exclude-resource-type", "unit_test")


def run_dbt(home: Home, *arguments: str) -> Run:
    """One command of dbt on this home's candidate."""
    settings = Settings(home=home.root)
    project = str(settings.dbt_project_dir)
    places = ["--project-dir", project, "--profiles-dir", project]
    places += ["--target-path", str(home.dbt_target), "--log-path", str(home.logs)]
    return run([str(BIN / "dbt"), *arguments, *places], dbt_environment(settings, home))


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
        run_dbt(home, "parse")  # untimed: a bare build in use has that behind it
        shutil.copytree(home.root, before, symlinks=True)
        nights, builds = [], []
        for _ in range(repetitions):
            shutil.rmtree(home.root)
            shutil.copytree(before, home.root, symlinks=True)
            nights.append(_say("night", run_night(home.root, last)).seconds)
            builds.append(_say("dbt build", run_dbt_build(home)).seconds)
        print(f"night / dbt build = {statistics.median(nights) / statistics.median(builds):.2f}")


def whole(leads: int, repetitions: int) -> None:
    """A first night on one delivery of this many leads, against bare dbt and bare DuckDB, and then against itself."""
    with tempfile.TemporaryDirectory() as folder:
        exports = Path(folder) / "exports"
        generate(exports, leads=leads, nights=1, seed=7)
        write_touches(exports)
        print(f"{leads} leads, {sum(path.stat().st_size for path in exports.rglob('*.csv')) / 1e6:.0f} MB of CSV", flush=True)
        nights, builds, bares, doubles = [], [], [], []
        for number in range(repetitions):
            home = Home(Path(folder) / f"home{number}")
            nights.append(_say("night", run_night(home.root, exports)))
            run_dbt(home, "parse")  # untimed: a bare build in use has that behind it
            builds.append(_say("dbt build", run_dbt_build(home)))
            bares.append(run_bare(home, exports, Path(folder) / f"bare{number}", threads=1))
            doubles.append(run_bare(home, exports, Path(folder) / f"double{number}", threads=2))
            if number == repetitions - 1:
                again = _say("the same night again", run_night(home.root, exports))
                print(f"  again / night = {again.seconds / nights[-1].seconds:.3f}")
            shutil.rmtree(home.root)
        night, build, bare, double = (
            statistics.median(run.seconds for run in runs) for runs in (nights, builds, bares, doubles)
        )
        print(
            f"{leads} leads: night / dbt build = {night / build:.2f}, night / bare DuckDB = {night / bare:.2f}, "
            f"night - bare DuckDB = {night - bare:.1f} s, night / bare DuckDB two statements at once = {night / double:.2f}",
            flush=True,
        )


def run_bare(home: Home, exports: Path, folder: Path, threads: int) -> Run:
    """The bare script, and whether its marts are those that the night published."""
    folder.mkdir()
    database = folder / "candidate.duckdb"  # the name that dbt compiled into its SQL
    arguments = ["--home", str(home.root), "--exports", str(exports), "--database", str(database), "--threads", str(threads)]
    bare = _say(f"bare DuckDB, statements at once: {threads}", run_python("-m", "benchmarks.bare", *arguments))
    print(f"  bare and published marts: {compare_marts(home, database)}", flush=True)
    shutil.rmtree(folder)
    return bare


def compare_marts(home: Home, bare: Path) -> str:
    """How many marts that the bare script wrote are those that the night published, by the contract's hash of rows."""
    manifest = json.loads((home.dbt_target / "manifest.json").read_text())
    grains = {mart: grain for mart, grain in mart_grains(manifest).items() if mart not in OF_THE_HOME}
    published = current_hashes(home, grains)
    with open_duckdb(bare, read_only=True) as connection:
        written = mart_hashes(connection, grains)
    differing = sorted(mart for mart in grains if written.get(mart) != published.get(mart))
    return f"{len(grains) - len(differing)} equal, {len(differing)} differ" + (f": {', '.join(differing)}" if differing else "")


def _say(what: str, run: Run) -> Run:
    print(f"  {what}: {run}", flush=True)
    return run


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
