"""One night's context, carried by a Dagster resource: settings, home, the lock, `as_of`, and what each step reports.

The clock is read here and nowhere else in the path of the data.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from orchestration.home import Home
from orchestration.landing.deliver import LandingReport
from orchestration.privacy.messages import LEFT_OUT, without_values
from orchestration.quality.suites import CheckOutcome, Dataset, run_suites
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, latest_extract_day
from orchestration.transform.kept_models import KeptModels


class InputRefusedError(ValueError):
    """Usage, configuration or input refused before anything ran (exit code 4)."""


@dataclass
class Night:
    """What the steps of one run share: `seconds` by step, `inputs` as the hash of what is built, `version` once published.

    `kept` are the models that stand from an earlier night, None where the candidate is no whole one; `results` what dbt told.
    """

    settings: Settings
    home: Home
    landing: LandingReport | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    version: str | None = None
    inputs: str | None = None
    kept: KeptModels | None = None
    results: list[dict] = field(default_factory=list)
    input_refusal: str | None = None
    audit_refusals: list[str] = field(default_factory=list)
    progress: Callable[[str], None] = lambda line: None
    run_suites: Callable[[Sequence[Dataset], Path, Path | None], list[CheckOutcome]] = run_suites

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; several parts of one step add up. Errors that could quote a value leave it out: Dagster keeps them."""
        begin = time.perf_counter()
        try:
            yield
        except duckdb.Error as error:
            raise type(error)(without_values(str(error))).with_traceback(error.__traceback__) from None
        except pa.ArrowException as error:
            raise type(error)(LEFT_OUT).with_traceback(error.__traceback__) from None
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def as_of(self) -> AsOf:
        """The night's day: as set, else the latest extract day in raw.

        Raises:
            InputRefusedError: the setting is neither a day nor 'yesterday', or raw has no extract.

        """
        wanted = self.settings.as_of
        zone = self.settings.business_timezone
        if wanted == "yesterday":
            return AsOf(dt.datetime.now(ZoneInfo(zone)).date() - dt.timedelta(days=1), zone)
        if wanted:
            try:
                return AsOf(dt.date.fromisoformat(wanted), zone)
            except ValueError as error:
                raise InputRefusedError(f"as_of '{wanted}' is not a day: write it as 2026-09-30, or 'yesterday'") from error
        latest = latest_extract_day(self.home)
        if latest is None:
            raise InputRefusedError("raw holds no extract yet, so there is no as_of")
        return AsOf(latest, zone)
