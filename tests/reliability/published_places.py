"""What a home's readers see, in each place where they may look."""

import json
from pathlib import Path

import duckdb

from benchmarks.bare import OF_THE_HOME
from orchestration.home import Home
from orchestration.publish.assets import mart_grains
from orchestration.publish.verify import current_hashes
from orchestration.settings import Settings
from orchestration.transform.project import project_manifest


def seen(home: Path) -> dict[str, dict[str, str]]:
    """Place that is read → mart → a hash of its rows; each place must hold one night alone."""
    published = home / "published"
    places = {"link": published / "current.duckdb", "copy": published / "copy" / "marts.duckdb"}
    found = {}
    for place, path in places.items():
        with duckdb.connect(str(path), read_only=True) as connection:
            catalog = connection.execute("select current_database()").fetchone()[0]
            tables = sorted(row[0] for row in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'").fetchall())  # fmt: skip
            found[place] = _hashes(connection, {table: f'"{catalog}".marts."{table}"' for table in tables})
    with duckdb.connect() as connection:
        files = {path.stem: f"read_parquet('{path}')" for path in sorted((published / "parquet").glob("*.parquet"))}
        files.pop("published_version")
        found["parquet"] = _hashes(connection, files)
    return found


def _hashes(connection: duckdb.DuckDBPyConnection, relations: dict[str, str]) -> dict[str, str]:
    # The ledger of restatements tells of publications, not of the night (contract: equal nights).
    asked = " union all ".join(
        f"select '{name}', count(*) || ':' || coalesce(sum(hash(t)::hugeint), 0), min(as_of), max(as_of) from {relation} as t"
        for name, relation in relations.items()
        if name != "fct_restatement"
    )
    rows = connection.execute(asked).fetchall()
    days = {day for row in rows for day in row[2:] if day is not None}
    assert len(days) == 1, f"a mix of nights: {days}"
    return {row[0]: row[1] for row in rows}


def comparable(home: Home, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Every mart's hash, but for those that tell of the home's own nights."""
    grains = mart_grains(json.loads(project_manifest(Settings()).read_text()))
    return current_hashes(home, {mart: grain for mart, grain in grains.items() if mart not in (*OF_THE_HOME, *without)})
