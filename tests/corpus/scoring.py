"""Land corpus files and compare what raw gives with their twins."""

import contextlib
import datetime as dt
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.feed_relation import FeedExtracts, feed_sql
from tests.corpus.model import COLUMNS, CorpusFile, Deal

_FEED = "hubspot/deals"
# Reasons about a file as a whole, which has no line: its message says what of the file is wrong.
_WHOLE_FILE = (
    "empty_file", "empty_archive", "damaged_archive", "damaged_workbook", "damaged_parquet", "protected_workbook",
    "encrypted_archive", "archive_too_large", "workbook_too_large", "too_large", "unsafe_workbook", "reader_died",
    "too_slow",
)  # fmt: skip
_PLACE = re.compile(r"line \d+|column|sheet '|member|row \d+|cell [A-Z]+\d+")


@dataclass(frozen=True)
class Outcome:
    """What landing made of a file: `right`, `refused`, `named`, or a fault (`different`, `lost`, `unnamed`).

    `named`: a damaged row that looks whole is loaded as it stands, and a finding gives its line and says why it may be wrong.
    """

    file: CorpusFile
    verdict: str
    why: str


def score(files: Sequence[CorpusFile], folder: Path) -> list[Outcome]:
    """Land the files in one home of this folder and judge each."""
    exports, home = folder / "exports", Home(folder / "home").prepare()
    exports.mkdir(parents=True)
    for file in files:
        (exports / file.name).write_bytes(file.content)
    settings = Settings(home=home.root, exports=exports)
    with contextlib.suppress(NothingToLandError):
        land(home, settings)
    ledger = Ledger(home.ledger)
    rows = ledger.known_files()
    names = {row["name"].split("/")[0]: row["sha256"] for row in _deliveries(home) if rows[row["sha256"]]["status"] != "opened"}
    judge = _Judge(home, settings, ledger)
    return [judge.outcome(file, rows.get(names.get(file.name, ""))) for file in files]


def _deliveries(home: Home) -> list[dict]:
    with sqlite3.connect(home.ledger) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute("select name, sha256 from delivery")]
    connection.close()
    return found


