"""Every place of a home in which an erased person may stand, made free of him; nothing here knows who he is but by marks.

Run after an erasure, after a restore and whenever one of them was broken off: what is free already stays as it is.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration import failpoints
from orchestration.durable import fsync, remove
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import Profile
from orchestration.landing.raw_store import remove_strays
from orchestration.landing.row_versions import quoted
from orchestration.privacy.erasure_ledger import Erased, ledger_place
from orchestration.privacy.free_text import files_that_name, names_anybody, reason_without, unescaped, without_erased
from orchestration.privacy.redact import Redactor

_OWN_FILES = ("home.json", "run.lock")


@dataclass
class Cleared:
    """What was done, in counts only."""

    rows_redacted: int = 0
    segments_rewritten: int = 0
    originals_removed: int = 0
    quarantined_removed: int = 0
    published_files_rewritten: int = 0
    database_cells_redacted: int = 0
    text_files_rewritten: int = 0
    files_removed: list[str] = field(default_factory=list)


def clear_places(home: Home, profiles: Mapping[str, Profile], erased: Erased, progress: Callable[[str], None]) -> Cleared:
    """Make a whole home free of the erased. The caller holds the home's lock."""
    redactor, cleared = Redactor(erased), Cleared()
    try:
        progress("raw: row versions")
        _clear_segments(home, profiles, redactor, cleared)
        failpoints.passed("after:segments")
        progress("raw: kept originals")
        _clear_originals(home, redactor, cleared)
        failpoints.passed("after:originals")
        progress("quarantine, logs, pages")
        _clear_quarantine(home, redactor, cleared)
        progress("published versions")
        _clear_published(home, redactor, cleared)
        failpoints.passed("after:published")
        _forget_build(home)
        for database in sorted([home.ledger, *home.dagster.rglob("*.db")]):
            if database.exists():
                cleared.database_cells_redacted += clear_sqlite(database, redactor)
        failpoints.passed("after:databases")
        _clear_other_files(home, redactor, cleared)
    finally:
        redactor.close()
    return cleared


def _clear_segments(home: Home, profiles: Mapping[str, Profile], redactor: Redactor, cleared: Cleared) -> None:
    ledger = Ledger(home.ledger)
    for name, segments in ledger.segments().items():
        vendor, _, entity = name.partition("/")
        profile = profiles.get(vendor)
        feed = profile.feeds.get(entity) if profile else None
        if feed and not redactor.concerns(feed, [home.raw / name / f"{item.content_hash}.parquet" for item in segments]):
            continue
        for segment in segments:
            old = home.raw / name / f"{segment.content_hash}.parquet"
            unfinished = old.with_name("redacted.parquet.tmp")
            n_rows = redactor.redact(profile, feed, vendor, old, unfinished)
            if not n_rows:
                continue
            content_hash = _sha256(unfinished)
            if content_hash == segment.content_hash:
                # Written anew to the same bytes: these rows were free already.
                unfinished.unlink()
                continue
            fsync(unfinished)
            unfinished.replace(old.with_name(f"{content_hash}.parquet"))
            failpoints.passed("after:redacted")
            ledger.replace_segment(name, segment.number, content_hash)
            # Another feed may have a file of the same content: that one is in a folder of its own.
            if old.stem not in {kept.content_hash for kept in ledger.segments(name)[name]}:
                old.unlink()
            cleared.rows_redacted += n_rows
            cleared.segments_rewritten += 1
    # Of an erasure that was broken off just before it removed a file.
    remove_strays(home, ledger)


def _clear_originals(home: Home, redactor: Redactor, cleared: Cleared) -> None:
    """An original that holds an erased person goes; landing writes it anew from raw if it ever must be read again."""
    for path in files_that_name(redactor, sorted(home.originals.iterdir())):
        path.unlink()
        cleared.originals_removed += 1


def _clear_quarantine(home: Home, redactor: Redactor, cleared: Cleared) -> None:
    for path in sorted(home.quarantine.iterdir()):
        if path.name.endswith(".reason.json"):
            reason_without(redactor, path)
        elif path.name.endswith(".rows.jsonl"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if not redactor.is_in([line])]
            if len(kept) < len(lines):
                path.write_text("".join(kept), encoding="utf-8")
                cleared.quarantined_removed += len(lines) - len(kept)
        elif path.is_file() and names_anybody(redactor, path):
            path.unlink()
            cleared.quarantined_removed += 1


def _clear_published(home: Home, redactor: Redactor, cleared: Cleared) -> None:
    databases = [*home.published.glob("marts_*.duckdb"), *home.published.glob("copy/*.duckdb"), *home.history.rglob("*.duckdb")]
    for path in sorted(databases):
        cleared.published_files_rewritten += clear_duckdb(path, redactor)
    for path in sorted([*home.published.glob("parquet_*/*.parquet"), *home.history.rglob("*.parquet")]):
        cleared.published_files_rewritten += _clear_parquet(path, redactor)


