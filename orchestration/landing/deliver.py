"""Landing as a whole: every file of the inbox or of an exports folder to raw Parquet, ledger or quarantine.

The one entry of this room for the night. Landing the same file twice is a no-op.
"""

import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.home import Home
from orchestration.landing.decode import DecodeError, decode
from orchestration.landing.ledger import LandedFile, Ledger
from orchestration.landing.load import load
from orchestration.landing.profiles import SHIPPED_PROFILES, Profile, load_profiles
from orchestration.landing.quarantine import quarantine_file, quarantine_rows
from orchestration.landing.recognise import Recognition, RefusedError, recognise
from orchestration.settings import Settings

_TEXT_SUFFIXES = {".csv", ".tsv", ".txt"}
_HEAD_BYTES = 262_144
_DATE_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")


class NothingToLandError(Exception):
    """A home without raw data and without a file to land (exit code 4)."""


@dataclass
class LandingReport:
    """What one landing did.

    Counts of files and of records; `refusals` as (file, code, reason); `noticed`: per feed what its reader noticed or
    decided, each thing once.
    """

    files: dict[str, int] = field(default_factory=lambda: {"new": 0, "known": 0, "quarantined": 0})
    rows: dict[str, int] = field(default_factory=lambda: {"in": 0, "loaded": 0, "quarantined": 0, "skipped": 0})
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    landed_feeds: dict[str, int] = field(default_factory=dict)
    noticed: dict[str, list[str]] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """For the summary line and for Dagster's metadata."""
        return asdict(self)


def known_profiles(settings: Settings) -> dict[str, Profile]:
    """Shipped profiles and the company's own, which win."""
    return load_profiles(SHIPPED_PROFILES, settings.seeds_dir / "export_profiles")


def land(home: Home, settings: Settings, progress: Callable[[str], None] = lambda line: None) -> LandingReport:
    """Land every file there is.

    Args:
        home: Where raw, ledger and quarantine are.
        settings: `exports` is a folder that is only read; without it the inbox is emptied.
        progress: Called with one line per refused file and now and then a count.

    Raises:
        NothingToLandError: no file, and no raw data from earlier nights either.

    """
    source = settings.exports or home.inbox
    if settings.exports and not settings.exports.is_dir():
        raise NothingToLandError(f"{settings.exports} is not a folder; give --exports the folder with the exported files")
    ledger, report = Ledger(home.ledger), LandingReport()
    _remove_strays(home, ledger)
    files = sorted(_regular_files(source))
    profiles = known_profiles(settings)
    known = ledger.known_files()
    with duckdb.connect(config={"memory_limit": settings.memory_limit}) as connection:
        connection.execute("set preserve_insertion_order = true")
        delivery = _Delivery(home, ledger, profiles, connection, known, report)
        for number, path in enumerate(files, start=1):
            delivery.take(path)
            if number % 100 == 0:
                progress(f"landing: {number} of {len(files)} files")
        delivery.finish()
    for name, _, reason in report.refusals:
        progress(f"quarantined: {name}: {reason}")
    for feed, messages in sorted(report.noticed.items()):
        for message in messages:
            progress(f"noticed in {feed}: {message}")
    if not files and ledger.latest_extract() is None:
        raise NothingToLandError(
            f"{source} holds no file and this home has no raw data yet; "
            f"drop exports into {home.inbox} or give --exports a folder with them"
        )
    if ledger.latest_extract() is None:
        raise NothingToLandError(
            f"none of the {len(files)} files in {source} is an export that a profile knows; "
            f"the reasons are in {home.quarantine}"
        )
    return report


def _regular_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and not path.is_symlink():
            yield path


def _remove_strays(home: Home, ledger: Ledger) -> None:
    """Parquet that the ledger does not name was left by a killed run: it does not exist for the product."""
    named = {sha256 for sha256, row in ledger.known_files().items() if row["status"] == "landed"}
    for path in home.raw.glob("*/*/*.parquet*"):
        if path.suffix != ".parquet" or path.stem not in named:
            path.unlink()


