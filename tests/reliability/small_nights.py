"""Nights of a small home in a few seconds: one process imports everything once and forks a child for each night.

The child does the steps of the job in their order and with the product's own code, from the lock to the exit code; what is
left out is Dagster's bookkeeping (its events take longer than the steps of so small a night) and the two helper processes:
suites run in the child itself, files are read in a fork of it. A candidate whose raw catalog was built and audited before, to
the letter, is copied instead of built again; where no catalog comes twice, models can be made from the SQL that dbt compiled
once. Nothing waits for the disk: SIGKILL takes a process, not what it wrote. `test_kill.py` kills the command itself.
"""

import contextlib
import functools
import hashlib
import importlib
import json
import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.bare import build_order, create_node
from orchestration import failpoints

_ERASE, _NIGHT = "erase", "night"


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code, or minus the signal that killed it; what it said; how long it took."""

    code: int
    message: str
    seconds: float

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


class SmallNights:
    """The driving process, seen from the test: it takes one job at a time."""

    def __init__(self, memory: Path, builder: str = "dbt") -> None:
        """`memory` is a folder for the candidates that were built, `builder` who builds them: dbt, or its compiled SQL."""
        self._process = subprocess.Popen(
            [sys.executable, __file__, memory, builder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._process.stdout.readline() == "ready\n", "the driving process does not start"

    def night(
        self, home: Path, *, failpoint: str = "", kill_after: float = 0.0, environment: dict[str, str] | None = None,
        largest_file: int = 0, **settings: Any,
    ) -> Ended:  # fmt: skip
        """One night in this home; killed at a failpoint, or so many seconds after it began.

        With `largest_file` no file may grow beyond so many bytes, as on a full disk.
        """
        job = {"kind": _NIGHT, "settings": {"home": str(home), **settings}}
        return self._do({**job, "environment": environment or {}, "largest_file": largest_file}, failpoint, kill_after)

    def erase(self, home: Path, emails: list[str], *, failpoint: str = "", **settings: Any) -> Ended:
        """Erase people, as the command does."""
        job = {"kind": _ERASE, "settings": {"home": str(home), **settings}, "emails": emails}
        return self._do(job, failpoint, 0.0)

    def _do(self, job: dict, failpoint: str, kill_after: float) -> Ended:
        line = json.dumps({**job, "failpoint": failpoint, "kill_after": kill_after}, default=str)
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the driving process died"
        return Ended(**json.loads(answer))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def _serve(memory: Path, builder: str) -> None:
    _import_what_a_night_imports(memory, builder)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(job: dict) -> dict:
    begin = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code, message = 70, ""
        try:
            os.setpgid(0, 0)
            _quiet()
            if job["failpoint"]:
                os.environ[failpoints.VARIABLE] = job["failpoint"]
            _bound(job)
            code, message = _JOBS[job["kind"]](job)
        except BaseException as error:
            message = f"{type(error).__name__}: {error}"
        os.write(writing, message.encode()[:4000])
        os._exit(code)
    os.close(writing)
    status = _wait(child, job["kill_after"], begin)
    # The child's own children go with it, as they do when a machine's power fails.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with os.fdopen(reading, "rb") as pipe:
        message = pipe.read().decode()
    return {"code": os.waitstatus_to_exitcode(status), "message": message, "seconds": round(time.monotonic() - begin, 3)}


def _wait(child: int, kill_after: float, begin: float) -> int:
    if not kill_after:
        return os.waitpid(child, 0)[1]
    while time.monotonic() - begin < kill_after:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def _quiet() -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)


def _bound(job: dict) -> None:
    os.environ.update(job.get("environment", {}))
    time.tzset()
    if limit := job.get("largest_file"):
        # Without the signal the write fails, as it does where the disk is full.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def _settings(job: dict) -> Any:
    from orchestration.settings import Settings

    return Settings(**job["settings"])


def _night(job: dict) -> tuple[int, str]:
    from orchestration.ops import run

    result = run.run_night(_settings(job))
    return result.exit_code, result.message or json.dumps(result.summary)


def _erase(job: dict) -> tuple[int, str]:
    import datetime as dt

    from orchestration.home import Home
    from orchestration.privacy.erase import erase

    settings = _settings(job)
    home = Home(settings.home).prepare()
    with home.lock():
        return 0, json.dumps(erase(home, settings, job["emails"], dt.date(2026, 11, 25), lambda line: None))


_JOBS: dict[str, Callable[[dict], tuple[int, str]]] = {_NIGHT: _night, _ERASE: _erase}


def _import_what_a_night_imports(memory: Path, builder: str) -> None:
    """Imports only, and no file of a warehouse opened: a process with an engine in it must not fork."""
    sys.modules["pyspark"] = None  # type: ignore[assignment]
    import dagster

    from orchestration import definitions
    from orchestration.landing import profiles, worker
    from orchestration.ops import run, unchanged
    from orchestration.quality.suites import import_engine, run_suites
    from orchestration.registry import registry
    from orchestration.settings import Settings
    from orchestration.transform import assets, dbt_build, project

    import_engine()
    os.fsync = lambda _: None
    audit = run_suites
    run.SuiteRunner = lambda: contextlib.nullcontext(SimpleNamespace(run=audit))
    for name in ("orchestration.landing.reading", "dbt.cli.main", "dbt.adapters.duckdb",
                 "orchestration.privacy.redact", "orchestration.privacy.free_text", "pandas", "vl_convert"):  # fmt: skip
        importlib.import_module(name)
    settings = Settings()
    # What is read from the checkout's files is read once; whether a night may be left out is not what is tried here.
    profiles.load_profiles = functools.cache(profiles.load_profiles)
    agreed = registry.read_registry(settings)
    registry.read_registry = lambda _: agreed
    unchanged.inputs_hash = lambda _: os.urandom(8).hex()
    all_steps = _all_steps(settings)
    profiles.known_profiles(settings)
    project.data_test_queries(settings)
    parsed = project.parsed_project(settings)
    dbt_build.parsed_project = lambda _: parsed
    definitions.build_defs = lambda settings, night: _StepsInOrder(night, all_steps)
    dagster.DagsterInstance.get = contextlib.nullcontext
    assets._dagster_events = lambda *_: ()
    if builder == "compiled":
        compiled = _compiled_nodes(settings, memory)
        assets._build = lambda night, manifest, _: _build_compiled(night, manifest, compiled)
    else:
        build, candidates = assets._build, _Candidates(memory, run_suites)
        assets._build = lambda night, *asked: candidates.build(night, lambda: build(night, *asked))
        audit = candidates.audit
    worker.Worker.start = _start_in_a_fork


def _all_steps(settings: Any) -> list[Any]:
    """The functions of the job's steps, in the order in which the job does them."""
    from orchestration.landing.assets import build_landing_assets
    from orchestration.landing.profiles import known_profiles
    from orchestration.publish.assets import build_publish_asset
    from orchestration.quality.assets import worklists
    from orchestration.quality.checks import build_expectation_checks
    from orchestration.scorecard.assets import scorecard_page
    from orchestration.transform.assets import build_catalog_assets, build_dbt_assets
    from orchestration.transform.project import project_manifest

    profiles, manifest = known_profiles(settings), project_manifest(settings)
    steps = [
        build_landing_assets(profiles), build_catalog_assets(profiles), build_dbt_assets(manifest),
        build_expectation_checks(settings), build_publish_asset(manifest), scorecard_page, worklists,
    ]  # fmt: skip
    return [step.op.compute_fn.decorated_fn for step in steps]


