"""Row by row, whether two published files say the same: everything exactly, floats to 1e-9."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

TOLERANCE = 1e-9
FLOATS = ("DOUBLE", "FLOAT")


def differences(one: Path, other: Path, grains: Mapping[str, list[str]], schema: str = "marts") -> dict[str, str]:
    """Mart → how the two differ; empty when they agree."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        found = {mart: _difference(connection, f"{schema}.{mart}", grain) for mart, grain in sorted(grains.items())}
    return {mart: text for mart, text in found.items() if text}


def _difference(connection: duckdb.DuckDBPyConnection, mart: str, grain: list[str]) -> str | None:
    columns, others = (_columns(connection, f"{database}.{mart}") for database in ("one", "other"))
    if columns != others:
        return f"columns or types: {sorted(set(columns.items()) ^ set(others.items()))}"
    matched = " and ".join(f"one.{name} is not distinct from other.{name}" for name in grain)
    unequal = {name: _unequal(name, kind) for name, kind in columns.items() if name not in grain}
    counts = ", ".join(f"count(*) filter (where both_there and {sql}) as {name}" for name, sql in unequal.items())
    missing, added, *unequal_counts = connection.execute(
        f"select count(*) filter (where other.here is null), count(*) filter (where one.here is null)"
        f"{', ' + counts if counts else ''} "
        f"from (select *, true as here from one.{mart}) as one "
        f"full outer join (select *, true as here from other.{mart}) as other on {matched}, "
        "lateral (select one.here and other.here as both_there)"
    ).fetchone()
    wrong = {name: count for name, count in zip(unequal, unequal_counts, strict=True) if count}
    return f"{missing} rows missing, {added} added, unequal {wrong}" if missing or added or wrong else None


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"describe {relation}").fetchall()}


def _unequal(name: str, kind: str) -> str:
    if kind not in FLOATS:
        return f"one.{name} is distinct from other.{name}"
    return (
        f"((one.{name} is null) <> (other.{name} is null) or "
        f"abs(one.{name} - other.{name}) > {TOLERANCE} * greatest(1, abs(one.{name})))"
    )
