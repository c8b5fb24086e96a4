"""The ledger of what was landed: SQLite in WAL, so that readers never wait.

A delivery is wholly in the ledger or not there; Parquet that it does not name does not exist for the product.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Of the lines that a finding concerns, so many are named.
LINES_KEPT = 20
_LAYOUT = 2
_SCHEMA = """
create table if not exists file (
    sha256 text primary key, feed text, status text not null check (status in ('landed', 'refused', 'opened', 'pending')),
    reason_code text, reason text, profile_fingerprint text, bytes integer not null, container_sha256 text, member text,
    format text, encoding text, dialect text, language text,
    rows_in integer, rows_loaded integer, rows_quarantined integer, rows_skipped integer, rows_new integer,
    extra_columns text, fallback_extracted_at text, fallback_source text, landed_at text not null
);
create table if not exists delivery (
    sha256 text not null references file (sha256), name text not null, extracted_at text, extract_source text,
    delivered_at text not null,
    primary key (sha256, name)
);
create table if not exists finding (
    sha256 text not null references file (sha256), code text not null, column_name text, n_rows integer not null,
    lines text, message text not null
);
-- Immutable Parquet with rows of a feed, in the order in which they came; the number is its place in that order.
create table if not exists segment (
    feed text not null, number integer not null, content_hash text not null, sha256 text not null references file (sha256),
    n_rows integer not null, primary key (feed, number)
);
-- Per feed of full exports: the Parquet that says in which extracts each row was seen. Without a row there was one extract.
create table if not exists sighting (feed text primary key, content_hash text not null);
-- Files of the exports folder as they lie there, so that what did not change need not be read to be known.
create table if not exists unchanged (identity text primary key, sha256 text not null references file (sha256));
-- The hash of the profiles with which all that was landed has been read.
create table if not exists profiles (hash text not null);
"""


@dataclass(frozen=True)
class Finding:
    """Something a file's reader decided or noticed; counts and rules only, never values of a person."""

    code: str
    column: str | None
    n_rows: int
    message: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Segment:
    """Rows of a feed in one Parquet file named by its content."""

    number: int
    content_hash: str
    sha256: str
    language: str
    n_rows: int


@dataclass(frozen=True)
class LandedFile:
    """One row of the ledger's file table. Row counts are records after the header; `rows_new` were not in raw before."""

    sha256: str
    status: str
    bytes: int
    feed: str | None = None
    reason_code: str | None = None
    reason: str | None = None
    profile_fingerprint: str | None = None
    container_sha256: str | None = None
    member: str | None = None
    format: str | None = None
    encoding: str | None = None
    dialect: str | None = None
    language: str | None = None
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_skipped: int = 0
    rows_new: int = 0
    extra_columns: tuple[str, ...] = ()
    fallback_extracted_at: str | None = None
    fallback_source: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """A file's name at one arrival and the extract time that follows from it."""

    name: str
    extracted_at: str | None = None
    extract_source: str | None = None


