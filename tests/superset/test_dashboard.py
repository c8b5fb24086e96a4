"""Superset itself over a published home: the dashboard's charts, asked through its API, answer what `tandem query` answers."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.ops.run import run_night
from orchestration.publish.query import run_query
from orchestration.settings import PROJECT_DIR, Settings

sys.path.insert(0, str(PROJECT_DIR / "deploy" / "superset"))
from bundle import CHARTS, DASHBOARD

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PYTHON = Path(os.environ.get("TANDEM_SUPERSET_VENV", PROJECT_DIR / ".venv-superset")) / "bin" / "python"
PASSWORD = "for-this-test-alone"
ATTEMPTS = [
    "create table marts.mine (x int)",
    "create table marts.mine as select 1 as x",
    "insert into marts.dim_channel select * from marts.dim_channel",
    "update marts.dim_channel set channel = 'x'",
    "delete from marts.dim_channel",
    "drop table marts.dim_channel",
    "alter table marts.dim_channel add column x int",
    "copy marts.dim_channel to '{outside}'",
    "select * from read_text('/etc/passwd')",
    "select * from read_csv('{raw}')",
    "select * from '{raw}'",
    "select * from glob('/etc/*')",
    "attach '{raw}' as other",
    "attach ':memory:' as other; copy (select 1) to '{outside}'",
    "export database '{outside}'",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "pragma enable_external_access = true",
    "select getenv('TANDEM_SUPERSET_SECRET')",
]


class Api:
    """Superset's API as one who is logged in uses it."""

    def __init__(self, address: str):
        self._address, self._session = address, requests.Session()
        token = self.post("/api/v1/security/login", username="admin", password=PASSWORD, provider="db").json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.headers["X-CSRFToken"] = self.get("/api/v1/security/csrf_token/")["result"]
        self._session.headers["Referer"] = address

    def get(self, path: str) -> dict:
        answer = self._session.get(self._address + path, timeout=120)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def post(self, path: str, **content: object) -> requests.Response:
        return self._session.post(self._address + path, json=content, timeout=120)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    folder = tmp_path_factory.mktemp("superset")
    generate(folder / "exports", leads=200, nights=1, seed=3)
    result = run_night(Settings(home=folder / "home", exports=folder / "exports"))
    assert result.exit_code == 0, result.message
    return Home(folder / "home")


@pytest.fixture(scope="module")
def api(home: Home) -> Iterator[Api]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert PYTHON.exists(), "Superset's environment is not there; run: make superset-env"
    command = [PYTHON, PROJECT_DIR / "deploy" / "superset" / "start.py", "--home", home.root, "--port", str(port)]
    log = home.root.parent / "superset.log"
    own = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with log.open("w") as stream, subprocess.Popen(
        [*command, "--password", PASSWORD], stdout=stream, stderr=subprocess.STDOUT, env=own
    ) as server:  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            await_health(address, server, log)
            yield Api(address)
        finally:
            server.terminate()


def await_health(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()[-4000:]
        try:
            if requests.get(f"{address}/health", timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(1)
    raise AssertionError(f"Superset does not answer: {log.read_text()[-4000:]}")


def plain(rows: list[dict]) -> list[str]:
    """Rows in an order and with figures that both write alike."""
    return sorted(json.dumps({name: _plain(value) for name, value in row.items()}, sort_keys=True) for row in rows)


def _plain(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return value
    try:
        return f"{float(value):.9g}"
    except (TypeError, ValueError):
        return value


def test_every_chart_of_the_dashboard_answers_what_the_command_answers(api: Api, home: Home):
    listed = {chart["slice_name"]: chart["id"] for chart in api.get("/api/v1/dashboard/tandem/charts")["result"]}
    assert api.get("/api/v1/dashboard/tandem")["result"]["dashboard_title"] == DASHBOARD
    assert set(listed) == {chart.title for chart in CHARTS}
    for chart in CHARTS:
        answered = api.get(f"/api/v1/chart/{listed[chart.title]}/data/")["result"][0]["data"]
        own = json.loads(run_query(home, chart.sql(), "json"))
        assert plain(answered) == plain(own), chart.title
        assert own, chart.title


def test_nobody_writes_or_leaves_the_published_file_through_superset(api: Api, home: Home):
    database = next(item["id"] for item in api.get("/api/v1/database/")["result"] if item["database_name"] == "Tandem")
    before = home.current.resolve().read_bytes()
    outside = home.root.parent / "escaped"
    raw = next(home.raw.glob("salesforce/lead/*.parquet"))
    asked = api.post("/api/v1/sqllab/execute/", database_id=database, sql="select count(*) as n from marts.dim_channel")
    assert asked.ok, asked.text[:500]
    assert asked.json()["data"][0]["n"] > 0
    # Allowed to write as far as Superset goes, so that it is the connection which refuses.
    assert api._session.put(f"{api._address}/api/v1/database/{database}", json={"allow_dml": True}, timeout=120).ok
    succeeded = []
    for attempt in ATTEMPTS:
        sql = attempt.format(outside=outside, raw=raw)
        if api.post("/api/v1/sqllab/execute/", database_id=database, sql=sql).ok:
            succeeded.append(attempt)
    assert succeeded == []
    assert not outside.exists()
    assert home.current.resolve().read_bytes() == before
