-- One row per cohort, segment and horizon: what share reaches, is lost or recycled, or is still there at the horizon, estimated
-- with competing risks from spells right-censored at as_of and observed from the day on which their sources' history starts.
with timed as (
    select
        transitions.cohort_month,
        transitions.from_stage,
        transitions.to_stage,
        transitions.horizon_days,
        transitions.channel,
        transitions.stream,
        transitions.source_system,
        transitions.cause,
        transitions.exit_days,
        transitions.entry_days,
        -- Leads of one account are not independent; who has no account stands alone.
        coalesce(persons.account_key, transitions.person_key) as cluster_key
    from {{ ref('int_spell_transitions') }} as transitions
    left join {{ ref('dim_person') }} as persons on transitions.person_key = persons.person_key
    where transitions.is_timed
),

segmented as (
    {{ funnel_segments('timed') }}
),

horizons as (
    select from_stage, to_stage, horizon_days from {{ ref('funnel_transitions') }}
),

curves as (
    select *
    from {{ aalen_johansen(
        'segmented', ['cohort_month', 'from_stage', 'to_stage', 'segment'], entry_days='entry_days', every_day=true
    ) }} as estimated
),

at_horizons as (
    select *
    from {{ incidence_at_horizons('segmented', 'curves', 'horizons', ['cohort_month', 'from_stage', 'to_stage', 'segment'],
        ['from_stage', 'to_stage'], entry_days='entry_days') }} as read_off
),

spreads as (
    select *
    from {{ clustered_spread('segmented', 'curves', 'horizons', ['cohort_month', 'from_stage', 'to_stage', 'segment'],
        'cluster_key', ['from_stage', 'to_stage'], entry_days='entry_days') }} as spread_by_cluster
)

select
    at_horizons.cohort_month,
    at_horizons.from_stage,
    at_horizons.to_stage,
    at_horizons.segment,
    at_horizons.horizon_days,
    at_horizons.n_at_risk,
    at_horizons.incidence_reached,
    at_horizons.incidence_terminal,
    at_horizons.incidence_recycled,
    at_horizons.survival,
    spreads.n_clusters,
    spreads.spread
from at_horizons
left join spreads
    on at_horizons.cohort_month = spreads.cohort_month
        and at_horizons.from_stage = spreads.from_stage
        and at_horizons.to_stage = spreads.to_stage
        and at_horizons.segment = spreads.segment
        and at_horizons.horizon_days = spreads.horizon_days
