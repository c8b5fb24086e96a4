"""The right to erasure and the right of access, for the people behind some e-mail addresses."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import duckdb

from orchestration import failpoints
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Profile, known_profiles
from orchestration.landing.raw_parquet import MARK
from orchestration.landing.row_versions import quoted
from orchestration.privacy.details import prepare
from orchestration.privacy.erasure_ledger import ErasureLedger, Mark, load_erased
from orchestration.privacy.people import Person, find_person, open_people, words_of_own_rows
from orchestration.privacy.places import clear_places
from orchestration.privacy.pseudonym import PseudonymKey, load_key
from orchestration.privacy.record_ids import has_pseudonyms, home_key, names_records_by_address, pseudonym_of
from orchestration.settings import Settings


class NoAddressError(Exception):
    """What was given is no e-mail address (exit code 4)."""


def erase(
    home: Home,
    settings: Settings,
    emails: Iterable[str],
    today: dt.date,
    progress: Callable[[str], None],
    serve: Callable[[Path], object] | None = None,
) -> dict:
    """Erase people everywhere in a home; the caller holds its lock.

    The ledger of erasures is written first: an erasure that is broken off is finished by the next one, and landing
    keeps the person out from then on. `serve` takes the published file to a server that has the marts too.

    Returns:
        A receipt without personal data.

    """
    emails = [_address(email) for email in emails]
    profiles = known_profiles(settings)
    erasures = ErasureLedger(home, settings)
    key = load_key(settings, home, create=not erasures.marks())
    erasures.require_key(key)
    persons: list[Person] = []
    marks: list[Mark] = []
    with open_people(home, profiles) as connection:
        for email in emails:
            person = find_person(connection, home, [email])
            persons.append(person)
            marks += _marks(key, person, words_of_own_rows(connection), today)
    erasures.add(key, marks)
    failpoints.passed("after:erasure_noted")
    erased = load_erased(home, settings)
    cleared = clear_places(home, profiles, erased, progress)
    if serve and home.current.exists():
        progress("the server's marts")
        serve(home.current.resolve())
    return {
        "erased_on": today.isoformat(),
        "subjects": sorted({mark.subject for mark in marks}),
        "addresses_given": len(emails),
        "addresses_of_the_same_people": sum(len(person.mailboxes) for person in persons) - len(emails),
        "records_found": sum(len(person.records) for person in persons),
        **asdict(cleared),
    }


def finish_erasures(home: Home, settings: Settings, progress: Callable[[str], None]) -> dict | None:
    """Apply the ledger of erasures to a home, as after a restore; None when nobody was erased."""
    erased = load_erased(home, settings)
    if erased is None:
        return None
    # Written to both places, whichever of them knew more.
    ErasureLedger(home, settings).add(erased.key, erased.marks)
    return asdict(clear_places(home, known_profiles(settings), erased, progress))


def access(home: Home, settings: Settings, email: str) -> dict:
    """What is kept on one person, by feed: every row version that holds his address or his record's id."""
    mailboxes, records = [_address(email)], []
    profiles = known_profiles(settings)
    with open_people(home, profiles) as connection:
        person = find_person(connection, home, mailboxes)
        found = {}
        for name, segments in Ledger(home.ledger).segments().items():
            rows = _rows_of(connection, person, name, [home.raw / name / f"{item.content_hash}.parquet" for item in segments])
            if rows:
                found[name] = rows
        records = [f"{vendor}:{noun}:{identifier}" for vendor, noun, identifier in person.records]
        named = _named_records(home, settings, profiles, [_address(email), *person.mailboxes])
        published = _published_of(connection, home, [*((vendor, key) for vendor, _, key in person.records), *named])
    return {
        "addresses": person.mailboxes, "records": records, "rows": found, "published": published,
        "sources": _sources(profiles, found),
    }  # fmt: skip


def _sources(profiles: Mapping[str, Profile], found: Mapping[str, list]) -> dict[str, str]:
    return {name: profiles[name.split("/")[0]].label for name in found if name.split("/")[0] in profiles}


