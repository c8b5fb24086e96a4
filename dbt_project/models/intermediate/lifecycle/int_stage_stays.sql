-- One row per stay of a person or an opportunity in a stage: when it began and ended, whether it is a return, and whether it went
-- back in the funnel. The same stage said twice in a row is one stay.
with entries as (
    select
        'person' as entity_type, steps.person_key as entity_key, steps.spell_no, steps.step_no, steps.stage, steps.stage_order,
        steps.event, steps.occurred_at, steps.recorded_at, steps.actor_key, steps.source_system, steps.is_imputed, steps.is_undated,
        spells.ended_at, spells.end_recorded_at, spells.stream = 'sales_sourced' and steps.is_first_record as is_no_inquiry
    from {{ ref('int_person_steps_numbered') }} as steps
    inner join {{ ref('int_spells_classified') }} as spells
        on steps.person_key = spells.person_key and steps.spell_no = spells.spell_no
    where steps.is_entry
    union all
    select
        'opportunity', opportunity_key, version_no, step_no, stage, stage_order, event, occurred_at, recorded_at, actor_key,
        source_system, is_imputed, is_undated,
        min(case when is_end then occurred_at end) over (partition by opportunity_key, version_no),
        min(case when is_end then recorded_at end) over (partition by opportunity_key, version_no),
        is_end
    from {{ ref('int_opportunity_steps_versioned') }}
),

judged as (
    select
        *,
        max(case when not is_undated then stage_order end) over (partition by entity_type, entity_key, spell_no) as furthest_dated,
        max(case when not is_undated then 1 else 0 end) over (partition by entity_type, entity_key, spell_no, stage)
            as is_stage_dated
    from entries
    where not is_no_inquiry
),

-- A stage without a date stands only where nothing dated says as much.
compared as (
    select
        *,
        lag(stage) over (partition by entity_type, entity_key, spell_no order by step_no) as earlier_stage,
        lag(stage_order) over (partition by entity_type, entity_key, spell_no order by step_no) as earlier_stage_order
    from judged
    where not is_undated or (is_stage_dated = 0 and stage_order > coalesce(furthest_dated, 0))
),

moves as (
    select * from compared where earlier_stage is null or earlier_stage <> stage
)

select
    entity_type,
    entity_key,
    spell_no,
    stage,
    stage_order,
    case
        when event = 'reopened' then 'reopened'
        when row_number() over (partition by entity_type, entity_key, spell_no, stage order by step_no) > 1 then 're_entered'
        else 'entered'
    end as event,
    coalesce(stage_order < earlier_stage_order, false) as is_regression,
    occurred_at,
    coalesce(lead(occurred_at) over (partition by entity_type, entity_key, spell_no order by step_no), ended_at) as exited_at,
    coalesce(lead(recorded_at) over (partition by entity_type, entity_key, spell_no order by step_no), end_recorded_at)
        as exit_recorded_at,
    recorded_at,
    actor_key,
    source_system,
    is_imputed,
    is_undated
from moves
