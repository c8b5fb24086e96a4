-- What sales began is in no conversion from inquiry or MQL.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'mart_funnel_cohort'}}}) }}
select cohort_month, from_stage, to_stage, segment, n_entered
from {{ ref('mart_funnel_cohort') }}
where from_stage in ('inquiry', 'mql') and segment = 'stream=sales_sourced'
