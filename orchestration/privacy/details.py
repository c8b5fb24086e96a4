"""What in a text may tell who a person is, e-mail addresses, phone numbers, words of names, and which of it was erased.

Set-based: texts come as a table, each is looked at once, and only marks are compared.
"""

import duckdb

from orchestration.privacy.erasure_ledger import Erased
from orchestration.privacy.pseudonym import mark_sql

EMAIL_PATTERN = r"[^\s@<>\"'';,()\[\]{}:/\\|=?&]+@[^\s@<>\"'';,()\[\]{}:/\\|=?&]+\.[^\s@<>\"'';,()\[\]{}:/\\|=?&]+"
_PHONE_PATTERN = r"\+?[0-9][0-9 .()/\-]{7,}[0-9]"
_WORD_PATTERN = r"[\p{L}\p{N}]+"
ERASED_DOMAIN = "erased.invalid"

# One mailbox has one mark: without a plus tag, dots of Gmail folded; as `email_alias` in the identity rules.
_MACROS = f"""
create or replace temp macro mailbox_host(email) as
    replace(rtrim(split_part(trim(lower(email)), '@', 2), '.'), 'googlemail.com', 'gmail.com');
create or replace temp macro mailbox_name(email) as
    regexp_replace(split_part(trim(lower(email)), '@', 1), '[+].*$', '');
create or replace temp macro mailbox(email) as
    case when mailbox_host(email) = 'gmail.com' then replace(mailbox_name(email), '.', '') else mailbox_name(email) end
    || '@' || mailbox_host(email);
create or replace temp macro phone_digits(text) as right(regexp_replace(text, '[^0-9]', '', 'g'), 9);
create or replace temp macro words_of(text) as
    regexp_extract_all(strip_accents(lower(text)), '{_WORD_PATTERN}');
"""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the macros that this room's SQL uses."""
    connection.execute(_MACROS)


def find_details(connection: duckdb.DuckDBPyConnection, relation: str, n_words: list[int], *, parts: bool = False) -> None:
    """From a relation with a column `text` to the temporary tables `texts` and `details` (text_no, kind, detail).

    `parts`: also single words, which are looked for in a person's own rows only.
    """
    connection.execute(
        "create or replace temp table texts as "
        f"select row_number() over () as text_no, text from (select distinct text from {relation} where text is not null)"
    )
    connection.execute("create or replace temp table worded as select text_no, words_of(text) as w from texts")
    names = "".join(f" union {_n_grams_sql(n)}" for n in n_words)
    single = " union select text_no, 'part', unnest(w) from worded" if parts else ""
    connection.execute(
        f"""
        create or replace temp table details as
        with found as (
            select text_no, 'email' as kind,
                mailbox(unnest(regexp_extract_all(replace(text, '%40', '@'), $${EMAIL_PATTERN}$$))) as detail
            from texts where contains(text, '@') or contains(text, '%40')
            union
            select text_no, 'phone', phone_digits(unnest(regexp_extract_all(text, '{_PHONE_PATTERN}'))) from texts
            {single} {names}
        )
        from found where kind <> 'phone' or length(detail) = 9
        """
    )


def _n_grams_sql(n: int) -> str:
    """Runs of n words. Lists are laid beside one another: a lambda over one would copy it for each of its words."""
    lists = ", ".join(["w", *(f"w[{start}:]" for start in range(2, n + 1))])
    words = " || ' ' || ".join(f"z[{place}]" for place in range(1, n + 1))
    runs = f"select text_no, unnest(list_zip({lists})) as z from worded"
    return f"select text_no, 'name', {words} from ({runs}) where z[{n}] is not null"


def keep_erased(connection: duckdb.DuckDBPyConnection, erased: Erased) -> None:
    """Of `details` those that were erased, as the temporary table `hits`: text, kind, detail, mark, subject."""
    load_marks(connection, erased)
    connection.execute(
        f"""
        create or replace temp table hits as
        with marked as (
            select kind, detail, {mark_sql("kind", "detail")} as mark
            from (select distinct kind, detail from details where kind in (select kind from marks))
        ),
        erased as (
            select kind, detail, mark, marks.subject from marked join marks using (kind, mark)
        )
        select texts.text, details.kind, details.detail, erased.mark, erased.subject
        from details join erased using (kind, detail) join texts using (text_no)
        """,
        erased.key.sql_parameters(),
    )


def load_marks(connection: duckdb.DuckDBPyConnection, erased: Erased) -> None:
    """The marks as the temporary table `marks`: kind, mark, subject."""
    connection.execute("create or replace temp table marks (kind varchar, mark varchar, subject varchar)")
    rows = sorted({(mark.kind, mark.mark, mark.subject) for mark in erased.marks})
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.execute("insert into marks select unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::varchar[])", columns)


def name_sizes(erased: Erased) -> list[int]:
    """Of how many words the erased names are."""
    return sorted({mark.words for mark in erased.marks if mark.kind == "name"})
