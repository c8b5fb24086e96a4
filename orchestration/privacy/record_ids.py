"""Records that a profile names by an e-mail address: a keyed pseudonym stands for the address, as an id, in all that is built.

A hash without a key would be no secret: whoever knows an address could look it up in the marts.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from orchestration.durable import write
from orchestration.home import Home
from orchestration.landing.profiles import Feed, Profile
from orchestration.landing.row_versions import quoted
from orchestration.privacy.columns import person_columns
from orchestration.privacy.pseudonym import KeyRefusedError, PseudonymKey, load_key, mark_sql
from orchestration.settings import Settings

# Canonical columns that name a record: where one source names its records by address, so do its references to them.
NAMING_COLUMNS = frozenset(
    ("id", "lead_id", "account_id", "parent_id", "owner_id", "customer_id", "record_id", "converted_deal_id")
)
_KIND, _FILE = "record_id", "pseudonyms.json"


def names_records_by_address(profile: Profile) -> bool:
    """Whether a feed of the profile gives an e-mail column as the id of its records."""
    return any(
        feed.canonical and feed.canonical.columns["id"] in person_columns(feed, list(feed.columns)).email
        for feed in profile.feeds.values()
    )


def naming_columns(feed: Feed) -> list[str]:
    """The columns of a feed that name records."""
    mapped = feed.canonical.columns if feed.canonical else {}
    return sorted({column for name, column in mapped.items() if name in NAMING_COLUMNS})


def pseudonym_of(key: PseudonymKey, record_id: str) -> str:
    """The pseudonym of one id, as the raw catalog has it."""
    return key.mark(_KIND, record_id.strip().lower())


def pseudonym_sql(column: str) -> str:
    """SQL for a column that names records: an address gives its pseudonym, never itself."""
    known = f"(select pseudonym from raw.record_pseudonym as known where known.id = lower(trim({column})))"
    return f"case when contains({column}, '@') then {known} else {column} end"


def pseudonyms_of(
    connection: duckdb.DuckDBPyConnection, relations: Iterable[tuple[str, str]], folder: Path, key: Callable[[], PseudonymKey]
) -> str:
    """SQL for every address that names a record and its pseudonym: (id, pseudonym).

    Args:
        connection: Where the relations are.
        relations: Relation and column that names records.
        folder: Where the pairs are kept, as Parquet: the owner's alone, and forgotten with the candidate.
        key: Gives the key; not asked where no record is named so.

    """
    none = "select cast(null as varchar) as id, cast(null as varchar) as pseudonym where 1 = 0"
    named = " union all ".join(f'select lower(trim("{column}")) as id from {relation}' for relation, column in relations)
    if not named:
        return none
    connection.execute(
        f"create or replace temp table addresses as select distinct id from ({named}) where contains(id, '@') order by 1"
    )
    if not connection.execute("select count(*) from addresses").fetchone()[0]:
        return none
    connection.execute(
        f"create or replace temp table pseudonyms as select id, {mark_sql(quoted(_KIND), 'id')} as pseudonym from addresses",
        key().sql_parameters(),
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "record_pseudonyms.parquet"
    unfinished = path.with_suffix(".tmp")
    connection.execute(f"copy pseudonyms to {quoted(unfinished)} (format parquet, compression zstd)")
    connection.execute("drop table pseudonyms")
    connection.execute("drop table addresses")
    unfinished.replace(path)
    return f"select id, pseudonym from read_parquet({quoted(path)})"


def has_pseudonyms(home: Home) -> bool:
    """Whether a night of this home ever needed one."""
    return (home.root / _FILE).exists()


def home_key(home: Home, settings: Settings) -> PseudonymKey:
    """The key of this home's pseudonyms: made on first use, and from then on no other will do.

    Raises:
        KeyRefusedError: it is missing, or another: every person would get a new key in the marts.

    """
    noted = home.root / _FILE
    key = load_key(settings, home, create=not noted.exists())
    identity = key.mark("key", "identity")
    if not noted.exists():
        write(noted, json.dumps({"key": identity}) + "\n")
    elif json.loads(noted.read_text())["key"] != identity:
        raise KeyRefusedError("the pseudonym key is not the one with which this home names its records; put the old one back")
    return key
