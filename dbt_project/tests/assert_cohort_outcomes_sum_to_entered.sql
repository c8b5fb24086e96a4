-- Every spell of a cohort is won, lost, recycled or open, and none twice.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_funnel_cohort'}}}) }}
select cohort_month, from_stage, to_stage, segment, horizon_days, n_entered, n_won, n_lost, n_recycled, n_open
from {{ ref('mart_funnel_cohort') }}
where n_won + n_lost + n_recycled + n_open <> n_entered
    or n_converted + n_pending > n_entered
    or n_at_risk > n_entered