def clear_duckdb(path: Path, redactor: Redactor) -> int:
    """Write a file of marts anew when a text in it names an erased person: deleting would leave the bytes behind."""
    connection = redactor.connection
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    # Under a name of our own: a file called like its schema would be ambiguous.
    connection.execute(f"attach {quoted(path)} as old (read_only)")
    try:
        columns = connection.execute(
            "select schema_name, table_name, list(column_name) filter (data_type = 'VARCHAR') from duckdb_columns() "
            "where database_name = 'old' group by all order by all"
        ).fetchall()
        changes = {
            (schema, table): _changes(redactor, f'old."{schema}"."{table}"', texts or []) for schema, table, texts in columns
        }
        if not any(changes.values()):
            return 0
        connection.execute(f"attach {quoted(unfinished)} as new")
        connection.execute("copy from database old to new (schema)")
        for (schema, table), replaced in changes.items():
            _insert_changed(connection, f'new."{schema}"."{table}"', f'old."{schema}"."{table}"', replaced)
        connection.execute("checkpoint new")
        connection.execute("detach new")
    finally:
        connection.execute("detach old")
    fsync(unfinished)
    unfinished.replace(path)
    return 1


def _clear_parquet(path: Path, redactor: Redactor) -> int:
    connection, source = redactor.connection, f"read_parquet({quoted(path)})"
    described = connection.execute(f"describe from {source}").fetchall()
    changes = _changes(redactor, source, [row[0] for row in described if row[1] == "VARCHAR"])
    if not changes:
        return 0
    connection.execute(f"create or replace temp table kept as from {source} limit 0")
    _insert_changed(connection, "kept", source, changes)
    unfinished = path.with_name(path.name + ".tmp")
    connection.execute(f"copy kept to {quoted(unfinished)} (format parquet, compression zstd)")
    connection.execute("drop table kept")
    fsync(unfinished)
    unfinished.replace(path)
    return 1


def _changes(redactor: Redactor, relation: str, columns: list[str]) -> dict[str, dict[str, str]]:
    """Column → text that names an erased person → the text without him."""
    if not columns:
        return {}
    # A column without such a text need not be looked at alone.
    cells = ", ".join(f'"{column}"' for column in columns)
    texts = set(redactor.erased_texts(f"(select unnest([{cells}]) as text from {relation})"))
    replaced = {text: without_erased(redactor, text) for text in texts}
    return {column: replaced for column in columns} if replaced else {}


def _insert_changed(
    connection: duckdb.DuckDBPyConnection, target: str, source: str, changes: Mapping[str, Mapping[str, str]]
) -> None:
    replaced = ", ".join(
        f'coalesce(map_extract_value(map(?::varchar[], ?::varchar[]), "{column}"), "{column}") as "{column}"'
        for column in changes
    )
    texts = [listed for change in changes.values() for listed in (list(change), list(change.values()))]
    select = f"* replace ({replaced})" if changes else "*"
    connection.execute(f"insert into {target} select {select} from {source}", texts)


def _changed(texts: list[str], redactor: Redactor) -> dict[str, str]:
    # Of a night's thousands of events few name anybody: all are asked at once, only those are looked at alone.
    in_clear = {text: unescaped(text) for text in texts}
    named = redactor.erased_among(in_clear.values()) if texts else ()
    return {text: new for text, clear in in_clear.items() if clear in named and (new := without_erased(redactor, text)) != text}


def _forget_build(home: Home) -> None:
    """The candidate was made of what raw was before; the next night builds it again."""
    for path in (home.candidate, home.candidate.with_suffix(".duckdb.wal"), home.audit):
        path.unlink(missing_ok=True)
    # Compressed, so that nobody could find him in them: both are made anew by the next night.
    for path in (*home.build.glob("landing-*"), home.verdicts, home.worklists, *home.worklist_folders):
        remove(path)


def clear_sqlite(path: Path, redactor: Redactor) -> int:
    """Redact texts in an SQLite file and give its freed pages back, so that no byte stays."""
    n_cells = 0
    with sqlite3.connect(path, timeout=30) as connection:
        connection.execute("pragma secure_delete = on")
        tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            columns = [
                row[1]
                for row in connection.execute(f'pragma table_info("{table}")')
                if "text" in (row[2] or "").lower() or "char" in (row[2] or "").lower()
            ]
            for column in columns:
                texts = [
                    row[0]
                    for row in connection.execute(
                        f'select distinct "{column}" from "{table}" where typeof("{column}") = \'text\''
                    )
                ]
                for old, new in _changed(texts, redactor).items():
                    n_cells += connection.execute(
                        f'update or ignore "{table}" set "{column}" = ? where "{column}" = ?', (new, old)
                    ).rowcount
    connection.close()
    if n_cells:
        with sqlite3.connect(path, timeout=30, isolation_level=None) as connection:
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
        connection.close()
    return n_cells


def _clear_other_files(home: Home, redactor: Redactor, cleared: Cleared) -> None:
    """Logs keep their other lines; a page, list or artefact that names him goes and is made anew by the next night."""
    seen = (home.raw, home.quarantine, home.published, home.history)
    paths = []
    for path in sorted(home.root.rglob("*")):
        is_seen = any(path.is_relative_to(place) for place in seen) or path.suffix in (".db", ".sqlite", ".duckdb")
        if is_seen or not path.is_file() or path.is_symlink() or path.name in _OWN_FILES or path == ledger_place(home):
            continue
        paths.append(path)
    for path in files_that_name(redactor, paths):
        if path.is_relative_to(home.logs) or path.suffix in (".log", ".out", ".err"):
            path.write_text(without_erased(redactor, path.read_text(encoding="utf-8", errors="replace")), encoding="utf-8")
            cleared.text_files_rewritten += 1
        else:
            path.unlink()
            cleared.files_removed.append(str(path.relative_to(home.root)) if path.parent != home.inbox else "inbox/…")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
