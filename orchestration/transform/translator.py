"""How dbt's nodes look in Dagster: groups by layer and subject, so that a person can read the graph."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

ANALYTICS_ENGINEERING = "analytics-engineering@tandem.example"


_SHORT_LAYERS = {"staging": "stg", "intermediate": "int"}


def _group(folders: list[str]) -> str:
    # The graph's boxes cut longer names off.
    return "_".join([_SHORT_LAYERS.get(folders[0], folders[0]), *folders[1:]])


class TandemTranslator(DagsterDbtTranslator):
    """Group = layer and subject; owner = the dbt group's, else the analytics engineers."""

    def __init__(self) -> None:
        # Source tests stay off: as checks they would no longer stop the models built on bad rows.
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The node's spec with group, owner and layer."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = manifest["nodes"].get(unique_id)
        if node is None:
            return spec
        folders = node["fqn"][1:-1]
        return spec.replace_attributes(
            group_name=_group(folders) if node["resource_type"] == "model" else "seeds",
            owners=spec.owners or [ANALYTICS_ENGINEERING],
        ).merge_attributes(tags={"layer": folders[0] if folders else "seeds"})
