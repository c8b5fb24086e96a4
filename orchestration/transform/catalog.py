"""The raw schema of a night: one relation per feed, as known at `as_of`, plus what the models need to know of it.

Written from the ledger, so that Parquet without a ledger row does not exist. The same SQL serves DuckDB and
Spark; each engine only brings its own way to read Parquet and to keep a relation.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import duckdb

from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Feed, Profile
from orchestration.quality.stewardship import FieldRule

SCHEMA = "raw"


class Engine(Protocol):
    """What the catalog asks of an engine."""

    def create_schema(self) -> None:
        """Create the raw schema."""

    def scan(self, name: str, files: Sequence[Path]) -> str:
        """SQL relation over Parquet files."""

    def relate(self, name: str, sql: str) -> None:
        """Keep `raw.<name>` as this query."""

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """Keep `raw.<name>` as a small table of these rows."""


@dataclass(frozen=True)
class DuckDBEngine:
    """Views and tables in the candidate file."""

    connection: duckdb.DuckDBPyConnection

    def create_schema(self) -> None:
        """Create the raw schema."""
        self.connection.execute(f"create schema if not exists {SCHEMA}")

    def scan(self, name: str, files: Sequence[Path]) -> str:
        """A read_parquet() over the files."""
        paths = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        return f"read_parquet([{paths}])"

    def relate(self, name: str, sql: str) -> None:
        """A view: raw stays in its Parquet files."""
        self.connection.execute(f"create or replace view {SCHEMA}.{name} as {sql}")

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """A table."""
        self.connection.execute(
            f"create or replace table {SCHEMA}.{name} ({', '.join(f'{key} {kind}' for key, kind in columns.items())})"
        )
        if rows:
            self.connection.executemany(f"insert into {SCHEMA}.{name} values ({', '.join('?' * len(columns))})", rows)


@dataclass(frozen=True)
class AsOf:
    """A calendar day and the instant at which all of it is in (contract: as_of)."""

    day: dt.date
    timezone: str

    @property
    def instant(self) -> dt.datetime:
        """The next midnight in the business time zone, as naive UTC."""
        midnight = dt.datetime.combine(self.day + dt.timedelta(days=1), dt.time(), ZoneInfo(self.timezone))
        return midnight.astimezone(dt.UTC).replace(tzinfo=None)


def latest_extract_day(home: Home) -> dt.date | None:
    """The latest extract day in raw, which is `as_of` when nobody gives one."""
    latest = Ledger(home.ledger).latest_extract()
    return dt.date.fromisoformat(latest[:10]) if latest else None


def write_catalog(
    engine: Engine, home: Home, profiles: Mapping[str, Profile], rules: Iterable[FieldRule], as_of: AsOf,
    reporting_currency: str,
) -> None:  # fmt: skip
    """Write every raw relation that a model may name; a feed without files is an empty relation."""
    ledger = Ledger(home.ledger)
    instant = as_of.instant.isoformat(sep=" ")
    extracts: dict[str, list[tuple[str, str]]] = {}
    for row in ledger.extracts():
        if row["extracted_at"] and row["extracted_at"] <= instant:
            extracts.setdefault(row["feed"], []).append((row["extracted_at"], row["sha256"]))
    engine.create_schema()
    for profile in profiles.values():
        for feed in profile.feeds.values():
            engine.relate(feed.relation, _feed_sql(engine, home, feed, extracts.get(feed.name, [])))
    engine.tabulate(
        "night",
        {"as_of": "date", "as_of_at": "timestamp", "business_timezone": "varchar", "reporting_currency": "varchar"},
        [(as_of.day, as_of.instant, as_of.timezone, reporting_currency)],
    )
    engine.tabulate(
        "source_system",
        {"source_system": "varchar", "label": "varchar", "currency": "varchar"},
        [(profile.vendor, profile.label, profile.currency) for profile in profiles.values()],
    )
    _write_feed_status(engine, ledger, profiles, as_of, extracts)
    engine.tabulate(
        "field_rule",
        {"entity_type": "varchar", "field_name": "varchar", "steward_team": "varchar", "sla_days": "integer"},
        [(rule.entity_type, rule.field_name, rule.steward_team, rule.sla_days) for rule in rules],
    )


def _feed_sql(engine: Engine, home: Home, feed: Feed, extracts: list[tuple[str, str]]) -> str:
    columns = list(feed.columns)
    listed = ", ".join(columns)
    if not extracts:
        empty = ", ".join(f"cast(null as varchar) as {name}" for name in columns)
        return (
            f"select {empty}, cast(null as timestamp) as _extracted_at, cast(null as boolean) as _is_deleted, "
            "cast(null as bigint) as _row_number where 1 = 0"
        )
    # A key that the vendor does not give is the row's position: then only the newest file counts.
    key = feed.key or ["_row_number"]
    keys = ", ".join(key)

    def versions(some: list[tuple[str, str]], suffix: str) -> str:
        files = sorted({home.raw / feed.name / f"{sha256}.parquet" for _, sha256 in some})
        times = ", ".join(f"('{sha256}', timestamp '{extracted_at}')" for extracted_at, sha256 in sorted(some))
        return (
            f"(select {listed}, times._extracted_at, _row_number from {engine.scan(feed.relation + suffix, files)} as rows "
            f"join (select * from (values {times}) as t(_sha256, _extracted_at)) as times "
            "on rows._file_sha256 = times._sha256)"
        )

    def newest_of(relation: str, where: str = "") -> str:
        return (
            f"select {listed}, _extracted_at, _row_number from (select *, row_number() over (partition by {keys} "
            f"order by _extracted_at desc, _row_number desc) as _recency from {relation} as v {where}) as ranked "
            "where _recency = 1"
        )

    if feed.delivery == "delta" or not feed.key:
        newest = [pair for pair in extracts if pair[0] == max(extracts)[0]]
        rows = newest_of(versions(extracts if feed.key else newest, ""))
        return f"select {listed}, _extracted_at, false as _is_deleted, _row_number from ({rows}) as newest"
    last = max(extracts)[0]
    newest = [pair for pair in extracts if pair[0] == last]
    older = [pair for pair in extracts if pair[0] != last]
    sql = (
        f"select {listed}, _extracted_at, false as _is_deleted, _row_number "
        f"from ({newest_of(versions(newest, '__newest'))}) as newest"
    )
    if older:
        # A full export that no longer holds a record says that it was deleted; its last state is kept.
        same = " and ".join(f"n.{name} = v.{name}" for name in key)
        gone = newest_of(
            versions(older, "__older"),
            f"where not exists (select 1 from {versions(newest, '__newest')} as n where {same})",
        )
        sql += f" union all select {listed}, _extracted_at, true as _is_deleted, _row_number from ({gone}) as gone"
    return sql


def _write_feed_status(
    engine: Engine, ledger: Ledger, profiles: Mapping[str, Profile], as_of: AsOf,
    extracts: Mapping[str, list[tuple[str, str]]],
) -> None:  # fmt: skip
    totals = ledger.feed_totals()
    rows = []
    for profile in profiles.values():
        for feed in profile.feeds.values():
            if feed.name not in totals:
                continue
            last = max(extracts[feed.name])[0] if feed.name in extracts else None
            age = (as_of.day - dt.date.fromisoformat(last[:10])).days if last else None
            is_late = age is None or age > feed.max_days_late
            total = totals[feed.name]
            rows.append(
                (profile.vendor, feed.entity, dt.datetime.fromisoformat(last) if last else None, is_late,
                 total["rows_loaded"], total["rows_quarantined"], total["files_refused"])
            )  # fmt: skip
    engine.tabulate(
        "feed_status",
        {"source_system": "varchar", "entity": "varchar", "last_extract_at": "timestamp", "is_late": "boolean",
         "rows_loaded": "bigint", "rows_quarantined": "bigint", "files_refused": "bigint"},
        rows,
    )  # fmt: skip
