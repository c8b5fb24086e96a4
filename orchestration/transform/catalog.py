"""The raw schema of a night: one relation per feed, as known at `as_of`, plus what the models need to know of it.

Written from the ledger, so that Parquet without a ledger row does not exist. The same SQL serves DuckDB and
Spark; each engine only brings its own way to read Parquet and to keep a relation.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from orchestration.engine import register
from orchestration.home import Home
from orchestration.landing.canonical import ENTITIES
from orchestration.landing.feed_health import collapsed_extracts
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Profile, known_profiles
from orchestration.landing.row_versions import quoted
from orchestration.privacy.pseudonym import PseudonymKey
from orchestration.privacy.record_ids import home_key, names_records_by_address, naming_columns, pseudonyms_of
from orchestration.quality.results import earlier_results_sql
from orchestration.quality.stewardship import FieldRule, load_stewardship
from orchestration.quality.validity import contact_values_sql, refresh_verdicts
from orchestration.registry.registry import NO_REGISTRY, Registry, load_registry
from orchestration.registry.rows import registry_tables
from orchestration.settings import Settings
from orchestration.transform.feed_relation import FeedExtracts, canonical_sql, extracts_sql, feed_sql, versions_sql
from orchestration.transform.restatements import restatements_sql

SCHEMA = "raw"


class Engine(Protocol):
    """What the catalog asks of an engine. The SQL that it is given is DuckDB's."""

    def create_schema(self) -> None:
        """Create the raw schema."""

    def relate(self, name: str, sql: str) -> None:
        """Keep `raw.<name>` as this query."""

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """Keep `raw.<name>` as a small table of these rows."""

    def derive(self, name: str, make: Callable[[duckdb.DuckDBPyConnection], str]) -> None:
        """Keep `raw.<name>` as the query made by Python from relations kept before: it holds nothing that they don't."""


@dataclass(frozen=True)
class DuckDBEngine:
    """Views and tables in the candidate file."""

    connection: duckdb.DuckDBPyConnection

    def create_schema(self) -> None:
        """Create the raw schema."""
        self.connection.execute(f"create schema if not exists {SCHEMA}")

    def relate(self, name: str, sql: str) -> None:
        """A view: raw stays in its Parquet files."""
        self.connection.execute(f"create or replace view {SCHEMA}.{name} as {sql}")

    def tabulate(self, name: str, columns: Mapping[str, str], rows: Sequence[tuple]) -> None:
        """A table."""
        self.connection.execute(
            f"create or replace table {SCHEMA}.{name} ({', '.join(f'{key} {kind}' for key, kind in columns.items())})"
        )
        if rows:
            # As one Arrow table: row by row, the twelve thousand pieces of a calendar would take longer than a model.
            tabulated = pa.table([pa.array(list(values)) for values in zip(*rows, strict=True)], list(columns))
            register(self.connection, "tabulated", tabulated)
            self.connection.execute(f"insert into {SCHEMA}.{name} select * from tabulated")
            self.connection.unregister("tabulated")

    def derive(self, name: str, make: Callable[[duckdb.DuckDBPyConnection], str]) -> None:
        """A view like the others."""
        self.relate(name, make(self.connection))


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


def write_night_catalog(engine: Engine, home: Home, settings: Settings, as_of: AsOf) -> None:
    """The raw catalog of a night: all that its models read beside the seeds."""
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    write_catalog(
        engine, home, known_profiles(settings), rules, as_of, settings.reporting_currency, load_registry(settings),
        settings.fiscal_year_start_month, settings.phone_region, partial(home_key, home, settings),
    )  # fmt: skip


