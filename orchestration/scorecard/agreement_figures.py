"""The figures of the pages on objectives, hand-off and barometer, asked of a published file. How they look is elsewhere."""

AGREEMENT_QUERIES = {
    "objectives": """
        select * exclude (as_of) from marts.mart_objective_pacing_daily
        qualify row_number() over (
            partition by objective_id order by case when pacing_date <= as_of then 0 else 1 end,
            case when pacing_date <= as_of then pacing_date end desc, pacing_date
        ) = 1
        order by objective_id""",
    "pacing": """
        select objective_id, pacing_date, expected_to_date, actual_to_date, forecast_p10, forecast_p90
        from marts.mart_objective_pacing_daily where unit <> 'rate' order by all""",
    "gaps": "select * from marts.mart_objective_gap order by objective_id",
    "tree": """
        select objective_id, stage, entry_month, required_entries, actual_entries
        from marts.mart_target_tree where required_entries >= 0.05
        order by objective_id, case stage when 'mql' then 1 when 'sal' then 2 when 'sql' then 3 when 'sqo' then 4 else 5 end,
            entry_month""",
    "unmatched": """
        select series, count(*) filter (where match_state = 'MATCHED') as matched_days,
            count(*) filter (where match_state = 'MISSING_TARGET') as missing_target,
            count(*) filter (where match_state = 'MISSING_ACTUAL') as missing_actual
        from marts.mart_target_actual_daily group by series order by series""",
    "metrics": "select * from marts.mart_metric_catalog order by metric",
    "speed": """
        select team, tier, sum(n_due) as n_due, sum(n_met) as n_met, sum(n_pending) as n_pending,
            sum(n_never_worked) / nullif(sum(n_judged_worked), 0) as never_worked,
            sum(n_effective) / nullif(sum(n_due), 0) as effective,
            median(business_minutes_p50) as minutes_p50, median(system_minutes_p50) as system_p50
        from marts.mart_speed_to_lead group by team, tier order by team, tier""",
    "speed_weeks": """
        select week_start, sum(n_met) / nullif(sum(n_due), 0) as met, sum(n_effective) / nullif(sum(n_due), 0) as effective
        from marts.mart_speed_to_lead group by week_start having sum(n_due) > 0 order by week_start""",
    "liability": """
        select obligation_id, liability, fault_reason, count(*) as n from marts.fct_sla_clock
        where liability <> 'none' group by all order by obligation_id, n desc, fault_reason""",
    "barometer": "select * from marts.mart_barometer order by item_id",
}
