"""One night run by the command: the Dagster job `nightly` in this process, and the exit code that tells how it ended."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from orchestration import failpoints
from orchestration.home import Home, HomeRefusedError
from orchestration.landing.deliver import land
from orchestration.landing.profiles import ProfileError
from orchestration.ops import unchanged
from orchestration.ops.night import InputRefusedError, Night
from orchestration.quality.audit import Audit
from orchestration.quality.runner import SuiteRunner
from orchestration.settings import Settings
from orchestration.transform.spark_session import SparkUnavailableError, require_spark

PUBLISHED, FAILED, REFUSED_BY_AUDIT, BUSY, INPUT_REFUSED = 0, 1, 2, 3, 4


# The event log keeps everything; a terminal gets our own lines.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class NightResult:
    """How a night ended: exit code (contract), the summary that is printed last, and a message for people."""

    exit_code: int
    summary: dict
    message: str


def run_night(settings: Settings, progress: Callable[[str], None] = lambda line: None) -> NightResult:
    """Run one night in the settings' home, through the very job that Dagster schedules.

    `progress` is called with lines for people: what is refused, and how far the night has come.
    """
    try:
        if settings.engine == "spark":
            require_spark(settings)
        home = Home(settings.home.resolve()).prepare()
        with home.lock():
            night = Night(settings, home, progress=progress)
            if done := _nothing_new(settings, night):
                return done
            with _fewer_collections(), SuiteRunner() as suites:
                night.run_suites = suites.run
                return _run_locked(settings, night)
    except Timeout:
        return NightResult(BUSY, {}, Home(settings.home.resolve()).in_progress())
    except (HomeRefusedError, SparkUnavailableError) as error:
        return NightResult(INPUT_REFUSED, {}, str(error))


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """Python looks for garbage after every 700 objects, through a project and a job graph of millions that all stay.

    That was a seventh of a small night's processor time; its memory stays the same without.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _nothing_new(settings: Settings, night: Night) -> NightResult | None:
    """The night that is published already, when landing brings nothing that would change it; else none."""
    if settings.rebuild or not unchanged.is_remembered(night.home):
        return None
    try:
        with night.step("total"):
            with night.step("land"):
                night.landing = land(night.home, settings, night.progress)
            summary = unchanged.summary_if_unchanged(night)
    except Exception:  # the job meets it too, and tells it
        return None
    if summary is None:
        return None
    counts = {"files": night.landing.files, "rows": night.landing.rows, "seconds": _seconds(night)}
    return NightResult(PUBLISHED, {**summary, **counts}, f"nothing new: {summary['version']} stays")


def _run_locked(settings: Settings, night: Night) -> NightResult:
    home = night.home
    unchanged.forget(home)
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    # A night announces a thousand assets and checks before it begins: together, not each in a transaction.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
    import dagster as dg

    from orchestration.definitions import build_defs
    from orchestration.quality.stewardship import ContractError
    from orchestration.registry.registry import RegistryError, load_registry
    from orchestration.scorecard.assets import draw_page

    try:
        if settings.as_of:
            night.as_of()
        load_registry(settings)
        job = build_defs(settings, night).resolve_job_def("nightly")
    except (InputRefusedError, ContractError, ProfileError, RegistryError) as error:
        return NightResult(INPUT_REFUSED, {}, str(error))
    with night.step("total"), dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=_QUIET)
    audit = Audit(home.audit)
    if audit.is_of(result.run_id) and audit.counts()["failed"]:
        night.audit_refusals = night.audit_refusals or audit.failures()
    summary = _summary(night, result.run_id)
    if night.version:
        if result.success:
            unchanged.remember(night, summary)
            failpoints.passed("after:remember")
        return NightResult(PUBLISHED, summary, "")
    if night.input_refusal:
        return NightResult(INPUT_REFUSED, summary, night.input_refusal)
    if night.audit_refusals:
        if home.current.exists():
            draw_page(home, settings, night.audit_refusals)
        return NightResult(REFUSED_BY_AUDIT, summary, f"refused: {'; '.join(night.audit_refusals)}")
    return NightResult(FAILED, summary, _first_error(result))


def _first_error(result) -> str:
    for event in result.all_events:
        if event.is_failure and event.event_specific_data is not None:
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                cause = error.cause or error
                return cause.message.strip()
    return "the run failed; see the log"


def _summary(night: Night, run_id: str) -> dict:
    landing = night.landing
    audit = Audit(night.home.audit)
    return {
        "run_id": run_id,
        "as_of": night.as_of().day.isoformat() if landing and not night.input_refusal else None,
        "published": night.version is not None,
        "version": night.version,
        "marts": _path(night.home.current),
        "scorecard": _path(night.home.scorecard),
        "files": landing.files if landing else {"new": 0, "known": 0, "quarantined": 0},
        "rows": landing.rows if landing else {"in": 0, "loaded": 0, "quarantined": 0, "skipped": 0},
        "checks": audit.counts() if audit.is_of(run_id) else {"passed": 0, "warned": 0, "failed": 0},
        "seconds": _seconds(night),
    }


def _seconds(night: Night) -> dict[str, float]:
    return {name: round(night.seconds.get(name, 0.0), 3) for name in ("land", "build", "audit", "publish", "total")}


def _path(path: Path) -> str | None:
    return str(path) if path.exists() else None
