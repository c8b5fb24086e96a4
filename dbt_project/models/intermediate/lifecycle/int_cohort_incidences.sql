-- One row per cohort, segment and horizon: what share reaches, is lost or recycled, or is still there at the horizon, estimated
-- with competing risks from spells right-censored at as_of and observed from the day on which their sources' history starts.
with timed as (
    select
        cohort_month, from_stage, to_stage, horizon_days, channel, stream, source_system, cause, exit_days, entry_days
    from {{ ref('int_spell_transitions') }}
    where is_timed
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
        'segmented', ['cohort_month', 'from_stage', 'to_stage', 'segment'], entry_days='entry_days'
    ) }} as estimated
),

at_horizons as (
    select *
    from {{ incidence_at_horizons('segmented', 'curves', 'horizons', ['cohort_month', 'from_stage', 'to_stage', 'segment'],
        ['from_stage', 'to_stage'], entry_days='entry_days') }} as read_off
)

select
    cohort_month, from_stage, to_stage, segment, horizon_days, n_at_risk, incidence_reached, incidence_terminal,
    incidence_recycled, survival
from at_horizons
