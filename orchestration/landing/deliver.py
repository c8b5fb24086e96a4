"""Landing as a whole: every file of the inbox or of an exports folder to raw Parquet, ledger or quarantine.

The one entry of this room for the night. Landing the same file twice is a no-op; what a file holds is looked at by a child
process only (`reading.py`), and what becomes of it is `land_file.py`'s business.
"""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.home import Home
from orchestration.landing.intake import find_files, wait_until_complete
from orchestration.landing.land_file import FileLanding
from orchestration.landing.landing_report import LandingReport, NothingToLandError
from orchestration.landing.ledger import Ledger
from orchestration.landing.parts import open_reader
from orchestration.landing.profile_folders import replaced_vendors
from orchestration.landing.raw_store import remove_strays
from orchestration.landing.worker import Worker
from orchestration.privacy.erasure_ledger import Erased, load_erased
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.privacy.redact import Redactor


def land(
    home: Home, settings: Settings, progress: Callable[[str], None] = lambda line: None, *, retry: bool = False
) -> LandingReport:
    """Land every file there is.

    Args:
        home: Where raw, ledger and quarantine are.
        settings: `exports` is a folder that is only read; without it the inbox is emptied.
        progress: Called with one line per refused file and now and then a count.
        retry: Take the files in quarantine, which somebody has mended or for which a profile was added, instead.

    Raises:
        NothingToLandError: no file, and no raw data from earlier nights either.
        KeyRefusedError: people were erased here, and the key by which they would be recognised is not to be had.

    """
    source = settings.exports or home.inbox
    if settings.exports and not settings.exports.is_dir():
        raise NothingToLandError(f"{settings.exports} is not a folder; give --exports the folder with the exported files")
    ledger, report = Ledger(home.ledger), LandingReport()
    remove_strays(home, ledger)
    files = [] if retry else find_files(source)
    if not settings.exports and not retry:
        files, growing = wait_until_complete(files, settings.settle_seconds, progress)
        report.waiting += [path.name for path in growing]
    with _landing(home, settings, ledger, report) as landing:
        landing.read_again()
        for number, path in enumerate(files, start=1):
            landing.take(path, path.relative_to(source))
            if number % 100 == 0:
                progress(f"landing: {number} of {len(files)} files")
        if retry:
            landing.retry()
        elif settings.exports:
            landing.note_unchanged()
    for vendor in replaced_vendors(settings):
        progress(
            f"{settings.export_profiles_dir / vendor}.yaml stands in for the shipped profile of {vendor} and all its feeds"
        )
    for name, _, reason in report.refusals:
        progress(f"quarantined: {name}: {reason}")
    for name in report.waiting:
        progress(f"still being written, taken the next time: {name}")
    for feed, messages in sorted(report.noticed.items()):
        for message in messages:
            progress(f"noticed in {feed}: {message}")
    if ledger.latest_extract() is None:
        if not files:
            raise NothingToLandError(
                f"{source} holds no file and this home has no raw data yet; "
                f"drop exports into {home.inbox} or give --exports a folder with them"
            )
        raise NothingToLandError(
            f"none of the {len(files)} files in {source} is an export that a profile knows; "
            f"the reasons are in {home.quarantine}",
            report,
        )
    return report


@contextmanager
def _landing(home: Home, settings: Settings, ledger: Ledger, report: LandingReport) -> Iterator[FileLanding]:
    erased = load_erased(home, settings)
    with tempfile.TemporaryDirectory(prefix="landing-", dir=home.build) as scratch:
        folder = Path(scratch)
        reader = partial(open_reader, settings, folder)
        with Worker(reader, settings.landing_process_bytes) as worker, ThreadPoolExecutor(1) as background:
            yield FileLanding(home, ledger, settings, worker, background, folder, report, _redactor(erased) if erased else None)


def _redactor(erased: Erased) -> "Redactor":
    # With an engine of its own, which only a home that has erased somebody needs.
    from orchestration.privacy.redact import Redactor

    return Redactor(erased)
