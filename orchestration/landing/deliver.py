"""Landing as a whole: every file of the inbox or of an exports folder to raw Parquet, ledger or quarantine.

The one entry of this room for the night. Landing the same file twice is a no-op; what a file holds is looked at by a child
process only (`reading.py`).
"""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import failpoints
from orchestration.home import Home
from orchestration.landing.intake import (
    Copied,
    NotAcceptedError,
    copy_file,
    find_files,
    hash_file,
    marker_of,
    wait_until_complete,
    without_addresses,
)
from orchestration.landing.ledger import LINES_KEPT, Delivery, Finding, LandedFile, Ledger
from orchestration.landing.parts import LoadResult, Part, open_reader
from orchestration.landing.profiles import Feed, Profile, known_profiles, replaced_vendors
from orchestration.landing.quarantine import quarantine_file, quarantine_rows, quarantined_files
from orchestration.landing.refused import RefusedError
from orchestration.landing.row_versions import Stored
from orchestration.landing.worker import Worker, WorkerDiedError
from orchestration.privacy.erasure_ledger import Erased, load_erased
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.privacy.redact import Redactor

_DATE_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_CHUNK_BYTES = 1 << 20


class NothingToLandError(Exception):
    """A home without raw data and without a file to land (exit code 4); `report` says what was refused, if anything was."""

    def __init__(self, message: str, report: "LandingReport | None" = None):
        super().__init__(message)
        self.report = report


@dataclass
class LandingReport:
    """What one landing did.

    Counts of files and of records; `refusals` as (file, code, reason); `waiting`: files still being written, left for the next
    landing; `noticed`: per feed what its reader noticed or decided, each thing once.
    """

    files: dict[str, int] = field(default_factory=lambda: {"new": 0, "known": 0, "quarantined": 0})
    rows: dict[str, int] = field(default_factory=lambda: {"in": 0, "loaded": 0, "quarantined": 0, "skipped": 0})
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    landed_feeds: dict[str, int] = field(default_factory=dict)
    noticed: dict[str, list[str]] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """For the summary line and for Dagster's metadata."""
        return asdict(self)


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
    _remove_strays(home, ledger)
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
def _landing(home: Home, settings: Settings, ledger: Ledger, report: LandingReport) -> Iterator["_Landing"]:
    erased = load_erased(home, settings)
    with tempfile.TemporaryDirectory(prefix="landing-", dir=home.build) as scratch:
        folder = Path(scratch)
        reader = partial(open_reader, settings, folder)
        with Worker(reader, settings.landing_process_bytes) as worker, ThreadPoolExecutor(1) as background:
            # Read while the child starts, which loads them too; a fault in one is told here.
            profiles = known_profiles(settings)
            yield _Landing(home, ledger, profiles, worker, background, folder, report, _redactor(erased) if erased else None)


def _redactor(erased: Erased) -> "Redactor":
    # With an engine of its own, which only a home that has erased somebody needs.
    from orchestration.privacy.redact import Redactor

    return Redactor(erased)


