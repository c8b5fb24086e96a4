with spells as (
    select
        cohort_month, from_stage, to_stage, horizon_days, channel, stream, source_system, is_converted, is_pending, outcome
    from {{ ref('int_spell_transitions') }}
),

segmented as (
    {{ funnel_segments('spells') }}
),

counted as (
    select
        cohort_month,
        from_stage,
        to_stage,
        segment,
        horizon_days,
        count(*) as n_entered,
        count(*) filter (where is_converted) as n_converted,
        count(*) filter (where is_pending) as n_pending,
        count(*) filter (where outcome = 'won') as n_won,
        count(*) filter (where outcome = 'lost') as n_lost,
        count(*) filter (where outcome = 'recycled') as n_recycled,
        count(*) filter (where outcome = 'open') as n_open
    from segmented
    group by cohort_month, from_stage, to_stage, segment, horizon_days
),

matured as (
    select
        *,
        {{ add_days(next_month('cohort_month'), 'horizon_days') }} <= {{ as_of_at() }} as is_mature
    from counted
)

select
    matured.cohort_month,
    matured.from_stage,
    matured.to_stage,
    matured.segment,
    matured.horizon_days,
    matured.n_entered,
    matured.n_converted,
    matured.n_pending,
    case when matured.is_mature then {{ ratio('matured.n_converted', 'matured.n_entered') }} end as rate_fixed_horizon,
    -- So few are left to observe that the estimate there would be noise.
    case when incidences.n_at_risk >= 10 then incidences.incidence_reached end as rate_cumulative_incidence,
    case
        when incidences.n_at_risk >= 10
            then {{ incidence_bound('incidences.incidence_reached', 'incidences.spread', 'incidences.n_clusters', 'incidences.n_at_risk', -1) }}
    end as ci_low,
    case
        when incidences.n_at_risk >= 10
            then {{ incidence_bound('incidences.incidence_reached', 'incidences.spread', 'incidences.n_clusters', 'incidences.n_at_risk', 1) }}
    end as ci_high,
    coalesce(incidences.n_at_risk, 0) as n_at_risk,
    matured.is_mature,
    matured.n_won,
    matured.n_lost,
    matured.n_recycled,
    matured.n_open,
    case when matured.is_mature then {{ wilson_bound('matured.n_converted', 'matured.n_entered', -1) }} end as fixed_horizon_ci_low,
    case when matured.is_mature then {{ wilson_bound('matured.n_converted', 'matured.n_entered', 1) }} end as fixed_horizon_ci_high,
    cast(incidences.n_clusters as bigint) as n_accounts,
    {{ as_of_day() }} as as_of
from matured
left join {{ ref('int_cohort_incidences') }} as incidences
    on matured.cohort_month = incidences.cohort_month
        and matured.from_stage = incidences.from_stage
        and matured.to_stage = incidences.to_stage
        and matured.segment = incidences.segment
        and matured.horizon_days = incidences.horizon_days
