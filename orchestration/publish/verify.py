"""Whether a home is what it says it is: raw against the ledger, originals, and every published copy against the others."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.landing.row_versions import quoted
from orchestration.privacy.erasure_ledger import ledger_place
from orchestration.publish.versions import list_versions, mart_hashes

_CHUNK_BYTES = 1 << 20


def faults_of(home: Home) -> list[str]:
    """What does not agree, one line each; empty when all is well."""
    return [*_raw_faults(home), *_count_faults(home), *_original_faults(home), *_published_faults(home)]


def current_hashes(home: Home, grains: Mapping[str, list[str]]) -> dict[str, str]:
    """Mart → SHA-256 of its rows in the version in use (contract: two nights are equal)."""
    with open_duckdb(home.current.resolve(), read_only=True) as connection:
        tables = {
            row[0]
            for row in connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        }
        return mart_hashes(connection, {mart: grain for mart, grain in grains.items() if mart in tables})


def _raw_faults(home: Home) -> list[str]:
    ledger, faults = Ledger(home.ledger), []
    named = [(feed, item.content_hash) for feed, items in ledger.segments().items() for item in items]
    for feed, content_hash in [*named, *ledger.sightings().items()]:
        path = home.raw / feed / f"{content_hash}.parquet"
        if not path.exists():
            faults.append(f"{path.relative_to(home.root)}: named by the ledger and missing; restore a backup")
        elif _sha256(path) != content_hash:
            faults.append(f"{path.relative_to(home.root)}: its content is not what its name says; restore a backup")
    return faults


def _count_faults(home: Home) -> list[str]:
    return [
        f"ledger: {row['feed']} file {sha256[:12]}: {row['rows_in']} rows in, {row['rows_loaded']} loaded, "
        f"{row['rows_quarantined']} quarantined"
        for sha256, row in Ledger(home.ledger).known_files().items()
        if row["status"] == "landed" and row["rows_in"] != row["rows_loaded"] + row["rows_quarantined"]
    ]


def _original_faults(home: Home) -> list[str]:
    """An original that was written anew after an erasure is no longer what its name says: then it must only be readable."""
    faults = []
    was_erased = ledger_place(home).exists()
    for path in sorted(home.originals.glob("*.zst")):
        digest = hashlib.sha256()
        try:
            with pa.input_stream(str(path), compression="zstd") as packed:
                while chunk := packed.read(_CHUNK_BYTES):
                    digest.update(chunk)
        except OSError:
            faults.append(f"{path.relative_to(home.root)}: not readable; export the file again")
            continue
        if digest.hexdigest() != path.stem and not was_erased:
            faults.append(f"{path.relative_to(home.root)}: its content is not what its name says; export the file again")
    return faults


def _published_faults(home: Home) -> list[str]:
    versions = list_versions(home)
    if not versions:
        return []
    faults = []
    for item in versions:
        try:
            with open_duckdb(item.path, read_only=True) as connection:
                named = connection.execute("select version from published_version").fetchone()[0]
                # Reads every block, so that a damaged one is met here and not by an analyst.
                for (table,) in connection.execute(
                    "select table_name from duckdb_tables() where schema_name = 'marts'"
                ).fetchall():
                    connection.execute(f'select count(*), count(distinct hash(t)) from marts."{table}" as t').fetchone()
        except duckdb.Error as error:
            faults.append(f"{item.path.name}: not readable ({type(error).__name__}); run: tandem rollback, then tandem nightly")
            continue
        if named != item.version:
            faults.append(f"{item.path.name}: says that it is version {named}")
    current = next((item for item in versions if item.is_current), None)
    if current is None:
        return [*faults, "published/current.duckdb: no link to a version that is here; run: tandem rollback VERSION"]
    if faults:
        return faults
    return [*faults, *_copy_faults(home, current.path, current.version)]


def _copy_faults(home: Home, current: Path, version: str) -> list[str]:
    faults = []
    with open_duckdb() as connection:
        connection.execute(f"attach {quoted(current)} as current_file (read_only)")
        copy = home.published / "copy" / "marts.duckdb"
        try:
            connection.execute(f"attach {quoted(copy)} as copy_file (read_only)")
            named = connection.execute("select version from copy_file.published_version").fetchone()[0]
            if named != version:
                faults.append(f"published/copy: is version {named}, current is {version}; run: tandem rollback {version}")
        except duckdb.Error as error:
            faults.append(f"published/copy: not readable ({type(error).__name__}); run: tandem rollback {version}")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'current_file' order by all"
        ).fetchall()
        for schema, table in tables:
            own = f'current_file."{schema}"."{table}"'
            parquet = home.published / "parquet" / f"{table}.parquet"
            others = {f"published/parquet/{table}.parquet": f"read_parquet({quoted(parquet)})"}
            if not faults:
                others[f"published/copy: {table}"] = f'copy_file."{schema}"."{table}"'
            for place, other in others.items():
                try:
                    differ = connection.execute(
                        f"select count(*) from ((from {own} except all from {other}) "
                        f"union all (from {other} except all from {own}))"
                    ).fetchone()[0]
                except duckdb.Error as error:
                    faults.append(f"{place}: not readable ({type(error).__name__}); run: tandem rollback {version}")
                    continue
                if differ:
                    faults.append(f"{place}: {differ} rows differ from current.duckdb; run: tandem rollback {version}")
    return faults


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
