"""The page's figures, aggregated in SQL from a published file; every query tolerates an absent or empty mart.

How they are shown belongs to `page.py` and `charts.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.engine import open_duckdb

Rows = list[dict[str, Any]]

_QUERIES = {
    "stages": """
        select s.stage, s.label_en, s.label_fr, s.stage_order, coalesce(sum(p.n_entries), 0) as entries
        from marts.dim_stage as s left join marts.mart_funnel_period as p on s.stage = p.stage
        group by all order by s.stage_order""",
    "months": """
        select p.period_month, p.stage, s.stage_order, sum(p.n_entries) as entries
        from marts.mart_funnel_period as p join marts.dim_stage as s on p.stage = s.stage
        group by all order by all""",
    "conversions": """
        select c.from_stage, c.to_stage, c.horizon_days, sum(n_entered) filter (where is_mature) as n,
            sum(n_converted) filter (where is_mature) as k, count(*) filter (where not is_mature) as n_immature
        from marts.mart_funnel_cohort as c
        join marts.dim_stage as a on c.from_stage = a.stage join marts.dim_stage as b on c.to_stage = b.stage
        where segment = 'all'
        group by c.from_stage, c.to_stage, c.horizon_days, a.stage_order, b.stage_order
        order by a.stage_order, b.stage_order""",
    "channels": """
        select channel, currency, spend, leads, mqls, opportunities, won, won_amount, cost_per_lead, cost_per_mql,
            cost_per_won, roi
        from marts.mart_channel_performance where period_month is null order by currency, leads desc, channel""",
    "forecasts": """
        select period_start, period_end, method, currency, forecast, p10, p90, wape, bias, interval_coverage,
            n_backtest_periods as n, is_best_method, reason
        from marts.mart_forecast where segment = 'all' and origin_date = as_of order by period_no, method""",
    "freshness": """
        select entity_type, field_name, steward_team, n_required, n_fresh as fresh, n_stale as stale,
            n_missing as missing, n_invalid as invalid, n_conflict as conflict, n_not_judgeable as not_judgeable,
            freshness_rate, pipeline_at_stake
        from marts.mart_crm_freshness where n_required > 0
        order by entity_type, field_name""",
    "stewards": """
        select steward_team, sum(n_required) as n_required, sum(n_stale + n_missing + n_invalid + n_conflict) as to_mend,
            sum(n_stale) as stale, sum(n_fresh)::double / nullif(sum(n_fresh + n_stale), 0) as freshness_rate
        from marts.mart_crm_freshness group by steward_team having sum(n_required) > 0 order by steward_team""",
    "mending": """
        select entity_type, field_name, n_went_stale, n_waiting, days_to_mend_p50, mended_in_30_days_rate
        from marts.mart_crm_mending order by entity_type, field_name""",
    "stale_by_night": """
        select c.check_date as night, f.entity_type, f.field_name, c.failing_rate as stale_rate
        from marts.fct_check_result as c
        join marts.mart_crm_freshness as f on c.check_name = f.entity_type || '_' || f.field_name || '_is_fresh'
        where c.failing_rate is not null and c.check_date > c.as_of - 90 order by all""",
    "trust": """
        select mart_name, source_system, last_data_at, is_late, stale_share, rows_quarantined
        from marts.mart_trust order by mart_name, source_system""",
}

# One query per mart, so that an absent one takes only its own figures away.
_HEADLINES = (
    """select unnest(['leads', 'mqls', 'won']) as figure,
        unnest([sum(leads)::double, sum(mqls)::double, sum(won)::double]) as value
    from marts.mart_channel_performance where period_month is null""",
    """select 'won_amount ' || currency as figure, sum(won_amount)::double as value
    from marts.mart_channel_performance where period_month is null group by currency order by figure""",
    """select 'stale_share' as figure, sum(n_stale)::double / nullif(sum(n_fresh + n_stale), 0) as value
    from marts.mart_crm_freshness""",
    """select 'rows ' || table_name as figure, estimated_size::double as value
    from duckdb_tables() where schema_name = 'marts' order by figure""",
)


def read_figures(marts: Path) -> dict[str, Rows]:
    """All sections' rows, by name; an absent mart gives no rows."""
    with open_duckdb(marts.resolve(), read_only=True) as connection:
        return {name: _ask(connection, sql) for name, sql in _QUERIES.items()} | {
            "published": _ask(connection, "select version, as_of from published_version")
        }


def ask_all(marts: Path, queries: Mapping[str, str]) -> dict[str, Rows]:
    """The rows of each query, by name."""
    with open_duckdb(marts.resolve(), read_only=True) as connection:
        return {name: _ask(connection, sql) for name, sql in queries.items()}


def read_headlines(marts: Path) -> dict[str, float | None]:
    """The figures that are compared from version to version."""
    with open_duckdb(marts.resolve(), read_only=True) as connection:
        return {row["figure"]: row["value"] for sql in _HEADLINES for row in _ask(connection, sql)}


def _ask(connection: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    try:
        result = connection.execute(sql)
    except duckdb.CatalogException:
        return []
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
