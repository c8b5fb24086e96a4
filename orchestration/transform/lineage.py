"""Column lineage of the dbt models, worked out once per model text and remembered for every home of the project.

Worked out with sqlglot as the dbt integration does it, but with all columns of a model in one walk: the integration
parses and qualifies the model anew for each column.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg

Columns = Mapping[str, str]
DIALECT = "duckdb"


class LineageMemory:
    """unique_id → column → (relation, column) pairs, valid while the compiled SQL and the columns stay the same."""

    def __init__(self, path: Path, compiled: Path):
        self._path, self._compiled = path, compiled
        self._known: dict[str, dict] = json.loads(path.read_text()) if path.exists() else {}
        self._changed = False

    def lineage(
        self, node: Mapping, own: Columns, parents: Mapping[str, Columns], keys: Mapping[str, dg.AssetKey]
    ) -> dg.TableColumnLineage | None:
        """The model's lineage, remembered or worked out now; none if its SQL can't be followed.

        Args:
            node: The model in the manifest.
            own: Its columns and their types.
            parents: The same of each parent, by relation name.
            keys: Relation name of a parent → its asset.

        """
        text = (self._compiled / node["package_name"] / node["original_file_path"]).read_text()
        fingerprint = hashlib.sha256((text + json.dumps([own, parents], sort_keys=True)).encode()).hexdigest()
        entry = self._known.get(node["unique_id"])
        if entry is None or entry["fingerprint"] != fingerprint:
            entry = {"fingerprint": fingerprint, "columns": _followed(node, lambda: column_lineage(text, own, parents))}
            self._known[node["unique_id"]] = entry
            self._changed = True
        if entry["columns"] is None:
            return None
        return dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(asset_key=keys[relation], column_name=name) for relation, name in found]
                for column, found in entry["columns"].items()
            }
        )

    def save(self) -> None:
        """Write what was learnt, whole: nights of other homes read it too."""
        if self._changed:
            new = self._path.with_suffix(f".{os.getpid()}.new")
            new.write_text(json.dumps(self._known, sort_keys=True))
            new.replace(self._path)


def _followed(node: Mapping, follow: Callable[[], dict]) -> dict | None:
    try:
        return follow()
    except Exception as error:  # sqlglot's errors have no common base; a night must not fail for a picture
        logging.getLogger(__name__).warning("no column lineage of %s: %s", node["name"], type(error).__name__)
        return None


def column_lineage(sql: str, own: Columns, parents: Mapping[str, Columns]) -> dict[str, list[list[str]]]:
    """Column of the model → the parents' columns that its value is made of, as [relation name, column], in order."""
    from sqlglot import exp
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.schema import MappingSchema, normalize_name

    schema = MappingSchema(dialect=DIALECT)
    relations = {}
    for relation, columns in parents.items():
        table = exp.to_table(relation, dialect=DIALECT)
        schema.add_table(table, dict(columns), dialect=DIALECT)
        relations[_name(table)] = relation
    query = qualify(exp.maybe_parse(sql, dialect=DIALECT), schema=schema, dialect=DIALECT, validate_qualify_columns=False)
    found: dict[str, set[tuple[str, str]]] = {column: set() for column in own}
    for column, tree in lineage(None, query.sql(dialect=DIALECT), schema=schema, dialect=DIALECT).items():
        for leaf in tree.walk():
            table = None if leaf.downstream else leaf.expression.find(exp.Table)
            if column in found and table is not None and _name(table) in relations:
                name = normalize_name(exp.to_column(leaf.name).name, dialect=DIALECT).name
                found[column].add((relations[_name(table)], name))
    return {column: sorted(map(list, pairs)) for column, pairs in found.items()}


def _name(table) -> tuple[str, str]:
    return table.db.lower(), table.name.lower()
