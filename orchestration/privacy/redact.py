"""Rows of a feed without what they say of erased people: the rows stay, and with them every count of them.

A row is somebody's own (his address in an address column, his id as its key, or his name or phone without anybody else's
address) or refers to him. Of own rows all personal columns go, of both kinds free text and every cell that names him.
"""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from orchestration.engine import open_duckdb, register
from orchestration.landing.profiles import Feed, Profile
from orchestration.landing.row_versions import quoted
from orchestration.privacy.columns import PersonColumns, person_columns
from orchestration.privacy.details import ERASED_DOMAIN, find_details, keep_erased, name_sizes, prepare
from orchestration.privacy.erasure_ledger import Erased
from orchestration.privacy.pseudonym import mark_sql

_FIELD_OF_A_PERSON = "email|mail|phone|mobile|fax|name|nom|title|address|street|city|birth|description"


class Redactor:
    """Rewrites Parquet files of raw; one connection for all of them."""

    def __init__(self, erased: Erased):
        self._erased = erased
        # A text that stands in many files is rewritten once.
        self.rewritten: dict[str, str] = {}
        self.connection = open_duckdb()
        prepare(self.connection)

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()

    def redact(self, profile: Profile | None, feed: Feed | None, vendor: str, source: Path, target: Path) -> int:
        """Write `target` when a row of `source` is of an erased person; return how many rows that are."""
        connection = self.connection
        present = [row[0] for row in connection.execute(f"describe from read_parquet({quoted(source)})").fetchall()]
        columns = person_columns(feed, present) if feed else _unknown_columns(present)
        if not columns.searched:
            return 0
        relation = f"read_parquet({quoted(source)}, file_row_number = true)"
        self._find_hits(relation, columns, vendor)
        self._judge_rows(relation, columns)
        n_rows = connection.execute("select count(*) from touched").fetchone()[0]
        if n_rows:
            listed = ", ".join(f"{_cell(name, columns)} as {_name(name)}" for name in present)
            connection.execute(
                f"copy (select {listed} from {relation} as r left join touched as t on r.file_row_number = t.row_no "
                f"order by r.file_row_number) to {quoted(target)} (format parquet, compression zstd)"
            )
        return n_rows

    def erased_among(self, texts: Iterable[str]) -> set[str]:
        """Of some texts those that name an erased person."""
        self._find_in(list(texts))
        return {row[0] for row in self.connection.execute("select distinct text from hits").fetchall()}

    def concerns(self, feed: Feed, paths: list[Path]) -> bool:
        """Whether any of a feed's files may hold an erased person: asked once before each is looked at."""
        relation = f"read_parquet([{', '.join(map(quoted, paths))}], union_by_name = true)"
        present = [row[0] for row in self.connection.execute(f"describe from {relation}").fetchall()]
        columns = person_columns(feed, present)
        if not columns.searched:
            return False
        self._find_hits(relation, columns, feed.vendor)
        return self.connection.execute(
            "select exists (from hits where kind <> 'part') or exists (from record_hits)"
        ).fetchone()[0]

    def is_in(self, texts: list[str]) -> bool:
        """Whether free texts, such as the lines of a file, name an erased person."""
        self._find_in(texts)
        return bool(self.connection.execute("select count(*) from hits where kind <> 'part'").fetchone()[0])

    def hits(self, texts: list[str]) -> set[tuple[str, str]]:
        """(kind, detail) of what in these texts was erased."""
        self._find_in(texts)
        return set(self.connection.execute("select distinct kind, detail from hits where kind <> 'part'").fetchall())

    def erased_texts(self, relation: str) -> list[str]:
        """The texts (column `text`) of a relation that name an erased person; `self.connection` must know it."""
        find_details(self.connection, relation, name_sizes(self._erased))
        keep_erased(self.connection, self._erased)
        return [row[0] for row in self.connection.execute("select distinct text from hits where kind <> 'part'").fetchall()]

    def _find_in(self, texts: list[str]) -> None:
        register(self.connection, "given", pa.table({"text": pa.array(texts, pa.string())}))
        find_details(self.connection, "given", name_sizes(self._erased))
        keep_erased(self.connection, self._erased)

    def _find_hits(self, relation: str, columns: PersonColumns, vendor: str) -> None:
        cells = ", ".join(f"{_name(name)}::varchar" for name in columns.searched)
        whole = [" || ' ' || ".join(f"coalesce({_name(part)}, '')" for part in name) for name in columns.names if len(name) > 1]
        listed = ", ".join([cells, *whole])
        find_details(
            self.connection, f"(select unnest([{listed}]) as text from {relation})", name_sizes(self._erased), parts=True
        )
        keep_erased(self.connection, self._erased)
        self._find_records(relation, columns, vendor)

    def _find_records(self, relation: str, columns: PersonColumns, vendor: str) -> None:
        """References to an erased person's records, as the temporary table `record_hits`: column, text, subject."""
        nouns = {"who": ["lead", "contact", "who"]}
        selects = [
            f"select distinct {quoted(name)} as name, {_name(name)}::varchar as text, {quoted(noun)} as noun from {relation}"
            for name, own in columns.references.items()
            for noun in nouns.get(own, [own])
        ]
        if not selects:
            self.connection.execute("create or replace temp table record_hits (name varchar, text varchar, subject varchar)")
            return
        self.connection.execute(
            f"""
            create or replace temp table record_hits as
            with named as (
                select name, text,
                    {quoted(vendor)} || ':' || noun || ':' || unnest(string_split_regex(text, '[;,]\\s*')) as detail
                from ({" union all ".join(selects)}) where text is not null
            ),
            marked as (
                select detail, {mark_sql("'record'", "detail")} as mark from (select distinct detail from named)
            )
            select distinct named.name, named.text, marks.subject
            from named join marked using (detail) join marks on marks.kind = 'record' and marks.mark = marked.mark
            """,
            self._erased.key.sql_parameters(),
        )

    def _judge_rows(self, relation: str, columns: PersonColumns) -> None:
        """Rows that are touched, as the temporary table `touched`: row_no, subject, is_own."""
        renamed = ", ".join(f"{_name(name)}::varchar as {_name(name)}" for name in columns.searched)
        whole = "".join(
            f", coalesce({_name(first)}, '') || ' ' || coalesce({_name(last)}, '') as {_name('/name')}"
            for first, last in [name for name in columns.names if len(name) > 1][:1]
        )
        named = f"(select file_row_number as row_no, {renamed}{whole} from {relation})"
        cells = f"(unpivot {named} on * exclude (row_no) into name name value text)"
        references = " union all ".join(
            f"select file_row_number as row_no, {quoted(name)} as name, {_name(name)}::varchar as text from {relation}"
            for name in columns.references
        )
        references = references or "select null::bigint as row_no, null::varchar as name, null::varchar as text where false"
        own_columns = ", ".join(map(quoted, columns.email)) or "''"
        keys = ", ".join(map(quoted, columns.key)) or "''"
        self.connection.execute(
            f"""
            create or replace temp table touched as
            with named as (
                select cells.row_no, hits.kind, hits.subject, cells.name in ({own_columns}) as is_own_column
                from {cells} as cells join (select distinct text, kind, subject from hits where kind <> 'part') as hits
                    on cells.text = hits.text
            ),
            others as (
                select distinct cells.row_no
                from {cells} as cells
                join (
                    select distinct text from details join texts using (text_no)
                    where kind = 'email' and not ends_with(detail, '@{ERASED_DOMAIN}')
                        and (text, detail) not in (select (text, detail) from hits where kind = 'email')
                ) as foreign_texts on cells.text = foreign_texts.text
                where cells.row_no in (select row_no from named)
            ),
            referred as (
                select cells.row_no, record_hits.subject, cells.name in ({keys}) as is_own_column
                from ({references}) as cells join record_hits using (name, text)
            ),
            judged as (
                select row_no, subject, kind = 'email' and is_own_column as is_own, kind = 'email' as is_sure, kind from named
                union all
                select row_no, subject, is_own_column, true, 'record' from referred
            )
            select row_no, min(subject) as subject,
                bool_or(is_own) or (not bool_or(is_sure) and not bool_or(row_no in (select row_no from others))) as is_own
            from judged group by row_no
            having bool_or(is_sure) or not bool_or(row_no in (select row_no from others))
            """
        )