class Ledger:
    """Reads and writes ledger.sqlite."""

    def __init__(self, path: Path):
        self._path = path
        with self._connect() as connection:
            connection.execute("pragma journal_mode = wal")
            self._upgrade(connection)
            connection.executescript(_SCHEMA)

    @staticmethod
    def _upgrade(connection: sqlite3.Connection) -> None:
        """Layout 1 kept one Parquet file per delivered file: its files are read again from their kept originals."""
        layout = connection.execute("pragma user_version").fetchone()[0]
        is_old = layout == 0 and connection.execute("select 1 from sqlite_master where name = 'file'").fetchone()
        if is_old:
            connection.executescript(
                f"""
                begin;
                alter table file rename to file_1;
                alter table delivery rename to delivery_1;
                drop table finding;
                {_SCHEMA}
                insert into file (sha256, feed, status, reason_code, reason, bytes, landed_at)
                select sha256, feed, case status when 'landed' then 'pending' else status end, reason_code, reason, bytes,
                    landed_at from file_1;
                insert into delivery select * from delivery_1;
                drop table delivery_1;
                drop table file_1;
                commit;
                """
            )
        connection.execute(f"pragma user_version = {_LAYOUT}")

    @contextmanager
    def _connect(self):
        connection = sqlite3.connect(self._path, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def _rows(self, query: str, parameters: Iterable = ()) -> list[dict]:
        with self._connect() as connection:
            return [dict(row) for row in connection.execute(query, tuple(parameters))]

    def known_files(self) -> dict[str, Mapping]:
        """sha256 → its row, for every file ever seen."""
        return {row["sha256"]: row for row in self._rows("select * from file")}

    def profiles_hash(self) -> str | None:
        """The hash of the profiles with which all that was landed has been read."""
        return next((row["hash"] for row in self._rows("select hash from profiles")), None)

    def note_profiles(self, profiles_hash: str) -> None:
        """Note that nothing needs to be read again with these profiles."""
        with self._connect() as connection:
            connection.execute("delete from profiles")
            connection.execute("insert into profiles values (?)", (profiles_hash,))

    def unchanged(self) -> dict[str, str]:
        """Identity on disk → sha256, for the files of the exports folder at the last landing."""
        return {row["identity"]: row["sha256"] for row in self._rows("select * from unchanged")}

    def replace_unchanged(self, found: Mapping[str, str]) -> None:
        """Note the identities of the files that lie in the exports folder now."""
        with self._connect() as connection:
            connection.execute("delete from unchanged")
            connection.executemany("insert into unchanged values (?, ?)", found.items())

    def record(
        self,
        landed: LandedFile,
        deliveries: Iterable[Delivery],
        now: str,
        segment: tuple[int, str] | None = None,
        sighting: str | None = None,
    ) -> None:
        """Commit a file, its findings, its deliveries and the Parquet it brought in one transaction.

        Args:
            landed: The file.
            deliveries: Its names.
            now: The moment of landing.
            segment: Number and content hash of the Parquet with its new rows.
            sighting: Content hash of the feed's new sighting file.

        """
        row = {key: value for key, value in vars(landed).items() if key not in ("findings", "extra_columns")}
        row |= {"extra_columns": json.dumps(landed.extra_columns), "landed_at": now}
        names, marks = ", ".join(row), ", ".join(f":{key}" for key in row)
        updates = ", ".join(f"{key} = excluded.{key}" for key in row if key != "sha256")
        with self._connect() as connection:
            connection.execute("delete from finding where sha256 = ?", (landed.sha256,))
            connection.execute(f"insert into file ({names}) values ({marks}) on conflict (sha256) do update set {updates}", row)
            connection.executemany(
                "insert into finding values (?, ?, ?, ?, ?, ?)",
                [
                    (landed.sha256, item.code, item.column, item.n_rows, ",".join(map(str, item.lines)) or None, item.message)
                    for item in landed.findings
                ],
            )
            self._insert_deliveries(connection, landed.sha256, deliveries, now)
            if segment:
                connection.execute(
                    "insert into segment values (?, ?, ?, ?, ?)", (landed.feed, *segment, landed.sha256, landed.rows_new)
                )
            self._set_sighting(connection, landed.feed, sighting)

    def record_delivery(self, sha256: str, delivery: Delivery, now: str, feed: str | None = None, sighting: str | None = None):
        """Note that a known file came again, and what it changes about when its rows were seen."""
        with self._connect() as connection:
            self._insert_deliveries(connection, sha256, [delivery], now)
            self._set_sighting(connection, feed, sighting)

    @staticmethod
    def _insert_deliveries(connection: sqlite3.Connection, sha256: str, deliveries: Iterable[Delivery], now: str) -> None:
        connection.executemany(
            "insert into delivery values (?, ?, ?, ?, ?) on conflict (sha256, name) do update set "
            "extracted_at = excluded.extracted_at, extract_source = excluded.extract_source",
            [(sha256, item.name, item.extracted_at, item.extract_source, now) for item in deliveries],
        )

    @staticmethod
    def _set_sighting(connection: sqlite3.Connection, feed: str | None, sighting: str | None) -> None:
        if sighting:
            connection.execute("insert or replace into sighting values (?, ?)", (feed, sighting))

    def replace_segment(self, feed: str, number: int, content_hash: str) -> None:
        """Name a segment's Parquet anew: the same rows in the same order, without what an erasure took from them."""
        with self._connect() as connection:
            connection.execute(
                "update segment set content_hash = ? where feed = ? and number = ?", (content_hash, feed, number)
            )

    def forget_feed(self, feed: str) -> None:
        """Let go of a feed's Parquet, because its files are to be read anew from their originals."""
        with self._connect() as connection:
            connection.execute("update file set status = 'pending' where feed = ? and status = 'landed'", (feed,))
            connection.execute("delete from segment where feed = ?", (feed,))
            connection.execute("delete from sighting where feed = ?", (feed,))

    def pending(self) -> list[Mapping]:
        """Files whose originals wait to be read anew."""
        return self._rows("select * from file where status = 'pending' order by feed, sha256")

    def deliveries(self, sha256: str) -> list[Delivery]:
        """Every arrival of a file."""
        rows = self._rows("select name, extracted_at, extract_source from delivery where sha256 = ? order by name", (sha256,))
        return [Delivery(**row) for row in rows]

    def segments(self, feed: str | None = None) -> dict[str, list[Segment]]:
        """Feed → its Parquet files in order."""
        rows = self._rows(
            "select segment.*, file.language from segment join file using (sha256) "
            "where segment.feed = coalesce(?, segment.feed) order by segment.feed, segment.number",
            (feed,),
        )
        found: dict[str, list[Segment]] = {}
        for row in rows:
            found.setdefault(row.pop("feed"), []).append(Segment(**row))
        return found

    def sightings(self) -> dict[str, str]:
        """Feed → content hash of its sighting file."""
        return {row["feed"]: row["content_hash"] for row in self._rows("select * from sighting")}

    def named_parquet(self) -> set[str]:
        """Content hashes of all Parquet that exists for the product."""
        return {row["h"] for row in self._rows("select content_hash as h from segment union select content_hash from sighting")}

    def extracts(self) -> dict[str, list[tuple[str, str]]]:
        """Feed → its distinct (extract time, sha256), ordered: what raw is made of."""
        query = """
            select distinct file.feed, delivery.extracted_at, file.sha256
            from file join delivery using (sha256)
            where file.status = 'landed' and delivery.extracted_at is not null
            order by file.feed, delivery.extracted_at, file.sha256
        """
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self._rows(query):
            found.setdefault(row["feed"], []).append((row["extracted_at"], row["sha256"]))
        return found

    def unsure_extracts(self) -> dict[str, set[str]]:
        """Feed → extract times from which nothing can be said to be gone: rows were set aside, or there were none."""
        query = """
            with extracted as (
                select distinct file.feed, delivery.extracted_at, file.sha256, file.rows_loaded, file.rows_quarantined
                from file join delivery using (sha256)
                where file.status = 'landed' and delivery.extracted_at is not null
            )
            select feed, extracted_at from extracted group by feed, extracted_at
            having sum(rows_quarantined) > 0 or sum(rows_loaded) = 0
        """
        found: dict[str, set[str]] = {}
        for row in self._rows(query):
            found.setdefault(row["feed"], set()).add(row["extracted_at"])
        return found

    def files_without_doubles(self) -> set[str]:
        """Landed files of which no two rows share a key."""
        query = """
            select sha256 from file where status = 'landed'
            except select sha256 from finding where code = 'doubled_key'
        """
        return {row["sha256"] for row in self._rows(query)}

    def latest_extract(self) -> str | None:
        """The newest extract time in raw, over all feeds."""
        query = "select max(delivery.extracted_at) as at from file join delivery using (sha256) where file.status = 'landed'"
        return self._rows(query)[0]["at"]

    def feed_totals(self, until: str | None = None) -> dict[str, Mapping]:
        """Per feed: files, rows and the latest extract; `until` leaves out files that were extracted later."""
        query = """
            with extracted as (
                select sha256, min(extracted_at) as first_at, max(extracted_at) as extracted_at from delivery group by sha256
            )
            select file.feed, count(*) as files, sum(file.status = 'refused') as files_refused,
                sum(file.rows_in) as rows_in, sum(file.rows_loaded) as rows_loaded,
                sum(file.rows_quarantined) as rows_quarantined, sum(file.rows_skipped) as rows_skipped,
                max(case when file.status = 'landed' then extracted.extracted_at end) as last_extract_at,
                sum(file.bytes) as bytes
            from file left join extracted using (sha256)
            where file.feed is not null
                and (extracted.first_at is null or extracted.first_at <= coalesce(?, extracted.first_at))
            group by file.feed
        """
        return {row["feed"]: row for row in self._rows(query, (until,))}

    def last_delivery(self) -> int:
        """The number of the newest delivery: deliveries are numbered as they come."""
        return self._rows("select coalesce(max(rowid), 0) as number from delivery")[0]["number"]

    def deliveries_by_extract(self) -> list[tuple[str, int]]:
        """(extract time, number) of every delivery of a landed file, by extract time."""
        query = """
            select delivery.extracted_at, delivery.rowid as number from delivery join file using (sha256)
            where file.status = 'landed' and delivery.extracted_at is not null order by delivery.extracted_at, delivery.rowid
        """
        return [(row["extracted_at"], row["number"]) for row in self._rows(query)]

    def delivered_after(self, number: int, until: str) -> list[Mapping]:
        """Landed files that came after a delivery though they were extracted by `until`.

        Gives feed, extracted_at, sha256, and whether the feed already had a file of that extract time.
        """
        query = """
            with landed as (
                select delivery.rowid as number, file.feed, delivery.extracted_at, file.sha256
                from file join delivery using (sha256)
                where file.status = 'landed' and delivery.extracted_at <= ?
            )
            select distinct later.feed, later.extracted_at, later.sha256, exists (
                select 1 from landed as earlier
                where earlier.feed = later.feed and earlier.extracted_at = later.extracted_at and earlier.number <= ?
            ) as is_correction
            from landed as later where later.number > ?
            order by later.feed, later.extracted_at, later.sha256
        """
        return self._rows(query, (until, number, number))

    def extract_figures(self, feed: str) -> list[Mapping]:
        """A feed's extracts in order: extracted_at, rows_loaded (over its files of that time), extra_columns."""
        query = """
            with extracted as (
                select distinct delivery.extracted_at, file.sha256, file.rows_loaded, file.extra_columns
                from file join delivery using (sha256)
                where file.feed = ? and file.status = 'landed' and delivery.extracted_at is not null
            )
            select extracted_at, sum(rows_loaded) as rows_loaded, max(extra_columns) as extra_columns
            from extracted group by extracted_at order by extracted_at
        """
        return self._rows(query, (feed,))

    def findings(self) -> list[Mapping]:
        """All findings with feed, ordered."""
        query = """
            select file.feed, finding.* from finding join file using (sha256)
            order by file.feed, finding.code, finding.column_name, finding.sha256
        """
        return self._rows(query)
