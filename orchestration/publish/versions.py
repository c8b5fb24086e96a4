"""Published versions: written beside the ones in use, then swapped in; the last few kept; back by one command.

Order of publishing: Postgres where there is one, Parquet, the copy, then the DuckDB link (contract: Places). Whether a
candidate may be published is `assets.py`'s question to the audit.
"""

import datetime as dt
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration import failpoints
from orchestration.durable import fsync, remove, swap_link
from orchestration.engine import MEMORY_LIMIT, half_of, open_duckdb, two_at_a_time
from orchestration.home import Home
from orchestration.publish.causes import Inputs
from orchestration.publish.history import RESTATEMENTS, recorded
from orchestration.transform.catalog import AsOf
from orchestration.transform.kept_models import Publication, content_print
from orchestration.transform.restatements import restatements_sql

_SCHEMA = "marts"


class NoPublishedVersionError(Exception):
    """Nothing is published yet, or not under that name."""


@dataclass(frozen=True)
class PublishedVersion:
    """One version on disk: its name, its day and whether it is the one in use; of one just published its marts' prints."""

    version: str
    as_of: dt.date
    is_current: bool
    path: Path
    prints: Mapping[str, str] = field(default_factory=dict)


def publish(
    home: Home,
    as_of: AsOf,
    grains: Mapping[str, list[str]],
    keep: int,
    inputs: Inputs,
    serve: Callable[[Path], object] | None = None,
    standing: Publication | None = None,
    memory_limit: str = MEMORY_LIMIT,
    in_order: Collection[str] = frozenset(),
) -> PublishedVersion:
    """Publish the candidate's marts.

    Args:
        home: Where the candidate is and the published versions go.
        as_of: The night's day.
        grains: Mart → its grain columns, in contract order.
        keep: How many versions stay for rollback.
        inputs: What the night was made of, so that a later restatement can say why.
        serve: Called first, with the finished file: a server that gets the marts too. If it fails nothing is published.
        standing: Marts of the candidate that are those of the version last published, with their prints there.
        memory_limit: The engine's.
        in_order: Marts whose rows stand in their order in the candidate; those of others are sorted by grain.

    The version is made of the marts' content, so the same night twice is the same version.

    """
    unfinished, parquet = home.published / "unfinished.duckdb", home.published / "parquet_unfinished"
    remove(unfinished)
    remove(parquet)
    parquet.mkdir()
    if standing and not (home.published / f"marts_{standing.version}.duckdb").exists():
        standing = None
    half = half_of(memory_limit)
    limited = {"memory_limit": half}
    try:
        with open_duckdb(unfinished, config={"memory_limit": memory_limit}) as connection:
            prints = _copy_marts(connection, home, as_of.day, grains, in_order, standing)
        failpoints.passed("after:marts")
        version = f"{as_of.day.isoformat()}_{_combined(prints)[:8]}"
        kept = set(standing.prints) if standing else set()
        with ThreadPoolExecutor(1) as beside:
            # What is compared and what is written are two halves of the work, and neither keeps every core busy.
            writing = beside.submit(_write_parquet, unfinished, limited, parquet, sorted(prints), standing)
            with recorded(home, as_of, version, grains, inputs, kept, half) as restated:
                writing.result()
                failpoints.passed("after:comparison")
                with open_duckdb(unfinished, config=limited) as connection:
                    _tell_restatements(connection, home, restated, as_of.day)
                    connection.execute("update published_version set version = ?", [version])
                    connection.execute("checkpoint")
                _write_parquet(unfinished, limited, parquet, [RESTATEMENTS, "published_version"], None)
                fsync(unfinished)
                failpoints.passed("after:fsync")
                if serve:
                    serve(unfinished)
                    failpoints.passed("after:postgres")
                _place_parquet(home, parquet, version)
                _publish_copy(home, unfinished)
                target = home.published / f"marts_{version}.duckdb"
                unfinished.replace(target)
                failpoints.passed("after:version")
                point_to(home, version)
                failpoints.passed("after:link")
    finally:
        remove(unfinished)
    failpoints.passed("after:history")
    _prune(home, keep)
    failpoints.passed("after:prune")
    return PublishedVersion(version, as_of.day, True, target, prints)


