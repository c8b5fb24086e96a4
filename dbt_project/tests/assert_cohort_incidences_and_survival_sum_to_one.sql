-- At every horizon each spell has reached, is lost, is recycled or still there.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'int_cohort_incidences'}}}) }}
select cohort_month, from_stage, to_stage, segment, horizon_days
from {{ ref('int_cohort_incidences') }}
where abs(incidence_reached + incidence_terminal + incidence_recycled + survival - 1) > 1e-9
    or incidence_reached is null
