"""One delivered file to raw Parquet, ledger or quarantine: known or new, opened, read by the child, stored, accounted for."""

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration import failpoints
from orchestration.home import Home
from orchestration.landing.extract_time import deliveries_of, delivery_of
from orchestration.landing.intake import (
    Copied,
    NotAcceptedError,
    copy_file,
    hash_file,
    identity_of,
    marker_of,
    without_addresses,
)
from orchestration.landing.landing_report import LandingReport
from orchestration.landing.ledger import LINES_KEPT, Delivery, Finding, LandedFile, Ledger
from orchestration.landing.parts import LoadResult, Part
from orchestration.landing.profile_folders import profiles_hash
from orchestration.landing.quarantine import quarantine_file, quarantine_rows, quarantined_files
from orchestration.landing.raw_store import RawStore, original_codec
from orchestration.landing.refused import RefusedError
from orchestration.landing.worker import Worker, WorkerDiedError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.landing.profiles import Feed, Profile
    from orchestration.privacy.redact import Redactor


@dataclass
class FileLanding:
    """Lands files one by one with the child and the ledger of one landing."""

    home: Home
    ledger: Ledger
    settings: Settings
    worker: Worker
    background: ThreadPoolExecutor
    folder: Path
    report: LandingReport
    redactor: "Redactor | None"
    raw: RawStore = field(init=False)
    known: dict[str, dict] = field(init=False)
    unchanged: dict[str, str] = field(init=False)
    lying_here: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Read what the ledger knows."""
        self.raw = RawStore(self.home, self.ledger, self.worker, self.folder)
        self.known, self.unchanged = self.ledger.known_files(), self.ledger.unchanged()

    @cached_property
    def profiles(self) -> "dict[str, Profile]":
        """Read once a file needs them: a fault in one is told then, or was told when it was made."""
        from orchestration.landing.profiles import known_profiles

        return known_profiles(self.settings)

    def _start_reading(self) -> None:
        """Let the child start while this process looks at the profiles, of which a fault is told here, and copies the file."""
        self.worker.start()
        self.background.submit(original_codec)
        _ = self.profiles

    def read_again(self) -> None:
        """Read the kept originals of feeds whose profile changed since, and what an earlier run did not finish."""
        present = profiles_hash(self.settings)
        if self.ledger.profiles_hash() == present and not self.ledger.pending():
            return
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
            copied = Copied(path, path.stat().st_size, lambda sha256=container: sha256)
            self._take_parts(copied, [delivery.name for delivery in deliveries] or [name], again=row["sha256"])
        self.ledger.note_profiles(present)
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
                write_original(kept[0], profile.feeds[entity], row["language"], self.raw.stored(feed), min(times), numbers)

    def _fingerprint(self, feed: str) -> str | None:
        vendor, entity = feed.split("/")
        profile = self.profiles.get(vendor)
        return profile.fingerprint(entity) if profile and entity in profile.feeds else None

    def take(self, path: Path, relative: Path) -> None:
        """Land, recognise as known, or quarantine one file; never raises for what the file holds."""
        # A name that is no text is written with escapes: ledger, quarantine and messages hold text only.
        name = without_addresses(str(relative).encode("utf-8", "backslashreplace").decode())
        identity = identity_of(path)
        try:
            sha256 = self._known_hash(path, identity)
            if sha256 and self._note_known(sha256, name):
                self._leave_inbox(path)
                self._lies_here(path, identity, sha256)
                return
            self._start_reading()
            copied = self._copy(path, self.folder / "delivered")
        except NotAcceptedError as refusal:
            if refusal.code == "still_being_written":
                self.report.waiting.append(name)
                return
            nothing = Copied(path, 0, hashlib.sha256(f"name:{name}".encode()).hexdigest)
            self._refuse(None, nothing, name, refusal.code, f"{name}: {refusal}")
            self._leave_inbox(path)
            return
        if not self._is_known(copied, name):
            self._take_copy(copied, name)
        self._leave_inbox(path)
        self._lies_here(path, identity, copied.sha256)

    def _lies_here(self, path: Path, identity: str | None, sha256: str) -> None:
        if identity and identity_of(path) == identity:
            self.lying_here[identity] = sha256

    def note_unchanged(self) -> None:
        """Remember the files that lie in the exports folder, if there is a new one."""
        if self.lying_here != self.unchanged:
            self.ledger.replace_unchanged(self.lying_here)

    def retry(self) -> None:
        """Land what is in quarantine; what is refused again stays there with its new reason."""
        self._start_reading()
        for item in list(quarantined_files(self.home.quarantine)):
            copied = self._copy(item.path, self.folder / "delivered")
            refused_before = len(self.report.refusals)
            if not self._is_known(copied, item.name):
                self._take_copy(copied, item.name)
            if len(self.report.refusals) == refused_before or not item.path.name.startswith(copied.sha256[:12]):
                item.release()

    def _leave_inbox(self, path: Path) -> None:
        if path.is_relative_to(self.home.inbox):
            path.unlink(missing_ok=True)
            marker_of(path).unlink(missing_ok=True)
            failpoints.passed("after:inbox")

    def _known_hash(self, path: Path, identity: str | None) -> str | None:
        """The hash of a file that may be known: as it lies there it was hashed before, or one of its size came before."""
        if identity in self.unchanged:
            return self.unchanged[identity]
        try:
            size = path.lstat().st_size
        except FileNotFoundError:
            return None
        return hash_file(path) if self._may_be_known(size) else None

    def _may_be_known(self, size: int) -> bool:
        return any(row["bytes"] == size for row in self.known.values())

    def _copy(self, path: Path, target: Path) -> Copied:
        """A copy that can be read at once: it is hashed meanwhile.

        Raises:
            NotAcceptedError: not to be opened, or it changed while it was copied.

        """
        size = copy_file(path, target)
        return Copied(target, size, self.background.submit(hash_file, target).result)

    def _is_known(self, copied: Copied, name: str) -> bool:
        """Waits for the hash only of a file that may be known."""
        return self._may_be_known(copied.size) and self._note_known(copied.sha256, name)

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
        delivery = delivery_of(name, row["fallback_extracted_at"], row["fallback_source"])
        earlier = self.ledger.deliveries(sha256)
        if delivery.extracted_at is None or any(item.name == name for item in earlier):
            return
        vendor, entity = row["feed"].split("/")
        feed = self.profiles[vendor].feeds[entity]
        sighting = None
        known_times = {item.extracted_at for item in earlier if item.extracted_at}
        if feed.delivery == "full" and delivery.extracted_at not in known_times and known_times:
            target = self.folder / "sighting.parquet"
            seen_at = min(known_times)
            self.worker.call("add_sighting", self.raw.stored(feed.name), seen_at, delivery.extracted_at, target)
            sighting = self.raw.keep_parquet(target, feed.name)
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
            inner = self._copy(member.path, self.folder / "member")
            inner_name = f"{name}/{without_addresses(member.name)}"
            if not self._is_known(inner, inner_name):
                self._take_parts(inner, [inner_name])
            member.path.unlink()
        self.ledger.record(LandedFile(copied.sha256, "opened", copied.size, format="archive"), [Delivery(name)], _now())
        self.known[copied.sha256] = {"status": "opened", "bytes": copied.size, "container_sha256": None}

    def _take_parts(self, copied: Copied, names: list[str], again: str | None = None) -> None:
        """Land every feed within one file; `again` names the one part that is to be read anew."""
        name = names[0]
        failpoints.passed("after:copy")
        holds_erased = self._names_an_erased(copied.path)
        kept = None if holds_erased else self.background.submit(self.raw.keep_original, copied)
        feed = None
        try:
            parts: list[Part] = self.worker.call("parts", copied.path, Path(name).name, size=copied.size)
            for part in parts:
                feed = part.recognition.feed.name
                sha256_of = partial(_part_hash, copied, part.sheet if len(parts) > 1 else None)
                if again is None or again == sha256_of():
                    self._take_part(copied, sha256_of, names, part)
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

    def _take_part(self, copied: Copied, sha256_of: Callable[[], str], names: list[str], part: Part) -> None:
        feed, recognition = part.recognition.feed, part.recognition
        rows = self.folder / "rows.parquet"
        result: LoadResult = self.worker.call("load", part, Path(names[0]).name, rows, size=copied.size)
        # The first to ask for the hash: the rows were read while it was made.
        sha256 = sha256_of()
        self._leave_out_erased(part, rows, result)
        deliveries, fallback = deliveries_of(names, part, rows, self.worker)
        result.findings.extend(self._same_time(feed, deliveries))
        segment, sighting, n_new = self.raw.store(
            feed.name, feed.delivery == "full", deliveries, rows, part, result.rows_loaded
        )
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
        self.report.account(feed.name, result)
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

    def _same_time(self, feed: "Feed", deliveries: list[Delivery]) -> list[Finding]:
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


def _part_hash(copied: Copied, sheet: str | None) -> str:
    """What tells one of several sheets from the others; a file of one part is told by its own hash."""
    return copied.sha256 if sheet is None else hashlib.sha256(f"{copied.sha256}#{sheet}".encode()).hexdigest()


def _now() -> str:
    # The moment of landing: kept by the ledger only, never an input of a mart.
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