@dataclass
class _Delivery:
    """Lands files one by one with the connection and the ledger of one landing."""

    home: Home
    ledger: Ledger
    profiles: dict[str, Profile]
    connection: duckdb.DuckDBPyConnection
    known: dict[str, dict]
    report: LandingReport
    repeated: list[tuple] = field(default_factory=list)

    def take(self, path: Path) -> None:
        """Land, recognise as known, or quarantine one file; never raises for what the file holds."""
        content = path.read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        try:
            self._take(path, content, sha256)
        except (RefusedError, DecodeError, duckdb.Error) as refusal:
            self._refuse(path, len(content), sha256, refusal)
        if path.is_relative_to(self.home.inbox):
            path.unlink()

    def finish(self) -> None:
        """Note the deliveries of files that were known already."""
        self.ledger.record_deliveries(self.repeated)

    def _take(self, path: Path, content: bytes, sha256: str) -> None:
        earlier = self.known.get(sha256)
        if earlier and earlier["status"] == "landed":
            vendor, entity = earlier["feed"].split("/")
            profile = self.profiles.get(vendor)
            unchanged = profile and profile.fingerprint(entity) == earlier["profile_fingerprint"]
            if unchanged and self._parquet(earlier["feed"], sha256).exists():
                in_name = _date_in_name(path.name)
                if in_name:
                    self.repeated.append((sha256, path.name, in_name, "name", _now()))
                self.report.files["known"] += 1
                return
        if path.suffix.casefold() not in _TEXT_SUFFIXES or not content.strip():
            raise RefusedError("not_a_feed", f"{path.name}: not an export: an empty file, or a kind other than CSV")
        decoded = decode(content)
        recognition = recognise(decoded.utf8[:_HEAD_BYTES].decode("utf-8", errors="replace"), path.name, self.profiles.values())
        self._load(path, content, decoded.utf8, decoded.encoding, sha256, recognition)

    def _load(self, path: Path, content: bytes, utf8: bytes, encoding: str, sha256: str, recognition: Recognition) -> None:
        feed = recognition.feed
        target = self._parquet(feed.name, sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".tmp")
        with tempfile.NamedTemporaryFile(suffix=".csv", dir=self.home.build) as text_file:
            text_file.write(utf8)
            text_file.flush()
            result = load(self.connection, Path(text_file.name), recognition, sha256, unfinished)
        extracted_at, extract_source = _extract_time(path.name, result.latest_timestamp, recognition)
        if result.rejected:
            quarantine_rows(self.home.quarantine, path.name, sha256, result.rejected)
        self._keep_original(content, sha256)
        _fsync_and_rename(unfinished, target)
        landed = LandedFile(
            sha256=sha256, status="landed", bytes=len(content), feed=feed.name,
            profile_fingerprint=recognition.profile.fingerprint(feed.entity), encoding=encoding,
            delimiter=recognition.delimiter, language=recognition.language, rows_in=result.rows_in,
            rows_loaded=result.rows_loaded, rows_quarantined=len(result.rejected), rows_skipped=result.rows_skipped,
            extra_columns=tuple(recognition.extra_columns.values()), findings=tuple(result.findings),
        )  # fmt: skip
        self.ledger.record(landed, path.name, extracted_at, extract_source, _now())
        self.known[sha256] = {**asdict(landed)}
        self.report.files["new"] += 1
        for key, count in (
            ("in", result.rows_in), ("loaded", result.rows_loaded),
            ("quarantined", len(result.rejected)), ("skipped", result.rows_skipped),
        ):  # fmt: skip
            self.report.rows[key] += count
        noticed = self.report.noticed.setdefault(feed.name, []) if result.findings else []
        noticed += [text for item in result.findings if (text := f"{item.column}: {item.message}") not in noticed]
        self.report.landed_feeds[feed.name] = self.report.landed_feeds.get(feed.name, 0) + result.rows_loaded

    def _refuse(self, path: Path, size: int, sha256: str, refusal: Exception) -> None:
        code = refusal.code if isinstance(refusal, RefusedError) else type(refusal).__name__
        feed = refusal.feed if isinstance(refusal, RefusedError) else None
        reason = str(refusal).splitlines()[0]
        quarantine_file(self.home.quarantine, path, sha256, code, reason)
        landed = LandedFile(sha256=sha256, status="refused", bytes=size, feed=feed, reason_code=code, reason=reason)
        self.ledger.record(landed, path.name, None, None, _now())
        self.report.files["quarantined"] += 1
        self.report.refusals.append((path.name, code, reason))

    def _parquet(self, feed: str, sha256: str) -> Path:
        return self.home.raw / feed / f"{sha256}.parquet"

    def _keep_original(self, content: bytes, sha256: str) -> None:
        kept = self.home.originals / f"{sha256}.zst"
        if not kept.exists():
            unfinished = kept.with_name(kept.name + ".tmp")
            with pa.output_stream(str(unfinished), compression="zstd") as stream:
                stream.write(content)
            _fsync_and_rename(unfinished, kept)


def _fsync_and_rename(unfinished: Path, target: Path) -> None:
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(target)


def _date_in_name(name: str) -> str | None:
    for year, month, day in _DATE_IN_NAME.findall(name):
        try:
            return dt.date(int(year), int(month), int(day)).isoformat() + " 00:00:00"
        except ValueError:
            continue
    return None


def _extract_time(name: str, latest_timestamp: str | None, recognition: Recognition) -> tuple[str, str]:
    """The extract time as UTC text and where it comes from, in the order that the contract gives."""
    in_name = _date_in_name(name)
    if in_name:
        return in_name, "name"
    if latest_timestamp:
        return latest_timestamp, "latest_timestamp"
    declared = recognition.feed.extract_time.declared
    if declared:
        return f"{declared} 00:00:00", "declared"
    raise RefusedError(
        "no_extract_time",
        f"{name}: no date in its name, none in its rows and none declared for feed {recognition.feed.name}; "
        "remedy: name it with its extract day, such as contacts-2026-09-30.csv",
        recognition.feed.name,
    )


def _now() -> str:
    # The moment of landing: kept by the ledger only, never an input of a mart.
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
