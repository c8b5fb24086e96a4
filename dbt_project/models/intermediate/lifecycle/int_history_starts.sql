-- One row per source: the day from which its journeys are observed. Before it entries may be known, but not what became of them.
with steps as (
    select source_system, occurred_at, is_end, is_imputed, is_undated
    from {{ ref('int_person_steps_numbered') }}
    where stage is not null and not is_first_record
),

counted as (
    select
        source_system,
        min(case when not is_imputed then occurred_at end) as first_dated_at,
        min(case when is_end and is_undated then occurred_at end) as first_undated_end_at,
        sum(case when is_end then 1 else 0 end) as n_ends,
        sum(case when is_end and is_undated then 1 else 0 end) as n_undated_ends
    from steps
    group by source_system
)

select
    source_system,
    -- Where most ends have no date, the source dates none: its first export is the beginning.
    case
        when 2 * n_undated_ends > n_ends then greatest(coalesce(first_dated_at, first_undated_end_at), first_undated_end_at)
        else first_dated_at
    end as observed_from
from counted