def _compiled_nodes(settings: Any, memory: Path) -> dict[str, dict]:
    """Seeds and models of the manifest with the code that dbt compiles for them, in an order in which they can be built."""
    from orchestration.home import Home
    from orchestration.transform.dbt_build import invoke_dbt
    from orchestration.transform.project import project_manifest

    home = Home(memory / "compiled").prepare()
    child = os.fork()  # dbt opens a database to compile against
    if child == 0:
        _quiet()
        invoke_dbt(["compile", "--no-write-json"], settings, home)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, "dbt does not compile the project"
    manifest = json.loads(project_manifest(settings).read_text())["nodes"]
    nodes = {key: node for key, node in manifest.items() if node["resource_type"] in ("model", "seed")}
    code = {path.stem: path.read_text() for path in (home.dbt_target / "compiled").rglob("models/**/*") if path.is_file()}
    for node in nodes.values():
        if node["resource_type"] == "model":
            node["compiled_code"] = code[node["name"]]
    return {key: nodes[key] for key in build_order(nodes)}


def _build_compiled(night: Any, manifest: dict, nodes: dict[str, dict]) -> Any:
    """What dbt would have built, from its SQL; the data tests are asked as in every night."""
    import duckdb

    from orchestration.transform.assets import _test_results
    from orchestration.transform.dbt_build import DbtOutcome

    with duckdb.connect() as connection:
        connection.execute(f"attach '{night.home.candidate}' as candidate (recovery_mode 'no_wal_writes')")
        connection.execute("use candidate")
        for schema in sorted({node["schema"] for node in nodes.values()}):
            connection.execute(f"create schema {schema}")
        for node in nodes.values():
            create_node(connection, night.settings, node)
    failpoints.passed("after:models")
    outcome = DbtOutcome([{"data": {"node_info": {"unique_id": key, "node_status": "success"}}} for key in nodes])
    outcome.results += _test_results(night, manifest, outcome.results)
    return outcome