def _remove_strays(home: Home, ledger: Ledger) -> None:
    """What the ledger does not name was left by a killed run: it does not exist for the product."""
    named = ledger.named_parquet()
    for path in home.raw.glob("*/*/*.parquet*"):
        if path.suffix != ".parquet" or path.stem not in named:
            path.unlink()
    for path in home.build.glob("landing-*"):
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class _Landing:
    """Lands files one by one with the child and the ledger of one landing."""

    home: Home
    ledger: Ledger
    profiles: dict[str, Profile]
    worker: Worker
    background: ThreadPoolExecutor
    folder: Path
    report: LandingReport
    redactor: "Redactor | None"
    known: dict[str, dict] = field(init=False)

    def __post_init__(self) -> None:
        self.known = self.ledger.known_files()

    def read_again(self) -> None:
        """Read the kept originals of feeds whose profile changed since, and what an earlier run did not finish."""
        changed = {
            row["feed"]
            for row in self.known.values()
            if row["status"] == "landed" and row["profile_fingerprint"] != self._fingerprint(row["feed"])
        }
        for feed in sorted(changed):
            self._write_missing_originals(feed)
            self.ledger.forget_feed(feed)
        for row in self.ledger.pending():
            own = self.home.originals / f"{row['sha256']}.zst"
            container = row["container_sha256"] if row["container_sha256"] and not own.exists() else row["sha256"]
            original = self.home.originals / f"{container}.zst"
            path = self.folder / "again"
            import pyarrow as pa

            with pa.input_stream(str(original), compression="zstd") as packed, path.open("wb") as plain:
                shutil.copyfileobj(packed, plain)
            deliveries = self.ledger.deliveries(row["sha256"])
            name = deliveries[0].name if deliveries else original.name
            copied = Copied(path, container, path.stat().st_size)
            self._take_parts(copied, [delivery.name for delivery in deliveries] or [name], again=row["sha256"])
        self.known = self.ledger.known_files()

    def _write_missing_originals(self, feed: str) -> None:
        """Originals that an erasure or their age took are written from raw, before its feed is read again."""
        from orchestration.landing.originals import write_original

        vendor, _, entity = feed.partition("/")
        profile = self.profiles.get(vendor)
        if profile is None or entity not in profile.feeds:
            return
        for sha256, row in self.known.items():
            kept = [self.home.originals / f"{name}.zst" for name in (sha256, row["container_sha256"])]
            if row["feed"] == feed and row["status"] == "landed" and not any(path.exists() for path in kept):
                times = [item.extracted_at for item in self.ledger.deliveries(sha256) if item.extracted_at]
                numbers = [item.number for item in self.ledger.segments(feed).get(feed, []) if item.sha256 == sha256]
                write_original(kept[0], profile.feeds[entity], row["language"], self._stored(feed), min(times), numbers)

    def _fingerprint(self, feed: str) -> str | None:
        vendor, entity = feed.split("/")
        profile = self.profiles.get(vendor)
        return profile.fingerprint(entity) if profile and entity in profile.feeds else None

    def take(self, path: Path, relative: Path) -> None:
        """Land, recognise as known, or quarantine one file; never raises for what the file holds."""
        # A name that is no text is written with escapes: ledger, quarantine and messages hold text only.
        name = without_addresses(str(relative).encode("utf-8", "backslashreplace").decode())
        try:
            if self._is_known(path, name):
                self._leave_inbox(path)
                return
            copied = copy_file(path, self.folder / "delivered")
        except NotAcceptedError as refusal:
            if refusal.code == "still_being_written":
                self.report.waiting.append(name)
                return
            nothing = Copied(path, hashlib.sha256(f"name:{name}".encode()).hexdigest(), 0)
            self._refuse(None, nothing, name, refusal.code, f"{name}: {refusal}")
            self._leave_inbox(path)
            return
        if not self._note_known(copied.sha256, name):
            self._take_copy(copied, name)
        self._leave_inbox(path)

    def retry(self) -> None:
        """Land what is in quarantine; what is refused again stays there with its new reason."""
        for item in list(quarantined_files(self.home.quarantine)):
            copied = copy_file(item.path, self.folder / "delivered")
            refused_before = len(self.report.refusals)
            if not self._note_known(copied.sha256, item.name):
                self._take_copy(copied, item.name)
            if len(self.report.refusals) == refused_before or not item.path.name.startswith(copied.sha256[:12]):
                item.release()

    def _leave_inbox(self, path: Path) -> None:
        if path.is_relative_to(self.home.inbox):
            path.unlink(missing_ok=True)
            marker_of(path).unlink(missing_ok=True)
            failpoints.passed("after:inbox")

    def _is_known(self, path: Path, name: str) -> bool:
        """Hash first only what may be known: a file of a size that came before."""
        try:
            size = path.lstat().st_size
        except FileNotFoundError:
            return False
        if not any(row["bytes"] == size for row in self.known.values()):
            return False
        return self._note_known(hash_file(path), name)

    def _note_known(self, sha256: str, name: str) -> bool:
        earlier = self.known.get(sha256)
        if not earlier or earlier["status"] not in ("landed", "opened"):
            return False
        members = [sha256] if earlier["status"] == "landed" else self._members_of(sha256)
        for member in members:
            self._deliver_again(member, name)
        self.report.files["known"] += 1
        return True

    def _members_of(self, sha256: str) -> list[str]:
        return [key for key, row in self.known.items() if row["container_sha256"] == sha256 and row["status"] == "landed"]

    def _deliver_again(self, sha256: str, name: str) -> None:
        """A known file under another name may be another extract: then its rows were seen on that day too."""
        row = self.known[sha256]
        vendor, entity = row["feed"].split("/")
        feed = self.profiles[vendor].feeds[entity]
        delivery = _delivery(name, row["fallback_extracted_at"], row["fallback_source"])
        earlier = self.ledger.deliveries(sha256)
        if delivery.extracted_at is None or any(item.name == name for item in earlier):
            return
        sighting = None
        known_times = {item.extracted_at for item in earlier if item.extracted_at}
        if feed.delivery == "full" and delivery.extracted_at not in known_times and known_times:
            target = self.folder / "sighting.parquet"
            seen_at = min(known_times)
            self.worker.call("add_sighting", self._stored(feed.name), seen_at, delivery.extracted_at, target)
            sighting = self._keep_parquet(target, feed.name)
        self.ledger.record_delivery(sha256, delivery, _now(), feed.name, sighting)

    def _take_copy(self, copied: Copied, name: str) -> None:
        try:
            members = self.worker.call("members", copied.path, name, size=copied.size)
        except (RefusedError, WorkerDiedError) as refusal:
            self._refuse(None, copied, name, refusal.code, str(refusal))
            return
        if members is None:
            self._take_parts(copied, [name])
            return
        for member in members:
            inner = copy_file(member.path, self.folder / "member")
            inner_name = f"{name}/{without_addresses(member.name)}"
            if not self._note_known(inner.sha256, inner_name):
                self._take_parts(inner, [inner_name])
            member.path.unlink()
        self.ledger.record(LandedFile(copied.sha256, "opened", copied.size, format="archive"), [Delivery(name)], _now())
        self.known[copied.sha256] = {"status": "opened", "bytes": copied.size, "container_sha256": None}

    def _take_parts(self, copied: Copied, names: list[str], again: str | None = None) -> None:
        """Land every feed within one file; `again` names the one part that is to be read anew."""
        name = names[0]
        failpoints.passed("after:copy")
        holds_erased = self._names_an_erased(copied.path)
        kept = None if holds_erased else self.background.submit(self._keep_original, copied)
        feed = None
        try:
            parts: list[Part] = self.worker.call("parts", copied.path, Path(name).name, size=copied.size)
            for part in parts:
                feed = part.recognition.feed.name
                sha256 = copied.sha256 if len(parts) == 1 else _part_hash(copied.sha256, part.sheet)
                if again in (None, sha256):
                    self._take_part(copied, sha256, names, part)
                feed = None
        except (RefusedError, WorkerDiedError) as refusal:
            self._refuse(getattr(refusal, "feed", None) or feed, copied, name, refusal.code, str(refusal), again)
            return
        finally:
            if kept:
                kept.result()
        if len(parts) > 1:
            self.ledger.record(LandedFile(copied.sha256, "opened", copied.size, format="workbook"), [Delivery(name)], _now())
            self.known[copied.sha256] = {"status": "opened", "bytes": copied.size, "container_sha256": None}

    def _take_part(self, copied: Copied, sha256: str, names: list[str], part: Part) -> None:
        feed, recognition = part.recognition.feed, part.recognition
        rows = self.folder / "rows.parquet"
        result: LoadResult = self.worker.call("load", part, Path(names[0]).name, rows, size=copied.size)
        self._leave_out_erased(part, rows, result)
        deliveries, fallback = self._deliveries(names, part, rows)
        result.findings.extend(self._same_time(feed, deliveries))
        segment, sighting, n_new = self._store(feed.name, feed.delivery == "full", deliveries, rows, part, result.rows_loaded)
        if result.rejected:
            quarantine_rows(self.home.quarantine, names[0], sha256, result.rejected)
        landed = LandedFile(
            sha256=sha256, status="landed", bytes=copied.size, feed=feed.name,
            profile_fingerprint=recognition.profile.fingerprint(feed.entity),
            container_sha256=copied.sha256 if sha256 != copied.sha256 else None, member=part.sheet,
            format=part.format, encoding=part.encoding, dialect=json.dumps(asdict(part.dialect)),
            language=recognition.language, rows_in=result.rows_in, rows_loaded=result.rows_loaded,
            rows_quarantined=len(result.rejected), rows_skipped=result.rows_skipped, rows_new=n_new,
            extra_columns=tuple(recognition.extra_columns.values()), fallback_extracted_at=fallback[0],
            fallback_source=fallback[1], findings=(*result.findings, *_rejections(result)),
        )  # fmt: skip
        failpoints.passed("before:ledger")
        self.ledger.record(landed, deliveries, _now(), segment, sighting)
        failpoints.passed("after:ledger")
        self.known[sha256] = asdict(landed)
        self._account(feed.name, result)
        for item in _rejections(result):
            lines = ", ".join(map(str, item.lines[:5]))
            self.report.noticed.setdefault(feed.name, []).append(f"{names[0]}: line {lines}: {item.message}")

    def _leave_out_erased(self, part: Part, rows: Path, result: LoadResult) -> None:
        """People who were erased do not come back with a file: their rows load without what they say of them."""
        if self.redactor is None:
            return
        recognition, redacted = part.recognition, self.folder / "redacted.parquet"
        n_rows = self.redactor.redact(recognition.profile, recognition.feed, recognition.feed.vendor, rows, redacted)
        if n_rows:
            redacted.replace(rows)
            message = (
                f"{n_rows} rows hold people who were erased: loaded without their details; remedy: erase them in the source"
            )
            result.findings.append(Finding("erased_person", None, n_rows, message))
        result.rejected[:] = [
            (line, reason, "(erased)" if self.redactor.is_in([text]) else text) for line, reason, text in result.rejected
        ]

    def _account(self, feed: str, result: LoadResult) -> None:
        self.report.files["new"] += 1
        for key, count in (
            ("in", result.rows_in), ("loaded", result.rows_loaded),
            ("quarantined", len(result.rejected)), ("skipped", result.rows_skipped),
        ):  # fmt: skip
            self.report.rows[key] += count
        noticed = self.report.noticed.setdefault(feed, []) if result.findings else []
        for item in result.findings:
            text = f"{item.column}: {item.message}" if item.column else item.message
            if text not in noticed:
                noticed.append(text)
        self.report.landed_feeds[feed] = self.report.landed_feeds.get(feed, 0) + result.rows_loaded

    def _deliveries(self, names: list[str], part: Part, rows: Path) -> tuple[list[Delivery], tuple[str | None, str | None]]:
        """The extract time of each name: from the name, else the latest time within, else as declared."""
        fallback: tuple[str | None, str | None] = (None, None)
        if not all(_date_in_name(name) for name in names):
            latest = self.worker.call("latest_time", part, rows, size=rows.stat().st_size * 10)
            declared = part.recognition.feed.extract_time.declared
            if latest:
                fallback = (latest, "latest_timestamp")
            elif declared:
                fallback = (f"{declared} 00:00:00", "declared")
        deliveries = [_delivery(name, *fallback) for name in names]
        if all(delivery.extracted_at is None for delivery in deliveries):
            raise RefusedError(
                "no_extract_time",
                f"{names[0]}: line 1: no date in its name, none in its rows and none declared for feed "
                f"{part.recognition.feed.name}; remedy: name it with its extract day, such as contacts-2026-09-30.csv",
                part.recognition.feed.name,
            )
        return deliveries, fallback

    def _same_time(self, feed: Feed, deliveries: list[Delivery]) -> list[Finding]:
        """Two files of one feed and one time complete each other; where they differ, nothing says which is newer."""
        times = {at for at, _ in self.ledger.extracts().get(feed.name, [])}
        same = sorted({item.extracted_at for item in deliveries if item.extracted_at in times})
        if not same or not feed.key:
            return []
        message = (
            f"another file of this feed has the same extract time ({same[0][:10]}): the rows of both count; where they "
            "differ in a record one is chosen by its content; remedy: put the day of a correction in its file name"
        )
        return [Finding("same_extract_time", None, 0, message)]

    def _stored(self, feed: str) -> Stored:
        segments = [(item.number, self._parquet(feed, item.content_hash)) for item in self.ledger.segments(feed).get(feed, [])]
        times = sorted({at for at, _ in self.ledger.extracts().get(feed, [])})
        sighting = self.ledger.sightings().get(feed)
        return Stored(segments, times, self._parquet(feed, sighting) if sighting else None)

    def _store(
        self, feed: str, is_full: bool, deliveries: list[Delivery], rows: Path, part: Part, n_loaded: int
    ) -> tuple[tuple[int, str] | None, str | None, int]:
        """Put the Parquet of a part where it belongs: (segment, sighting file's hash, new rows)."""
        stored = self._stored(feed)
        number = stored.segments[-1][0] + 1 if stored.segments else 0
        times = sorted({delivery.extracted_at for delivery in deliveries if delivery.extracted_at})
        if not is_full:
            return (number, self._keep_parquet(rows, feed)), None, n_loaded
        sighting = self.folder / "sighting.parquet"
        if not stored.segments:
            segment = (number, self._keep_parquet(rows, feed))
            stored, n_new = Stored([(number, self._parquet(feed, segment[1]))], times[:1], None), n_loaded
            seen = None
        else:
            new_rows = self.folder / "new.parquet"
            n_new = self.worker.call(
                "add_extract", stored, rows, times[0], part, number, new_rows, sighting, size=part.text.stat().st_size
            )
            segment = (number, self._keep_parquet(new_rows, feed)) if n_new else None
            seen = self._keep_parquet(sighting, feed)
            segments = [*stored.segments, *([(number, self._parquet(feed, segment[1]))] if segment else [])]
            stored = Stored(segments, sorted({*stored.times, times[0]}), self._parquet(feed, seen))
        for at in times[1:]:
            self.worker.call("add_sighting", stored, times[0], at, sighting)
            seen = self._keep_parquet(sighting, feed)
            stored = replace(stored, times=sorted({*stored.times, at}), sighting=self._parquet(feed, seen))
        return segment, seen, n_new

    def _names_an_erased(self, path: Path) -> bool:
        if self.redactor is None:
            return False
        from orchestration.privacy.free_text import names_anybody

        return names_anybody(self.redactor, path)

    def _refuse(self, feed: str | None, copied: Copied, name: str, code: str, reason: str, again: str | None = None) -> None:
        reason = reason.splitlines()[0]
        # What ends the reading process knows no name.
        reason = reason if name in reason else f"{name}: {reason}"
        is_kept = copied.size and not self._names_an_erased(copied.path)
        quarantine_file(self.home.quarantine, copied.path if is_kept else None, name, copied.sha256, code, reason)
        refused = LandedFile(
            sha256=again or copied.sha256, status="refused", bytes=copied.size, feed=feed, reason_code=code, reason=reason
        )
        self.ledger.record(refused, [Delivery(name)], _now())
        self.known[refused.sha256] = asdict(refused)
        self.report.files["quarantined"] += 1
        self.report.refusals.append((name, code, reason))

    def _parquet(self, feed: str, content_hash: str) -> Path:
        return self.home.raw / feed / f"{content_hash}.parquet"

    def _keep_parquet(self, unfinished: Path, feed: str) -> str:
        """Name a Parquet file by its content, durably; return the hash."""
        with unfinished.open("rb") as stream:
            content_hash = hashlib.file_digest(stream, "sha256").hexdigest()
        target = self._parquet(feed, content_hash)
        target.parent.mkdir(parents=True, exist_ok=True)
        _fsync_and_rename(unfinished, target)
        failpoints.passed("after:parquet")
        return content_hash

    def _keep_original(self, copied: Copied) -> None:
        kept = self.home.originals / f"{copied.sha256}.zst"
        if kept.exists():
            return
        # Half a second to import, which a landing that brings nothing new need not wait for.
        import pyarrow as pa

        unfinished = kept.with_name(kept.name + ".tmp")
        with copied.path.open("rb") as plain, pa.output_stream(str(unfinished), compression="zstd") as packed:
            while chunk := plain.read(_CHUNK_BYTES):
                packed.write(chunk)
        _fsync_and_rename(unfinished, kept)
        failpoints.passed("after:original")


