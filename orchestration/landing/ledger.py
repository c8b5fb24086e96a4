"""The ledger of what was landed: SQLite in WAL, so that readers never wait.

A delivery is wholly in the ledger or not there; Parquet that it does not name does not exist for the product.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
create table if not exists file (
    sha256 text primary key, feed text, status text not null, reason_code text, reason text,
    profile_fingerprint text, bytes integer not null, encoding text, delimiter text, language text,
    rows_in integer, rows_loaded integer, rows_quarantined integer, rows_skipped integer,
    extra_columns text, landed_at text not null
);
create table if not exists delivery (
    sha256 text not null references file (sha256), name text not null, extracted_at text, extract_source text,
    delivered_at text not null,
    primary key (sha256, name)
);
create table if not exists finding (
    sha256 text not null references file (sha256), code text not null, column_name text, n_rows integer not null,
    message text not null
);
"""


@dataclass(frozen=True)
class Finding:
    """Something a file's reader decided or noticed; counts and rules only, never values of a person."""

    code: str
    column: str | None
    n_rows: int
    message: str


@dataclass(frozen=True)
class LandedFile:
    """One row of the ledger's file table. Row counts are records after the header."""

    sha256: str
    status: str
    bytes: int
    feed: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    profile_fingerprint: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    language: str | None = None
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_skipped: int = 0
    extra_columns: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class Ledger:
    """Reads and writes ledger.sqlite."""

    def __init__(self, path: Path):
        self._path = path
        with self._connect() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connect(self):
        connection = sqlite3.connect(self._path, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def known_files(self) -> dict[str, Mapping]:
        """sha256 → its row, for every file ever seen."""
        with self._connect() as connection:
            return {row["sha256"]: dict(row) for row in connection.execute("select * from file")}

    def record(self, landed: LandedFile, name: str, extracted_at: str | None, extract_source: str | None, now: str) -> None:
        """Commit a file, its findings and its delivery in one transaction."""
        row = {key: value for key, value in vars(landed).items() if key not in ("findings", "extra_columns")}
        row |= {"extra_columns": json.dumps(landed.extra_columns), "landed_at": now}
        with self._connect() as connection:
            connection.execute("delete from finding where sha256 = ?", (landed.sha256,))
            connection.execute("delete from delivery where sha256 = ? and name = ?", (landed.sha256, name))
            names, marks = ", ".join(row), ", ".join(f":{key}" for key in row)
            updates = ", ".join(f"{key} = excluded.{key}" for key in row if key != "sha256")
            connection.execute(f"insert into file ({names}) values ({marks}) on conflict (sha256) do update set {updates}", row)
            connection.executemany(
                "insert into finding values (?, ?, ?, ?, ?)",
                [(landed.sha256, item.code, item.column, item.n_rows, item.message) for item in landed.findings],
            )
            connection.execute(
                "insert into delivery values (?, ?, ?, ?, ?)", (landed.sha256, name, extracted_at, extract_source, now)
            )

    def record_deliveries(self, rows: Iterable[tuple[str, str, str | None, str | None, str]]) -> None:
        """Note that known files came again: (sha256, name, extracted_at, extract_source, delivered_at)."""
        with self._connect() as connection:
            connection.executemany("insert or ignore into delivery values (?, ?, ?, ?, ?)", list(rows))

    def extracts(self) -> list[Mapping]:
        """Every landed file × distinct extract time, ordered: what raw is made of."""
        query = """
            select distinct file.feed, file.sha256, delivery.extracted_at
            from file join delivery using (sha256)
            where file.status = 'landed' order by file.feed, delivery.extracted_at, file.sha256
        """
        with self._connect() as connection:
            return [dict(row) for row in connection.execute(query)]

    def latest_extract(self) -> str | None:
        """The newest extract time in raw, over all feeds."""
        with self._connect() as connection:
            return connection.execute(
                "select max(delivery.extracted_at) from file join delivery using (sha256) where file.status = 'landed'"
            ).fetchone()[0]

    def feed_totals(self) -> dict[str, Mapping]:
        """Per feed: files, rows and the latest extract."""
        query = """
            with extracted as (select sha256, max(extracted_at) as extracted_at from delivery group by sha256)
            select file.feed, count(*) as files, sum(file.status = 'refused') as files_refused,
                sum(file.rows_in) as rows_in, sum(file.rows_loaded) as rows_loaded,
                sum(file.rows_quarantined) as rows_quarantined, sum(file.rows_skipped) as rows_skipped,
                max(case when file.status = 'landed' then extracted.extracted_at end) as last_extract_at
            from file left join extracted using (sha256) where file.feed is not null group by file.feed
        """
        with self._connect() as connection:
            return {row["feed"]: dict(row) for row in connection.execute(query)}

    def findings(self) -> list[Mapping]:
        """All findings with feed, ordered."""
        query = """
            select file.feed, finding.* from finding join file using (sha256)
            order by file.feed, finding.code, finding.column_name, finding.sha256
        """
        with self._connect() as connection:
            return [dict(row) for row in connection.execute(query)]
