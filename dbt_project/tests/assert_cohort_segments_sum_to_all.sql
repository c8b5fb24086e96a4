-- A dimension's segments are the cohort, parted: no spell is missing and none counted twice.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_funnel_cohort'}}}) }}
with parts as (
    select
        cohort_month, from_stage, to_stage, horizon_days,
        case
            when segment = 'all' then 'all'
            when segment like 'channel=%' then 'channel'
            when segment like 'stream=%' then 'stream'
            when segment like 'source_system=%' then 'source_system'
        end as dimension,
        sum(n_entered) as n_entered, sum(n_converted) as n_converted, sum(n_open) as n_open
    from {{ ref('mart_funnel_cohort') }}
    group by 1, 2, 3, 4, 5
)

select parts.*
from parts
left join parts as totals
    on totals.dimension = 'all'
        and parts.cohort_month = totals.cohort_month
        and parts.from_stage = totals.from_stage
        and parts.to_stage = totals.to_stage
        and parts.horizon_days = totals.horizon_days
where parts.dimension is null
    or totals.n_entered is null
    or parts.n_entered <> totals.n_entered
    or parts.n_converted <> totals.n_converted
    or parts.n_open <> totals.n_open