def _rejections(result: LoadResult) -> list[Finding]:
    """The rows that were set aside, by reason, with the first lines."""
    by_reason: dict[str, list[int]] = {}
    for line, reason, _ in result.rejected:
        by_reason.setdefault(reason, []).append(line)
    return [
        Finding(
            f"quarantined_{reason}", None, len(lines), f"{len(lines)} rows quarantined: {reason}", tuple(lines[:LINES_KEPT])
        )
        for reason, lines in sorted(by_reason.items())
    ]


def _part_hash(sha256: str, sheet: str | None) -> str:
    return hashlib.sha256(f"{sha256}#{sheet}".encode()).hexdigest()


def _fsync_and_rename(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(target)


def _date_in_name(name: str) -> str | None:
    """The date nearest to the end of a path: a member's own name before its archive's."""
    for part in reversed(Path(name).parts):
        for year, month, day in _DATE_IN_NAME.findall(part):
            try:
                return dt.date(int(year), int(month), int(day)).isoformat() + " 00:00:00"
            except ValueError:
                continue
    return None


def _delivery(name: str, fallback: str | None, fallback_source: str | None) -> Delivery:
    in_name = _date_in_name(name)
    return Delivery(name, in_name, "name") if in_name else Delivery(name, fallback, fallback_source)


def _now() -> str:
    # The moment of landing: kept by the ledger only, never an input of a mart.
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
