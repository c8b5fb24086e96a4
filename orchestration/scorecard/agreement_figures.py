"""The figures of the pages on objectives, hand-off and barometer, asked of a published file. How they look is elsewhere."""

_LABELS = "names.label_en, names.label_fr"
_NAMES = "(select distinct objective_id, label_en, label_fr from marts.mart_objective_pacing_daily) as names"
AGREEMENT_QUERIES = {
    "objectives": """
        select * exclude (as_of) from marts.mart_objective_pacing_daily
        qualify row_number() over (
            partition by objective_id order by case when pacing_date <= as_of then 0 else 1 end,
            case when pacing_date <= as_of then pacing_date end desc, pacing_date
        ) = 1
        order by objective_id""",
    "pacing": """
        select objective_id, label_en, label_fr, pacing_date, expected_to_date, actual_to_date
        from marts.mart_objective_pacing_daily where unit <> 'rate' order by all""",
    "gaps": f"""
        select gaps.*, {_LABELS} from marts.mart_objective_gap as gaps join {_NAMES} using (objective_id)
        order by objective_id""",
    "tree": f"""
        select objective_id, {_LABELS}, stage, entry_month, required_entries, actual_entries
        from marts.mart_target_tree join {_NAMES} using (objective_id) where required_entries >= 0.05
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
    "feedback": """
        select reason_code, sum(n_sent_back) as n_sent_back, sum(n_acknowledged) as n_acknowledged,
            sum(n_acknowledged_in_time) as n_acknowledged_in_time, sum(n_changed) as n_changed, sum(n_declined) as n_declined
        from marts.mart_feedback_loop where period_month > as_of - interval 12 months
        group by reason_code order by n_sent_back desc, reason_code""",
    "rounds": "select * exclude (as_of) from marts.mart_feedback_effect order by first_day desc, feedback_id",
    "reliability": """
        select * from marts.mart_reason_reliability where quarter_start > as_of - interval 12 months
        order by quarter_start desc, source_system""",
    "barometer": "select * from marts.mart_barometer order by item_id",
}
