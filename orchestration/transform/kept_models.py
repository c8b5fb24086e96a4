"""What of the last night's candidate stands tonight: models whose SQL and whose inputs are the same need not be built again.

A model's print is a hash of its parents' prints; a raw relation's is one of what the catalog says of it, which names raw
Parquet by content. Product, libraries and settings are one print for all: with others nothing stands. The record is taken away
before a candidate is touched and written when its night is published, so that a candidate that a run was broken off in is
thrown away.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orchestration.home import Home
from orchestration.transform.catalog import SCHEMA

# Written into after they were built: by the audit, with what it found tonight.
_WRITTEN_LATER = ("fct_check_result",)
_RAW_RELATION = re.compile(rf'\b{SCHEMA}"?\."?(\w+)')


@dataclass(frozen=True)
class Publication:
    """The version that was published from a candidate, and the print of each mart's content in it."""

    version: str
    prints: Mapping[str, str]


@dataclass
class KeptModels:
    """Prints of tonight's nodes by unique_id, and the result events of those that stand as an earlier night built them.

    `published` is what that night's candidate became.
    """

    product: str
    prints: Mapping[str, str]
    standing: Mapping[str, dict]
    published: Publication | None = None

    def stands(self, unique_id: str) -> bool:
        """Whether a model, seed or test needs no work tonight."""
        return unique_id in self.standing


@dataclass(frozen=True)
class Record:
    """What was noted of the last candidate: print and result event by unique_id, and what was published from it."""

    nodes: Mapping[str, tuple[str, dict]]
    published: Publication


def relation_prints(own: Mapping[str, str], queries: Mapping[str, str]) -> dict[str, str]:
    """Raw relation → print of what it says and of what the relations say that its query names.

    Args:
        own: Raw relation → print of its query or of its rows.
        queries: Those that are queries → the query.

    """
    prints: dict[str, str] = {}

    def of(name: str) -> str:
        if name not in prints:
            named = sorted({found for found in _RAW_RELATION.findall(queries.get(name, "")) if found in own} - {name})
            prints[name] = hashlib.sha256("\n".join([own[name], *map(of, named)]).encode()).hexdigest()
        return prints[name]

    return {name: of(name) for name in own}


def node_prints(manifest: Mapping, raw: Mapping[str, str], night: str) -> dict[str, str]:
    """unique_id → print of every model, seed and data test.

    Args:
        manifest: The project's.
        raw: Raw relation → its print.
        night: Of this run alone: what is written into later is never the same.

    """
    prints = {unique_id: raw.get(source["identifier"], night) for unique_id, source in manifest["sources"].items()}
    nodes = manifest["nodes"]

    def of(unique_id: str) -> str:
        if unique_id not in prints:
            node = nodes[unique_id]
            parents = sorted(of(parent) for parent in node["depends_on"].get("nodes", []))
            own = night if node["name"] in _WRITTEN_LATER else node["checksum"]["checksum"]
            prints[unique_id] = hashlib.sha256("\n".join([unique_id, own, *parents]).encode()).hexdigest()
        return prints[unique_id]

    return {unique_id: of(unique_id) for unique_id, node in nodes.items() if node["resource_type"] in ("model", "seed", "test")}


def take_record(home: Home, product: str) -> Record | None:
    """What was noted of the candidate, if it is still that one and of this product; then the note is gone."""
    try:
        noted = json.loads(_record(home).read_text())
    except (FileNotFoundError, ValueError):
        return None
    finally:
        forget_record(home)
    if noted["product"] != product or noted["candidate"] != _identity(home.candidate):
        return None
    nodes = {unique_id: (known["print"], known["result"]) for unique_id, known in noted["nodes"].items()}
    return Record(nodes, Publication(**noted["published"]))


def kept_models(record: Record | None, product: str, prints: Mapping[str, str]) -> KeptModels:
    """What of the record stands under tonight's prints."""
    if record is None:
        return KeptModels(product, prints, {})
    standing = {name: result for name, (known, result) in record.nodes.items() if prints.get(name) == known}
    return KeptModels(product, prints, standing, record.published)


def forget_record(home: Home) -> None:
    """From here on the candidate may be anything."""
    _record(home).unlink(missing_ok=True)


def write_record(home: Home, kept: KeptModels, results: Sequence[Mapping], published: Publication) -> None:
    """Note that the candidate is whole, what each of its nodes was made of and how it ended, and what was published."""
    nodes = {
        unique_id: {"print": kept.prints[unique_id], "result": result}
        for result in results
        if (unique_id := result["data"]["node_info"]["unique_id"]) in kept.prints
    }
    new = _record(home).with_suffix(".new")
    new.write_text(
        json.dumps(
            {"product": kept.product, "candidate": _identity(home.candidate), "nodes": nodes, "published": asdict(published)}
        )
    )
    new.replace(_record(home))


def content_print(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """What only a relation of the same columns and rows has, whatever their order; the same in every process."""
    columns = [column[:2] for column in connection.execute(f"from {relation} limit 0").description]
    rows = connection.execute(f"select count(*), sum(hash(rows)::hugeint) from {relation} as rows").fetchall()
    return f"{', '.join(f'{name} {kind}' for name, kind in columns)}: {rows[0]}"


def drop_changed(connection: duckdb.DuckDBPyConnection, manifest: Mapping, kept: KeptModels) -> None:
    """Make room: every relation of the candidate goes that is neither raw nor of a node that stands."""
    standing = {(node["schema"], node["alias"]) for unique_id, node in manifest["nodes"].items() if kept.stands(unique_id)}
    relations = connection.execute(
        "select schema_name, table_name, 'table' from duckdb_tables() where not internal and not temporary "
        "union all select schema_name, view_name, 'view' from duckdb_views() where not internal and not temporary"
    ).fetchall()
    for schema, name, kind in relations:
        if schema != SCHEMA and (schema, name) not in standing:
            connection.execute(f'drop {kind} "{schema}"."{name}" cascade')


def _record(home: Home) -> Path:
    return home.build / "kept_models.json"


def _identity(candidate: Path) -> list[int]:
    try:
        found = candidate.stat()
    except FileNotFoundError:
        return []
    return [found.st_ino, found.st_size, found.st_mtime_ns]