def point_to(home: Home, version: str) -> None:
    """Make a version on disk the one in use.

    Raises:
        NoPublishedVersionError: there is no such version.

    """
    target = home.published / f"marts_{version}.duckdb"
    if not target.exists():
        known = ", ".join(item.version for item in list_versions(home)) or "none"
        raise NoPublishedVersionError(f"version {version} is not here; there are: {known}")
    parquet = home.published / f"parquet_{version}"
    if parquet.exists():
        swap_link(home.published / "parquet", parquet.name)
    swap_link(home.current, target.name)
    fsync(home.published)


def rollback(home: Home, version: str | None = None, serve: Callable[[Path], object] | None = None) -> PublishedVersion:
    """Go back to a version, by default the one before the current one.

    Raises:
        NoPublishedVersionError: there is none to go back to.

    """
    versions = list_versions(home)
    current = next((number for number, item in enumerate(versions) if item.is_current), None)
    if version is None:
        if current is None or current + 1 >= len(versions):
            raise NoPublishedVersionError("there is no earlier version to go back to")
        version = versions[current + 1].version
    target = home.published / f"marts_{version}.duckdb"
    if serve and target.exists():
        serve(target)
    point_to(home, version)
    _publish_copy(home, home.published / f"marts_{version}.duckdb")
    return next(item for item in list_versions(home) if item.is_current)