class _StepsInOrder:
    """What the command takes for Dagster's job: the same steps one after the other, until one fails."""

    def __init__(self, night: Any, steps: list[Any]) -> None:
        self._steps = steps
        self._run_id = os.urandom(16).hex()
        self._context = SimpleNamespace(
            resources=SimpleNamespace(night=night), run=SimpleNamespace(run_id=self._run_id), is_subset=False,
            selected_asset_keys=set(), selected_asset_check_keys=set(),
        )  # fmt: skip

    def resolve_job_def(self, _: str) -> "_StepsInOrder":
        return self

    def execute_in_process(self, **_: Any) -> Any:
        error = None
        try:
            for step in self._steps:
                done = step(self._context)
                if isinstance(done, Iterator):
                    list(done)
        except Exception as broken:
            error = SimpleNamespace(cause=None, message=f"{type(broken).__name__}: {broken}")
        failure = SimpleNamespace(is_failure=True, event_specific_data=SimpleNamespace(error=error))
        return SimpleNamespace(run_id=self._run_id, success=error is None, all_events=[failure] if error else [])


class _Candidates:
    """Candidates and the outcomes of their audits, by the raw catalog that they were built from."""

    def __init__(self, memory: Path, run_suites: Callable[..., Any]) -> None:
        self._memory, self._run_suites = memory, run_suites
        self._catalog = ""

    def build(self, night: Any, build: Callable[[], Any]) -> Any:
        self._catalog = _catalog_hash(night.home.candidate)
        candidate = self._memory / f"{self._catalog}.duckdb"
        if self._is_known("outcome"):
            shutil.copyfile(candidate, night.home.candidate)
            failpoints.passed("after:models")
            return self._recall("outcome")
        outcome = build()
        shutil.copyfile(night.home.candidate, candidate)
        return self._keep("outcome", outcome)

    def audit(self, datasets: Any, database: Path, docs: Path | None = None) -> Any:
        if self._is_known("audit"):
            return self._recall("audit")
        return self._keep("audit", self._run_suites(datasets, database, docs))

    def _path(self, kind: str) -> Path:
        return self._memory / f"{self._catalog}.{kind}"

    def _is_known(self, kind: str) -> bool:
        return self._path(kind).exists()

    def _recall(self, kind: str) -> Any:
        return pickle.loads(self._path(kind).read_bytes())

    def _keep(self, kind: str, value: Any) -> Any:
        unfinished = self._path("unfinished")
        unfinished.write_bytes(pickle.dumps(value))
        unfinished.replace(self._path(kind))
        return value


def _catalog_hash(candidate: Path) -> str:
    """Of the raw schema: its views' text, which names Parquet by content, and its tables' rows."""
    import duckdb

    with duckdb.connect(str(candidate), read_only=True) as connection:
        found = connection.execute("select view_name, sql from duckdb_views() where schema_name = 'raw' order by 1").fetchall()
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw' order by 1").fetchall()
        for (table,) in tables:
            found += connection.execute(
                f"select '{table}', count(*) || ':' || sum(hash(t)::hugeint) from raw.{table} as t"
            ).fetchall()
    return hashlib.sha256(repr(found).encode()).hexdigest()


def _start_in_a_fork(worker: Any) -> None:
    from multiprocessing.connection import Pipe

    from orchestration.landing.worker import serve

    if worker._process is not None:
        return
    worker._connection, theirs = Pipe()
    child = os.fork()
    if child == 0:
        worker._connection.close()
        try:
            serve(os.dup(theirs.fileno()))
        finally:
            os._exit(0)
    theirs.close()
    worker._process = _Forked(child)
    worker._connection.send((worker._make_server, worker._memory_bytes))


@dataclass(frozen=True)
class _Forked:
    """As much of a Popen as the worker asks for."""

    pid: int

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


@contextlib.contextmanager
def small_nights(builder: str = "dbt") -> Iterator[SmallNights]:
    with tempfile.TemporaryDirectory(prefix="tandem-candidates-") as memory:
        nights = SmallNights(Path(memory), builder)
        try:
            yield nights
        finally:
            nights.close()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2])