def write_catalog(
    engine: Engine, home: Home, profiles: Mapping[str, Profile], rules: Iterable[FieldRule], as_of: AsOf,
    reporting_currency: str, registry: Registry = NO_REGISTRY, fiscal_start_month: int = 1, phone_region: str = "FR",
    key: Callable[[], PseudonymKey] | None = None,
) -> None:  # fmt: skip
    """Write every raw relation that a model may name; a feed without files is an empty relation.

    The registry's tables are there too, empty where nothing is agreed on.
    """
    ledger = Ledger(home.ledger)
    instant = as_of.instant.isoformat(sep=" ")
    extracts = {
        feed: known for feed, pairs in ledger.extracts().items() if (known := [pair for pair in pairs if pair[0] <= instant])
    }
    segments, sightings, unsure = ledger.segments(), ledger.sightings(), _unsure_extracts(ledger, profiles)
    without_doubles = ledger.files_without_doubles()
    all_times = {feed: sorted({at for at, _ in pairs}) for feed, pairs in ledger.extracts().items()}
    engine.create_schema()
    for profile in profiles.values():
        for feed in profile.feeds.values():
            known = FeedExtracts(
                home.raw / feed.name, extracts.get(feed.name, []), segments.get(feed.name, []),
                all_times.get(feed.name, []), sightings.get(feed.name), unsure.get(feed.name, set()), without_doubles,
            )  # fmt: skip
            engine.relate(feed.relation, feed_sql(profile, feed, known))
            if feed.key:
                engine.relate(f"{feed.relation}__versions", versions_sql(profile, feed, known))
    naming = [
        (f"{SCHEMA}.{feed.relation}{suffix}", column)
        for profile in profiles.values()
        if names_records_by_address(profile)
        for feed in profile.feeds.values()
        for suffix in (("", "__versions") if feed.key else ("",))
        for column in naming_columns(feed)
    ]
    engine.derive("record_pseudonym", lambda connection: pseudonyms_of(connection, naming, home.verdicts, key))
    for entity in ENTITIES:
        engine.relate(f"canonical__{entity}", canonical_sql(entity, profiles.values(), set(extracts)))
    for entity in ("lead", "deal"):
        sql = canonical_sql(entity, profiles.values(), set(extracts), versions=True)
        engine.relate(f"canonical__{entity}__versions", sql)
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
    engine.tabulate(
        "profile_stage",
        {"source_system": "varchar", "record_type": "varchar", "vendor_stage": "varchar", "stage": "varchar",
         "event": "varchar", "reason_code": "varchar"},
        [
            (profile.vendor, record_type, vendor_stage, meaning.stage, meaning.event, meaning.reason_code)
            for profile in profiles.values()
            for record_type, meanings in profile.stages.items()
            for vendor_stage, meaning in meanings.items()
        ],
    )  # fmt: skip
    _write_feed_status(engine, ledger, profiles, as_of, extracts)
    full = [feed for profile in profiles.values() for feed in profile.feeds.values() if feed.delivery == "full"]
    full_extracts = {(feed.vendor, feed.entity): extracts.get(feed.name, []) for feed in full}
    engine.relate("feed_extract", extracts_sql(full_extracts, unsure))
    engine.relate("restatement", restatements_sql(home))
    engine.tabulate(
        "field_rule",
        {"rule_no": "smallint", "entity_type": "varchar", "field_name": "varchar", "steward_team": "varchar",
         "required_from": "varchar", "sla_days": "integer", "validity": "varchar", "annual_decay": "double", "weight": "double",
         "minutes_to_mend": "double", "is_immutable": "boolean", "is_single_valued": "boolean", "legal_basis": "varchar"},
        [
            (number, rule.entity_type, rule.field_name, rule.steward_team, rule.required_from, rule.sla_days, rule.validity,
             rule.annual_decay, rule.weight, rule.minutes_to_mend, rule.is_immutable, rule.is_single_valued,
             rule.legal_basis)
            for number, rule in enumerate(rules, start=1)
        ],
    )  # fmt: skip
    engine.tabulate(
        "profile_field",
        {"source_system": "varchar", "source_entity": "varchar", "canonical_column": "varchar"},
        sorted({
            (profile.vendor, feed.entity, column)
            for profile in profiles.values()
            for feed in profile.feeds.values()
            if feed.canonical and feed.canonical.entity in ("lead", "account")
            for column in [*feed.canonical.columns, *feed.canonical.constants]
        }),
    )  # fmt: skip
    engine.derive("contact_value", lambda connection: _verdicts_sql(connection, home, phone_region))
    engine.derive("check_result", lambda _: earlier_results_sql(home.check_results, as_of.day))
    for table in registry_tables(registry, as_of.day, fiscal_start_month):
        engine.tabulate(table.name, table.columns, table.rows)


def _verdicts_sql(connection: duckdb.DuckDBPyConnection, home: Home, phone_region: str) -> str:
    store = refresh_verdicts(connection, contact_values_sql(SCHEMA), home.verdicts, phone_region)
    return f"select * from read_parquet({quoted(store)})"


def _unsure_extracts(ledger: Ledger, profiles: Mapping[str, Profile]) -> dict[str, set[str]]:
    """Feed → extract times from which nothing can be said to be gone."""
    unsure = ledger.unsure_extracts()
    feeds = {feed.name: feed for profile in profiles.values() for feed in profile.feeds.values()}
    for name in ledger.extracts():
        if name in feeds:
            unsure.setdefault(name, set()).update(collapsed_extracts(feeds[name], ledger.extract_figures(name)))
    return unsure


def _write_feed_status(
    engine: Engine, ledger: Ledger, profiles: Mapping[str, Profile], as_of: AsOf,
    extracts: Mapping[str, list[tuple[str, str]]],
) -> None:  # fmt: skip
    totals = ledger.feed_totals(as_of.instant.isoformat(sep=" "))
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