def list_versions(home: Home) -> list[PublishedVersion]:
    """Versions on disk, the latest published first."""
    current = home.current.readlink().name if home.current.is_symlink() else None
    files = sorted(home.published.glob("marts_*.duckdb"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    return [
        PublishedVersion(
            version := path.stem.removeprefix("marts_"),
            dt.date.fromisoformat(version.split("_")[0]),
            path.name == current,
            path,
        )
        for path in files
    ]


def mart_hashes(connection: duckdb.DuckDBPyConnection, grains: Mapping[str, list[str]]) -> dict[str, str]:
    """SHA-256 of each mart's rows: CSV, UTF-8, LF, columns as declared, rows ordered by grain (contract: equal nights).

    The restatement ledger tells of publications, not of the night: it has no part in whether two nights are equal.
    """
    marts = sorted(mart for mart in grains if mart != RESTATEMENTS)
    hashes = two_at_a_time(connection, lambda cursor, mart: _rows_hash(cursor, mart, _order(grains[mart])), marts)
    return dict(zip(marts, hashes, strict=True))


def _rows_hash(connection: duckdb.DuckDBPyConnection, mart: str, order: str) -> str:
    """The rows go from the engine to the hash through a pipe: a million of them are a gigabyte that nobody reads again."""
    with tempfile.TemporaryDirectory() as folder:
        pipe = Path(folder) / "rows"
        os.mkfifo(pipe)
        # Held open at both ends, so that neither waits for the other to come; let go, it ends the reading, whatever has failed.
        holder = os.open(pipe, os.O_RDWR)
        with ThreadPoolExecutor(1) as reader, pipe.open("rb") as stream:
            digest = reader.submit(hashlib.file_digest, stream, "sha256")
            try:
                rows = f"from {_SCHEMA}.{mart} order by {order}"
                connection.execute(f"copy ({rows}) to '{_escaped(pipe)}' (format csv, header true, use_tmp_file false)")
            finally:
                os.close(holder)
            return digest.result().hexdigest()


def _copy_marts(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    as_of: dt.date,
    grains: Mapping[str, list[str]],
    in_order: Collection[str],
    standing: Publication | None,
) -> dict[str, str]:
    """Every mart in its order; gives the prints of all but the restatement ledger, the last to be written."""
    known = standing.prints if standing else {}
    connection.execute(f"attach '{_escaped(home.candidate)}' as candidate (read_only)")
    if standing:
        earlier = _escaped(home.published / f"marts_{standing.version}.duckdb")
        connection.execute(f"attach '{earlier}' as earlier (read_only)")
    connection.execute(f"create schema {_SCHEMA}")

    def copy(cursor: duckdb.DuckDBPyConnection, mart: str) -> str:
        # What was published stands in order already.
        rows = f"{'earlier' if mart in known else 'candidate'}.{_SCHEMA}.{mart}"
        if mart not in known and mart not in in_order:
            rows += f" order by {_order(grains[mart])}"
        cursor.execute(f"create table {_SCHEMA}.{mart} as select * from {rows}")
        return known.get(mart) or ("" if mart == RESTATEMENTS else content_print(cursor, f"{_SCHEMA}.{mart}"))

    largest_first = _largest_first(connection, grains)
    prints = dict(zip(largest_first, two_at_a_time(connection, copy, largest_first), strict=True))
    connection.execute("detach candidate")
    if standing:
        connection.execute("detach earlier")
    connection.execute("create table published_version (version varchar, as_of date)")
    connection.execute("insert into published_version values ('', ?)", [as_of])
    return {mart: content for mart, content in sorted(prints.items()) if mart != RESTATEMENTS}


def _largest_first(connection: duckdb.DuckDBPyConnection, marts: Iterable[str]) -> list[str]:
    """So that not one thread is left with the largest at the end."""
    sizes = dict(
        connection.execute(
            "select table_name, estimated_size from duckdb_tables() where database_name = 'candidate' and schema_name = ?",
            [_SCHEMA],
        ).fetchall()
    )
    return sorted(marts, key=lambda mart: (-sizes.get(mart, 0), mart))


def _tell_restatements(connection: duckdb.DuckDBPyConnection, home: Home, restated: Path | None, as_of: dt.date) -> None:
    """The models knew the restatements before the build; the published file has all, tonight's too."""
    known = restatements_sql(home)
    if restated:
        known += f" union all by name select * from read_parquet('{_escaped(restated)}')"
    order = "restated_as_of, restatement_no, mart_name, grain_key, column_name nulls first"
    connection.execute(f"delete from {_SCHEMA}.{RESTATEMENTS}")
    connection.execute(
        f"insert into {_SCHEMA}.{RESTATEMENTS} by name select *, ?::date as as_of from ({known}) order by {order}", [as_of]
    )


def _write_parquet(
    source: Path, config: Mapping[str, str], folder: Path, tables: Iterable[str], standing: Publication | None
) -> None:
    earlier = folder.with_name(f"parquet_{standing.version}") if standing else None
    with open_duckdb(source, config=config) as connection:
        for table in tables:
            path = folder / f"{table}.parquet"
            if earlier and table in standing.prints and (earlier / path.name).exists():
                path.hardlink_to(earlier / path.name)
            else:
                name = table if table == "published_version" else f"{_SCHEMA}.{table}"
                connection.execute(f"copy {name} to '{_escaped(path)}' (format parquet, compression zstd, compression_level 1)")


def _place_parquet(home: Home, unfinished: Path, version: str) -> None:
    target = home.published / f"parquet_{version}"
    for path in unfinished.iterdir():
        fsync(path)
    failpoints.passed("after:parquet_written")
    if target.exists():
        # The same night once more: readers may be on this very folder, so it is never away, not even for a moment.
        for path in unfinished.iterdir():
            path.replace(target / path.name)
        # Two names of one file: replacing one by the other leaves both.
        remove(unfinished)
    else:
        unfinished.rename(target)
    failpoints.passed("after:parquet_placed")
    swap_link(home.published / "parquet", target.name)
    failpoints.passed("after:parquet_link")


def _publish_copy(home: Home, source: Path) -> None:
    """For clients that can't follow links: one fixed path, replaced whole."""
    folder = home.published / "copy"
    folder.mkdir(exist_ok=True)
    unfinished = folder / "marts.duckdb.tmp"
    shutil.copyfile(source, unfinished)
    fsync(unfinished)
    failpoints.passed("after:copy_written")
    unfinished.replace(folder / "marts.duckdb")
    failpoints.passed("after:copy_replaced")


def _prune(home: Home, keep: int) -> None:
    versions = list_versions(home)
    for item in versions[keep:]:
        if not item.is_current:
            remove(item.path)
    # Of a run that was killed a folder may be here that belongs to no version.
    kept = {f"parquet_{item.version}" for item in list_versions(home)}
    for folder in home.published.glob("parquet_*"):
        if folder.name not in kept:
            remove(folder)


def _combined(prints: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(f"{mart}:{content}\n" for mart, content in sorted(prints.items())).encode()).hexdigest()


def _order(grain: list[str]) -> str:
    return ", ".join(f"{column} nulls first" for column in grain)


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
