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

kinds as (
    select distinct cohort_month, from_stage, to_stage, horizon_days, channel, stream, source_system
    from timed
),

segmented_kinds as (
    {{ funnel_segments('kinds') }}
),

-- The rows to come and the clusters, numbered: millions of spells are grouped by numbers, not by texts.
cells as (
    select
        cohort_month, from_stage, to_stage, segment, horizon_days,
        cast(row_number() over (order by cohort_month, from_stage, to_stage, segment, horizon_days) as integer) as cell
    from (select distinct cohort_month, from_stage, to_stage, segment, horizon_days from segmented_kinds) as distinct_cells
),

kinds_in_cells as (
    select kinds.*, cells.cell
    from segmented_kinds as kinds
    inner join cells
        on kinds.cohort_month = cells.cohort_month
            and kinds.from_stage = cells.from_stage
            and kinds.to_stage = cells.to_stage
            and kinds.segment = cells.segment
            and kinds.horizon_days = cells.horizon_days
),

clusters as (
    select cluster_key, row_number() over (order by cluster_key) as cluster_no
    from (select distinct cluster_key from timed) as distinct_clusters
),

segmented as (
    select kinds.cell, timed.cause, timed.exit_days, timed.entry_days, clusters.cluster_no
    from timed
    inner join clusters on timed.cluster_key = clusters.cluster_key
    inner join kinds_in_cells as kinds
        on timed.cohort_month = kinds.cohort_month
            and timed.from_stage = kinds.from_stage
            and timed.to_stage = kinds.to_stage
            and timed.horizon_days = kinds.horizon_days
            and timed.channel is not distinct from kinds.channel
            and timed.stream is not distinct from kinds.stream
            and timed.source_system is not distinct from kinds.source_system
),

curves as (
    select *
    from {{ aalen_johansen('segmented', ['cell'], entry_days='entry_days', every_day=true) }} as estimated
),

at_horizons as (
    select *
    from {{ incidence_at_horizons('segmented', 'curves', 'cells', ['cell'], ['cell'], entry_days='entry_days') }} as read_off
),

spreads as (
    select *
    from {{ clustered_spread('segmented', 'curves', 'cells', ['cell'], 'cluster_no', ['cell'], entry_days='entry_days') }}
        as spread_by_cluster
)

select
    cells.cohort_month,
    cells.from_stage,
    cells.to_stage,
    cells.segment,
    cells.horizon_days,
    at_horizons.n_at_risk,
    at_horizons.incidence_reached,
    at_horizons.incidence_terminal,
    at_horizons.incidence_recycled,
    at_horizons.survival,
    spreads.n_clusters,
    spreads.spread
from cells
inner join at_horizons on cells.cell = at_horizons.cell
left join spreads on cells.cell = spreads.cell
