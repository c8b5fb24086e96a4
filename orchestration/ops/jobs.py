"""The nightly job, its schedule and the inbox's sensor. Switched off unless TANDEM_SCHEDULE_ENABLED says otherwise."""

import dagster as dg

from orchestration.home import Home
from orchestration.settings import Settings

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="One whole night: land, build, audit, publish, scorecard.",
    tags={"dagster/max_runtime": 4 * 3600},
)


def build_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """04:30 in Paris, outside the hours that a change of clock skips or repeats."""
    return dg.ScheduleDefinition(
        name="nightly_schedule",
        job=nightly,
        cron_schedule="30 4 * * *",
        execution_timezone=settings.business_timezone,
        default_status=_status(settings),
    )


def build_inbox_sensor(settings: Settings) -> dg.SensorDefinition:
    """Asks for a night when something lies in the inbox; the file names and sizes are the run key."""

    @dg.sensor(name="inbox_sensor", job=nightly, minimum_interval_seconds=300, default_status=_sensor_status(settings))
    def inbox_sensor(_: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        inbox = Home(settings.home.resolve()).inbox
        files = sorted(path for path in inbox.rglob("*") if path.is_file() and not path.name.startswith("."))
        if not files:
            return dg.SkipReason(f"{inbox} is empty")
        state = "|".join(f"{path.name}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in files)
        return dg.RunRequest(run_key=state)

    return inbox_sensor


def _status(settings: Settings) -> dg.DefaultScheduleStatus:
    enabled = settings.schedule_enabled
    return dg.DefaultScheduleStatus.RUNNING if enabled else dg.DefaultScheduleStatus.STOPPED


def _sensor_status(settings: Settings) -> dg.DefaultSensorStatus:
    enabled = settings.schedule_enabled
    return dg.DefaultSensorStatus.RUNNING if enabled else dg.DefaultSensorStatus.STOPPED
