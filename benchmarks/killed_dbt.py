"""kill -9 at moments of a plain `dbt build` that writes in place: of how many runs the marts are left a mix of two nights.

The models of a night of a small home on the same raw, built by dbt itself with dbt-duckdb's own tables on one DuckDB file
that analysts would read: what `tests/reliability/test_kill_anywhere.py` does to Tandem's night.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.night import BIN, run_night
from benchmarks.processes import Run, run
from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.settings import PROJECT_DIR, Settings
from orchestration.transform.dbt_build import dbt_environment

BUILD = ("build", "--exclude-resource-type", "unit_test")
MIXES_BUILT_AGAIN = 2
PROFILE = """\
tandem:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{ env_var('TANDEM_DBT_DATABASE') }}"
      schema: main
      threads: 2
"""
NONE, MIXED, WHOLE, UNREADABLE = "the night before", "a mix of two nights", "the new night", "a file that does not open"


@dataclass(frozen=True)
class Warehouse:
    """A plain dbt project over one file, and that file as it is between two nights: models of the first, raw of the second."""

    home: Home
    project: Path
    between: Path

    def command(self, *arguments: str) -> list[str]:
        """One of dbt's own."""
        places = {"--project-dir": self.project, "--profiles-dir": self.project, "--target-path": self.project / "target"}
        named = [str(part) for place in places.items() for part in place]
        return [str(BIN / "dbt"), *arguments, *named, "--log-path", str(self.project / "logs")]

    def build(self) -> Run:
        """All models and data tests."""
        return run(self.command(*BUILD), self.environment)

    def build_for(self, seconds: float) -> None:
        """A build that is killed, with all it started, after so many seconds."""
        process = subprocess.Popen(
            self.command(*BUILD), env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """What the profile asks for."""
        return dbt_environment(Settings(home=self.home.root), self.home)

    def restore(self) -> None:
        """Put the file back as it is between the nights."""
        self.home.candidate.with_suffix(".duckdb.wal").unlink(missing_ok=True)
        shutil.copyfile(self.between, self.home.candidate)


def prepare(folder: Path) -> Warehouse:
    """Two nights of a home, and a copy of the project without what Tandem changed in how a table is made and written."""
    generate(folder / "exports", leads=200, nights=2, seed=3)
    home = Home(folder / "home").prepare()
    first, second = sorted(path for path in (folder / "exports").iterdir() if path.is_dir())
    run_night(home.root, first)
    night_before = Path(shutil.copyfile(home.candidate, folder / "night_before.duckdb"))
    run_night(home.root, second)
    between = Path(shutil.copyfile(home.candidate, folder / "between.duckdb"))
    with duckdb.connect(str(between)) as connection:
        connection.execute(f"attach '{night_before}' as night_before (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'night_before' and schema_name <> 'raw'"
        ).fetchall()
        for schema, table in tables:
            connection.execute(f'create or replace table "{schema}"."{table}" as from night_before."{schema}"."{table}"')
    project = folder / "plain" / "dbt_project"
    shutil.copytree(PROJECT_DIR / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs", "materializations"))
    shutil.copytree(PROJECT_DIR / "seeds", folder / "plain" / "seeds")
    (project / "profiles.yml").write_text(PROFILE)
    warehouse = Warehouse(home, project, between)
    run(warehouse.command("parse"), warehouse.environment)  # untimed: a project in use has that behind it
    return warehouse


def what_is_left(warehouse: Path) -> tuple[str, int]:
    """Which nights the marts tell of, and how many are of the night before."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            marts = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
            days = Counter(
                day
                for (mart,) in marts
                for (day,) in connection.execute(f"select distinct as_of from marts.{mart} where as_of is not null").fetchall()
            )
    except duckdb.Error:
        return UNREADABLE, 0
    if len(days) > 1:
        return MIXED, days[min(days)]
    return (WHOLE if max(days).isoformat() == "2026-09-30" else NONE), 0


def main() -> None:
    """Kill, look, and build once more after each mix."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = prepare(Path(folder))
        warehouse.restore()
        whole = warehouse.build()
        left, _ = what_is_left(warehouse.home.candidate)
        print(f"a build that nobody kills: {whole}, and leaves {left}", flush=True)
        chance, outcomes, unmended = random.Random(7), Counter(), 0
        for _ in range(options.kills):
            share = chance.uniform(0.02, 1.0)
            warehouse.restore()
            warehouse.build_for(share * whole.seconds)
            outcome, n_old = what_is_left(warehouse.home.candidate)
            outcomes[outcome] += 1
            print(f"  killed at {share:.2f}: {outcome}" + (f", {n_old} marts still old" if n_old else ""), flush=True)
            if outcome == MIXED and outcomes[MIXED] <= MIXES_BUILT_AGAIN:
                warehouse.build()
                unmended += what_is_left(warehouse.home.candidate)[0] != WHOLE
        print(", ".join(f"{outcome}: {n}" for outcome, n in outcomes.most_common()))
        print(f"of {min(outcomes[MIXED], MIXES_BUILT_AGAIN)} mixes that were built once more {unmended} stayed mixed")


if __name__ == "__main__":
    main()