def _rows_of(connection: duckdb.DuckDBPyConnection, person: Person, feed: str, paths: list) -> list[dict]:
    vendor = feed.split("/")[0]
    listed = ", ".join(quoted(path) for path in paths)
    source = f"read_parquet([{listed}], union_by_name = true)"
    texts = [row[0] for row in connection.execute(f"describe from {source}").fetchall() if row[1] == "VARCHAR"]
    ids = [identifier for owner, _, identifier in person.records if owner == vendor]
    cells = ", ".join(f'"{name}"' for name in texts)
    prepare(connection)
    rows = connection.execute(
        f"select distinct * from {source} where list_has_any([{cells}], ?::varchar[]) or list_has_any("
        f"list_transform(list_filter([{cells}], lambda cell: contains(cell, '@')), lambda cell: mailbox(cell)), ?::varchar[]) "
        "order by all",
        [ids, person.mailboxes],
    )
    names = [column[0] for column in rows.description]
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not None and name != MARK}
        for row in rows.fetchall()
    ]


def _named_records(
    home: Home, settings: Settings, profiles: Mapping[str, Profile], addresses: list[str]
) -> list[tuple[str, str]]:
    """(source, pseudonym) of the person's records in sources that name records by their address."""
    sources = [vendor for vendor, profile in profiles.items() if names_records_by_address(profile)]
    if not sources or not has_pseudonyms(home):
        return []
    key = home_key(home, settings)
    return [(vendor, pseudonym_of(key, address)) for vendor in sources for address in addresses]


def _published_of(connection: duckdb.DuckDBPyConnection, home: Home, records: list[tuple[str, str]]) -> dict[str, list[dict]]:
    """The rows of every published mart that carry the key of the person with these records, as (source, id)."""
    if not home.current.exists() or not records:
        return {}
    connection.execute(f"attach {quoted(home.current.resolve())} as published (read_only)")
    known = "select count(*) from duckdb_tables() where database_name = 'published' and table_name = 'bdg_person_identity'"
    if not connection.execute(known).fetchone()[0]:
        connection.execute("detach published")
        return {}
    found = {}
    systems, ids = [source for source, _ in records], [identifier for _, identifier in records]
    connection.execute(
        "create or replace temp table own_keys as select distinct person_key from published.marts.bdg_person_identity "
        "where (source_system, source_id) in (select (unnest(?::varchar[]), unnest(?::varchar[])))",
        [systems, ids],
    )
    tables = connection.execute(
        "select table_name from duckdb_columns() where database_name = 'published' and column_name = 'person_key' order by 1"
    ).fetchall()
    for (table,) in tables:
        rows = connection.execute(f'select * from published.marts."{table}" where person_key in (from own_keys) order by all')
        names = [column[0] for column in rows.description]
        kept = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        if kept:
            found[table] = kept
    connection.execute("detach published")
    return found


def _address(email: str) -> str:
    text = email.strip()
    name, at, host = text.partition("@")
    if not (name and at and "." in host) or any(letter.isspace() for letter in text):
        raise NoAddressError("give one e-mail address, such as tandem erase jane.doe@example.org")
    return text


def _marks(key: PseudonymKey, person: Person, parts: list[str], today: dt.date) -> list[Mark]:
    subject = key.mark("email", person.mailboxes[0])[:16]
    details = [("email", mailbox, 0) for mailbox in person.mailboxes]
    details += [("phone", phone, 0) for phone in person.phones]
    for words in person.names:
        # In a text the family name may come first.
        for order in (words, [*words[1:], words[0]], [words[-1], *words[:-1]]):
            details.append(("name", " ".join(order), len(order)))
    details += [("part", part, 1) for part in parts]
    details += [("record", ":".join(record), 0) for record in person.records]
    day = today.isoformat()
    return [Mark(kind, key.mark(kind, text), subject, words, day) for kind, text, words in dict.fromkeys(details)]