class _Judge:
    def __init__(self, home: Home, settings: Settings, ledger: Ledger):
        self._home = home
        self._profile = known_profiles(settings)["hubspot"]
        self._feed = self._profile.feeds["deals"]
        self._connection = duckdb.connect()
        self._extracts = ledger.extracts().get(_FEED, [])
        self._segments = ledger.segments(_FEED).get(_FEED, [])
        self._sighting = ledger.sightings().get(_FEED)
        self._findings: dict[str, dict[str, bool]] = {}
        for finding in ledger.findings():
            self._findings.setdefault(finding["sha256"], {})[finding["code"]] = bool(finding["lines"])

    def outcome(self, file: CorpusFile, row: dict | None) -> Outcome:
        """The verdict on one file."""
        if row is None:
            return Outcome(file, "unnamed", "the ledger does not know it")
        if row["status"] == "refused":
            return self._refused(file, row)
        fault = self._accounting_fault(file, row)
        if fault:
            return Outcome(file, "different", fault)
        loaded = self._rows(file.day)
        if file.twin is None:
            return Outcome(file, "different", f"landed with {len(loaded)} rows, though it must be refused")
        missing = [wanted for wanted in file.twin if not _take(loaded, wanted)]
        findings = self._findings.get(row["sha256"], {})
        doubtful = [damaged for damaged in file.unprovable if _take(loaded, damaged)]
        if doubtful and not any(findings.get(code) for code in file.noticed):
            return Outcome(
                file, "different", f"no line of {file.noticed} for {len(doubtful)} damaged rows, only {sorted(findings)}"
            )
        if loaded:
            return Outcome(file, "different", f"{len(loaded)} rows differ: {_difference(loaded[0], file.twin)}")
        if len(missing) > (file.set_aside if file.refusals else 0):
            return Outcome(file, "lost", f"{len(missing)} good rows are not there")
        if file.noticed and not findings.keys() & set(file.noticed):
            return Outcome(file, "different", f"nothing said of {file.noticed}, only {sorted(findings)}")
        return Outcome(file, "named" if doubtful else "right", "")

    def _refused(self, file: CorpusFile, row: dict) -> Outcome:
        code, reason = row["reason_code"], row["reason"]
        if not (_PLACE.search(reason) or code in _WHOLE_FILE):
            return Outcome(file, "unnamed", f"{code}: {reason}")
        if not file.refusals:
            return Outcome(file, "lost", f"{code}: {reason}")
        if "*" not in file.refusals and code not in file.refusals:
            return Outcome(file, "unnamed", f"{code}, not one of {file.refusals}: {reason}")
        return Outcome(file, "refused", code)

    def _accounting_fault(self, file: CorpusFile, row: dict) -> str | None:
        if row["rows_in"] != row["rows_loaded"] + row["rows_quarantined"]:
            return f"{row['rows_in']} rows in, {row['rows_loaded']} loaded, {row['rows_quarantined']} quarantined"
        kept = [
            json.loads(line)
            for path in self._home.quarantine.glob(f"{row['sha256'][:12]}_*.rows.jsonl")
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        if len(kept) != row["rows_quarantined"] or not all(item["line"] >= 1 and item["reason"] for item in kept):
            return f"{row['rows_quarantined']} rows quarantined, {len(kept)} kept with their lines"
        if file.twin is not None and row["rows_loaded"] + row["rows_quarantined"] < len(file.twin):
            return f"{len(file.twin)} good rows, {row['rows_in']} rows in"
        if not file.refusals and file.twin is not None and row["rows_quarantined"] != file.set_aside:
            return f"{row['rows_quarantined']} rows quarantined, {file.set_aside} are bad: {kept[:3]}"
        if file.skipped is not None and row["rows_skipped"] != file.skipped:
            return f"{row['rows_skipped']} rows skipped, {file.skipped} are no data"
        return None

    def _rows(self, day: dt.date) -> list[Deal]:
        at = f"{day} 00:00:00"
        extracts = [pair for pair in self._extracts if pair[0] <= at]
        known = FeedExtracts(
            self._home.raw / _FEED, extracts, self._segments, sorted({pair[0] for pair in self._extracts}), self._sighting
        )
        cursor = self._connection.execute(
            f"select {', '.join(COLUMNS)} from ({feed_sql(self._profile, self._feed, known)}) "
            f"where not _is_deleted and _extracted_at = timestamp '{at}'"
        )
        return [{name: _typed(name, text) for name, text in zip(COLUMNS, row, strict=True)} for row in cursor.fetchall()]


def _typed(name: str, text: str | None) -> object:
    """A text of the relation as the value that staging's cast gives; text that does not fit stays text."""
    if text is None:
        return None
    if name == "amount":
        try:
            return Decimal(text)
        except InvalidOperation:
            return text
    if name in ("created_at", "closed_at"):
        try:
            return dt.datetime.fromisoformat(text.rstrip("0").rstrip(".") if "." in text else text)
        except ValueError:
            return text
    return text


def _take(rows: list[Deal], wanted: Deal) -> bool:
    if wanted in rows:
        rows.remove(wanted)
        return True
    return False


def _difference(row: Deal, rows: Sequence[Deal]) -> str:
    nearest = max(rows, key=lambda other: sum(other[name] == row[name] for name in COLUMNS), default=None)
    if nearest is None:
        return str(row)[:200]
    return str({name: (str(row[name])[:80], str(nearest[name])[:80]) for name in COLUMNS if row[name] != nearest[name]})


def summary(outcomes: Sequence[Outcome]) -> dict[str, Counter]:
    """Family → verdicts."""
    found: dict[str, Counter] = {}
    for outcome in outcomes:
        found.setdefault(outcome.file.family, Counter())[outcome.verdict] += 1
    return found
