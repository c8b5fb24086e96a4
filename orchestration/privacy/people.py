"""The people that raw knows by an e-mail address: what their records say of them, and which records are one person's.

Found in the segments themselves, so also what no model reads.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Feed, Profile
from orchestration.landing.row_versions import quoted
from orchestration.privacy.columns import person_columns
from orchestration.privacy.details import prepare


@dataclass(frozen=True)
class Person:
    """What is known of one person by his addresses. Details that other people share are left out."""

    mailboxes: list[str]
    phones: list[str]
    names: list[list[str]]
    records: list[tuple[str, str, str]]
    linked: bool


def open_people(home: Home, profiles: Mapping[str, Profile]) -> duckdb.DuckDBPyConnection:
    """A connection with the table `people`: vendor, feed, noun, id, mailbox, phone, first_words, last_words."""
    connection = open_duckdb()
    prepare(connection)
    connection.execute(
        "create temp table people (vendor varchar, feed varchar, noun varchar, id varchar, mailbox varchar, phone varchar, "
        "words varchar[])"
    )
    feeds = {feed.name: feed for profile in profiles.values() for feed in profile.feeds.values()}
    for name, segments in Ledger(home.ledger).segments().items():
        if name in feeds:
            _add(connection, feeds[name], [home.raw / name / f"{segment.content_hash}.parquet" for segment in segments])
    return connection


def _add(connection: duckdb.DuckDBPyConnection, feed: Feed, paths: list[Path]) -> None:
    source = f"read_parquet([{', '.join(map(quoted, paths))}], union_by_name = true)"
    present = [row[0] for row in connection.execute(f"describe from {source}").fetchall()]
    columns = person_columns(feed, present)
    key = feed.key[0] if len(feed.key) == 1 and feed.key[0] in columns.references else None
    phones = " , ".join(f'phone_digits("{name}")' for name in columns.phone)
    noun = quoted(columns.references[key]) if key else "null"
    for email in columns.email:
        for names in columns.names or [()]:
            whole = " || ' ' || ".join(f"coalesce(\"{name}\"::varchar, '')" for name in names) or "''"
            connection.execute(
                f"""
                insert into people
                select distinct {quoted(feed.vendor)}, {quoted(feed.name)}, {noun},
                    {f'"{key}"::varchar' if key else "null"}, mailbox("{email}"),
                    unnest({f"[{phones}]" if phones else "[null]"}), words_of({whole})
                from {source} where contains("{email}", '@')
                """
            )


def find_person(connection: duckdb.DuckDBPyConnection, home: Home, emails: Iterable[str]) -> Person:
    """The person behind some addresses: with his other addresses, where the published identity says that they are one."""
    given = [
        row[0]
        for row in connection.execute("select distinct mailbox(unnest(?::varchar[])) order by 1", [list(emails)]).fetchall()
    ]
    linked = _linked_mailboxes(connection, home, given)
    connection.execute("create or replace temp table own as select unnest(?::varchar[]) as mailbox", [[*given, *linked]])
    phones = connection.execute(
        """
        select distinct phone from people where mailbox in (from own) and length(phone) = 9
            and phone not in (select phone from people where mailbox not in (from own) and phone is not null)
        order by 1
        """
    ).fetchall()
    names = connection.execute(
        """
        select distinct words from people where mailbox in (from own) and len(words) between 2 and 6
            and words not in (select words from people where mailbox not in (from own)) order by 1
        """
    ).fetchall()
    records = connection.execute(
        "select distinct vendor, noun, id from people where mailbox in (from own) and id is not null order by all"
    ).fetchall()
    return Person([*given, *linked], [row[0] for row in phones], [row[0] for row in names], records, bool(linked))


def words_of_own_rows(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Single words of the person's names: looked for in his own rows only."""
    rows = connection.execute(
        "select distinct word from (select unnest(words) as word from people where mailbox in (from own)) "
        "where length(word) >= 3 order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def _linked_mailboxes(connection: duckdb.DuckDBPyConnection, home: Home, given: list[str]) -> list[str]:
    """Other addresses of the same person, as the last published identity has it; none where an address is of several people."""
    if not home.current.exists():
        return []
    connection.execute(f"attach {quoted(home.current.resolve())} as published (read_only)")
    try:
        connection.execute("create or replace temp table asked as select unnest(?::varchar[]) as mailbox", [given])
        rows = connection.execute(
            """
            with records as (
                select distinct people.mailbox, identity.person_key, people.vendor, people.id
                from people join published.marts.bdg_person_identity as identity
                    on identity.source_system = people.vendor and identity.source_id = people.id
                where identity.valid_to is null
            ),
            asked_keys as (
                select person_key from records where mailbox in (from asked)
                qualify count(*) over (partition by mailbox) >= 1
                    and count(distinct person_key) over (partition by mailbox) = 1
            )
            select distinct mailbox from records
            where person_key in (from asked_keys) and mailbox not in (from asked) order by 1
            """
        ).fetchall()
        return [row[0] for row in rows]
    except duckdb.CatalogException:
        return []
    finally:
        connection.execute("detach published")