def _cell(name: str, columns: PersonColumns) -> str:
    cell = f"r.{_name(name)}"
    if name not in columns.searched and name not in columns.personal:
        return cell
    any_hit = f"r.{_name(name)}::varchar in (select text from hits)"
    own_mark = f"(select substr(min(mark), 1, 16) from hits where text = {cell}::varchar and kind <> 'part')"
    key_token = f"'erased-' || coalesce({own_mark}, t.subject)"
    if name in columns.references:
        return cell
    if name in columns.email:
        # The same stands for the person in every feed, so that his records stay joined; as a key each address has its own.
        token = f"{key_token} || '@{ERASED_DOMAIN}'" if name in columns.key else f"t.subject || '@{ERASED_DOMAIN}'"
        keep = f"{cell} is null or ends_with({cell}, '@{ERASED_DOMAIN}')"
        goes = f"t.row_no is not null and {any_hit}"
        return f"case when t.is_own and not ({keep}) then {token} when {goes} then null else {cell} end"
    if name in columns.key:
        strong = f"r.{_name(name)}::varchar in (select text from hits where kind <> 'part')"
        return f"case when t.row_no is not null and {strong} then {key_token} else {cell} end"
    goes = ["t.row_no is not null and " + any_hit] if name in columns.searched else []
    if name in columns.personal:
        goes.append("t.is_own")
    if name in columns.free:
        history = [field for field in ("field", "field_name", "name", "property_name") if field in columns.searched]
        about = (
            f"regexp_matches(lower(r.{_name(history[0])}), '{_FIELD_OF_A_PERSON}')" if history and "value" in name else "true"
        )
        goes.append(f"t.row_no is not null and {about}")
    return f"case when {' or '.join(f'coalesce({reason}, false)' for reason in goes)} then null else {cell} end"


def _unknown_columns(present: list[str]) -> PersonColumns:
    """Of a feed whose profile is gone: only what the texts themselves say."""
    return PersonColumns(present, [], [], [], [], [], [], {})


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
