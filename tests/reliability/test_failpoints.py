"""Every boundary that is listed is passed by a night, a night published anew or an erasure; a run named to end there does."""

import csv
import datetime as dt
import os
import signal
import subprocess
import sys

import duckdb

from orchestration import failpoints
from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.ops.run import run_night
from orchestration.privacy.erase import erase
from orchestration.publish.causes import Inputs
from orchestration.publish.versions import publish
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf
from orchestration.transform.restatements import restatements_sql

GRAINS = {"mart_a": ["k"], "fct_restatement": ["restated_as_of", "mart_name", "grain_key", "column_name"]}


def publish_value(home: Home, value: int) -> None:
    home.candidate.unlink(missing_ok=True)
    with duckdb.connect(str(home.candidate)) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.mart_a as select 1 as k, {value} as v")
        connection.execute(
            f"create table marts.fct_restatement as select *, null::date as as_of from ({restatements_sql(home)})"
        )
    publish(home, AsOf(dt.date(2026, 9, 1), "Europe/Paris"), GRAINS, 3, Inputs(0, {}), lambda file: None)


def test_every_listed_boundary_is_passed(tmp_path, monkeypatch):
    passed: list[str] = []
    monkeypatch.setattr(failpoints, "passed", passed.append)
    generate(tmp_path / "exports", leads=100, nights=1, seed=3)
    settings = Settings(home=tmp_path / "home", settle_seconds=0, pseudonym_key_file=tmp_path / "keys" / "key")
    home = Home(settings.home).prepare()
    for path in (tmp_path / "exports" / "2026-09-30").iterdir():
        path.rename(home.inbox / path.name)
    leads = next(home.inbox.glob("salesforce_Lead_*.csv")).read_text(encoding="utf-8-sig").splitlines()
    email = next(csv.DictReader(leads))["Email"]
    result = run_night(settings)
    assert result.exit_code == 0, result.message
    erase(home, settings, [email], dt.date(2026, 10, 1), lambda line: None)

    # Twice the same night with other figures: a server, and a restatement.
    other = Home(tmp_path / "other").prepare()
    for value in (1, 2):
        publish_value(other, value)
    assert set(passed) == set(failpoints.BOUNDARIES)


def test_a_run_ends_at_the_boundary_that_is_named_and_at_no_other():
    program = "from orchestration.failpoints import passed; passed('after:link'); passed('after:prune'); print('went on')"
    for named, code in (("after:link", -signal.SIGKILL), ("after:prune", -signal.SIGKILL), ("after:copy", 0)):
        environment = {**os.environ, failpoints.VARIABLE: named}
        assert subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True).returncode == code
