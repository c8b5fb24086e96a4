"""Column lineage of the dbt models, worked out once per model text and remembered in the home.

The lineage itself is the integration's; only remembering it is ours: parsing every model anew would cost each
night more than building them.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg


class LineageMemory:
    """unique_id → lineage, valid while the compiled SQL and the columns stay the same."""

    def __init__(self, path: Path, compiled: Path):
        self._path, self._compiled = path, compiled
        self._known: dict[str, dict] = json.loads(path.read_text()) if path.exists() else {}
        self._changed = False

    def fingerprint(self, node: Mapping, columns: Mapping) -> str:
        """Changes when the model's compiled text or its columns change."""
        sql = self._compiled / node["package_name"] / node["original_file_path"]
        text = sql.read_text() if sql.exists() else ""
        return hashlib.sha256((text + json.dumps(columns, sort_keys=True)).encode()).hexdigest()

    def recall(self, unique_id: str, fingerprint: str) -> dg.TableColumnLineage | None:
        """The remembered lineage, if it still holds."""
        entry = self._known.get(unique_id)
        if entry is None or entry["fingerprint"] != fingerprint:
            return None
        return dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(asset_key=key.split("/"), column_name=name) for key, name in deps]
                for column, deps in entry["columns"].items()
            }
        )

    def remember(self, unique_id: str, fingerprint: str, lineage: dg.TableColumnLineage) -> None:
        """Keep a lineage that the integration worked out."""
        columns = {
            column: sorted([dep.asset_key.to_user_string(), dep.column_name] for dep in deps)
            for column, deps in lineage.deps_by_column.items()
        }
        self._known[unique_id] = {"fingerprint": fingerprint, "columns": columns}
        self._changed = True

    def save(self) -> None:
        """Write what was learnt."""
        if self._changed:
            self._path.write_text(json.dumps(self._known, sort_keys=True))
