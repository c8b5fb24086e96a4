"""Great Expectations in a process of its own: it takes seconds to import, which so fall on the other core.

What is run is `suites.py`'s business.
"""

import multiprocessing
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import TracebackType

from orchestration.privacy.messages import LEFT_OUT
from orchestration.quality.suites import CheckOutcome, Dataset, import_engine, run_suites


def _end_with_the_night() -> None:
    # A night that was killed can't let its child go: left waiting for work, it would keep a quarter of a gigabyte for good.
    night = multiprocessing.parent_process()
    threading.Thread(target=lambda: (night.join(), os._exit(1)), daemon=True).start()


def _import_without_spark() -> None:
    # The library imports PySpark where it is installed, which takes seconds more and can end the process (PySpark 4.3
    # calls sys.exit when a dependency of its Connect client is absent). Suites run on DuckDB only.
    sys.modules["pyspark"] = None
    import_engine()


def _run(datasets: Sequence[Dataset], database: Path, docs: Path | None) -> list[CheckOutcome]:
    try:
        return run_suites(datasets, database, docs)
    except Exception as error:
        # Whatever the library says may hold values, and a child's error takes its whole traceback along.
        raise RuntimeError(f"the expectations could not be run ({type(error).__name__}): {LEFT_OUT}") from None


class SuiteRunner:
    """A child process that imports the library at once and runs suites when asked."""

    def __init__(self) -> None:
        spawned = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=spawned, initializer=_end_with_the_night)
        self._pool.submit(_import_without_spark)

    def run(self, datasets: Sequence[Dataset], database: Path, docs: Path | None = None) -> list[CheckOutcome]:
        """Run the suites on a DuckDB file and wait for the outcomes."""
        return self._pool.submit(_run, datasets, database, docs).result()

    def __enter__(self) -> "SuiteRunner":
        """The runner itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the child go, whatever it is doing."""
        self._pool.shutdown(wait=False, cancel_futures=True)
