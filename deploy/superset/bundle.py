"""The dashboard of both teams as a bundle that Superset imports: database, datasets, charts and layout over published marts.

Standard library and YAML only, so that Superset's own environment can run it. A chart is a line of `CHARTS`; its figures are
the mart's own, nothing is reckoned again here.
"""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DATABASE, DASHBOARD, SLUG = "Tandem", "Marketing and sales: one funnel", "tandem"
VERSION = {"version": "1.0.0"}
# What keeps a reader from writing and from leaving the file; superset_config.py sets the same again for each connection.
CONNECT_ARGS = {
    "read_only": True,
    "config": {"enable_external_access": False, "autoinstall_known_extensions": False, "lock_configuration": True},
}
_ROWS = 1000


@dataclass(frozen=True)
class Chart:
    """Columns of a mart as a table; `where` as (column, operator, value)."""

    title: str
    mart: str
    columns: tuple[str, ...]
    where: tuple[tuple[str, str, Any], ...] = ()

    def sql(self) -> str:
        """The same question for `tandem query`."""
        conditions = [f"{column} {_SQL[operator]} {_literal(value)}".strip() for column, operator, value in self.where]
        where = f" where {' and '.join(conditions)}" if conditions else ""
        return f"select {', '.join(self.columns)} from {self.mart}{where}"


_SQL = {"IS NULL": "is null", "IS NOT NULL": "is not null", "==": "="}
CHARTS = (
    Chart(
        "Channels: from lead to signature", "mart_channel_performance",
        ("channel", "currency", "leads", "mqls", "opportunities", "won", "won_amount", "spend", "cost_per_won", "roi"),
        (("period_month", "IS NULL", None),),
    ),
    Chart(
        "Days from stage to stage", "mart_stage_velocity",
        ("from_stage", "to_stage", "n", "n_converted", "n_censored", "converted_p50_days", "p90_days"),
        (("segment", "==", "all"),),
    ),
    Chart(
        "Can sales trust the CRM: values by field", "mart_crm_freshness",
        ("entity_type", "field_name", "steward_team", "n_required", "n_fresh", "n_stale", "n_missing", "n_invalid",
         "freshness_rate"),
    ),
    Chart(
        "What the figures rest on", "mart_trust",
        ("mart_name", "source_system", "is_late", "stale_share", "doubtful_share"),
    ),
)  # fmt: skip


def _literal(value: Any) -> str:
    return "" if value is None else "'" + str(value).replace("'", "''") + "'"


def _uuid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("tandem", *parts))))


def write_bundle(uri: str, columns: dict[str, dict[str, str]], target: Path) -> None:
    """Write the archive.

    Args:
        uri: Of the published file, as SQLAlchemy writes it.
        columns: Mart → column → DuckDB type.
        target: The zip file.

    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, document in _documents(uri, columns):
            archive.writestr(f"tandem/{name}", yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    target.write_bytes(content.getvalue())


def _documents(uri: str, columns: dict[str, dict[str, str]]) -> Iterator[tuple[str, dict]]:
    yield "metadata.yaml", {**VERSION, "type": "Dashboard", "timestamp": "2026-01-01T00:00:00+00:00"}
    yield f"databases/{DATABASE}.yaml", {
        "database_name": DATABASE, "sqlalchemy_uri": uri, "expose_in_sqllab": True, "allow_run_async": False,
        "allow_ctas": False, "allow_cvas": False, "allow_dml": False, "allow_file_upload": False,
        "extra": {"engine_params": {"connect_args": CONNECT_ARGS}, "allows_virtual_table_explore": True},
        "uuid": _uuid("database"), **VERSION,
    }  # fmt: skip
    for mart in sorted({chart.mart for chart in CHARTS}):
        yield f"datasets/{DATABASE}/{mart}.yaml", {
            "table_name": mart, "schema": "marts", "catalog": None, "main_dttm_col": None, "sql": None, "metrics": [],
            "columns": [
                {"column_name": name, "type": kind, "is_dttm": kind in ("DATE", "TIMESTAMP"), "groupby": True,
                 "filterable": True, "is_active": True}
                for name, kind in columns[mart].items()
            ],
            "uuid": _uuid("dataset", mart), "database_uuid": _uuid("database"), **VERSION,
        }  # fmt: skip
    for chart in CHARTS:
        yield f"charts/{_uuid('chart', chart.title)}.yaml", _chart(chart)
    yield "dashboards/tandem.yaml", {
        "dashboard_title": DASHBOARD, "slug": SLUG, "published": True, "css": "", "position": _layout(), "metadata": {},
        "uuid": _uuid("dashboard"), **VERSION,
    }  # fmt: skip


def _chart(chart: Chart) -> dict:
    filters = [{"col": column, "op": operator, **({} if value is None else {"val": value})}
               for column, operator, value in chart.where]  # fmt: skip
    adhoc = [
        {"clause": "WHERE", "expressionType": "SIMPLE", "subject": column, "operator": operator, "comparator": value}
        for column, operator, value in chart.where
    ]
    query = {
        "columns": list(chart.columns), "metrics": [], "filters": filters, "orderby": [], "row_limit": _ROWS,
        "time_range": "No filter", "extras": {"having": "", "where": ""},
    }  # fmt: skip
    return {
        "slice_name": chart.title, "viz_type": "table",
        "params": {
            "viz_type": "table", "query_mode": "raw", "all_columns": list(chart.columns), "adhoc_filters": adhoc,
            "row_limit": _ROWS, "server_page_length": 50,
        },
        "query_context": json.dumps({
            "datasource": {"id": 0, "type": "table"}, "force": False, "queries": [query],
            "result_format": "json", "result_type": "full", "form_data": {"viz_type": "table"},
        }),
        "uuid": _uuid("chart", chart.title), "dataset_uuid": _uuid("dataset", chart.mart), **VERSION,
    }  # fmt: skip


def _layout() -> dict:
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": DASHBOARD}},
    }
    for number, chart in enumerate(CHARTS, start=1):
        row, cell = f"ROW-{number}", f"CHART-{number}"
        position["GRID_ID"]["children"].append(row)
        position[row] = {"type": "ROW", "id": row, "children": [cell], "parents": ["ROOT_ID", "GRID_ID"],
                         "meta": {"background": "BACKGROUND_TRANSPARENT"}}  # fmt: skip
        position[cell] = {
            "type": "CHART", "id": cell, "children": [], "parents": ["ROOT_ID", "GRID_ID", row],
            "meta": {"chartId": number, "width": 12, "height": 50, "sliceName": chart.title,
                     "uuid": _uuid("chart", chart.title)},
        }  # fmt: skip
    return position
