-- One row per spell and pair of stages of which it entered the first: what became of it, and how long that took.
-- A stage whose date is not known is in no cohort; what is known without its time is in no duration.
with observed as (
    select people.person_key, max(starts.observed_from) as observed_from
    from {{ ref('int_people_identified') }} as people
    inner join {{ ref('int_history_starts') }} as starts on people.source_system = starts.source_system
    group by people.person_key
),

pairs as (
    select
        entered.person_key,
        entered.spell_no,
        transitions.from_stage,
        transitions.to_stage,
        transitions.horizon_days,
        entered.occurred_at as entered_at,
        reached.occurred_at as reached_at,
        spells.stream,
        spells.outcome,
        case when spells.outcome in ('lost', 'recycled') then spells.ended_at end as ended_at,
        case when reached.person_key is not null then reached.is_undated else spells.is_end_undated end as is_exit_undated
    from {{ ref('int_person_stages_completed') }} as entered
    inner join {{ ref('funnel_transitions') }} as transitions on entered.stage = transitions.from_stage
    inner join {{ ref('int_spells_classified') }} as spells
        on entered.person_key = spells.person_key and entered.spell_no = spells.spell_no
    left join {{ ref('int_person_stages_completed') }} as reached
        on entered.person_key = reached.person_key
            and entered.spell_no = reached.spell_no
            and transitions.to_stage = reached.stage
    where not entered.is_undated
),

dated as (
    select
        pairs.*,
        {{ add_days('pairs.entered_at', 'pairs.horizon_days') }} as horizon_at,
        case when reached_at is not null then 1 when outcome = 'lost' then 2 when outcome = 'recycled' then 3 else 0 end as cause,
        coalesce(reached_at, ended_at, {{ as_of_at() }}) as exited_at
    from pairs
)

select
    dated.person_key,
    dated.spell_no,
    dated.from_stage,
    dated.to_stage,
    dated.horizon_days,
    {{ business_month('dated.entered_at') }} as cohort_month,
    persons.channel,
    dated.stream,
    persons.source_system,
    dated.outcome,
    coalesce(dated.reached_at <= dated.horizon_at, false) as is_converted,
    -- Still able to convert within the horizon: neither there, nor gone, nor out of time.
    not coalesce(dated.reached_at <= dated.horizon_at, false)
        and not coalesce(dated.ended_at <= dated.horizon_at, false)
        and dated.horizon_at > {{ as_of_at() }} as is_pending,
    dated.cause,
    -- Whole days begun: a journey ends within the horizon by days exactly when it does by the clock.
    cast(ceil({{ days_between('dated.entered_at', 'dated.exited_at') }}) as integer) as exit_days,
    cast(floor(greatest({{ days_between('dated.entered_at', 'observed.observed_from') }}, 0)) as integer) as entry_days,
    not dated.is_exit_undated and dated.exited_at >= dated.entered_at as is_timed
from dated
inner join {{ ref('int_persons_merged') }} as persons on dated.person_key = persons.person_key
left join observed on dated.person_key = observed.person_key
