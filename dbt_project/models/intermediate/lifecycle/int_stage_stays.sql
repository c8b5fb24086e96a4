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

-- A stage without a date stands only where nothing dated says as much. Few have none: only their spells are looked at for it.
overruled as (
    select undated.entity_type, undated.entity_key, undated.spell_no, undated.step_no
    from entries as undated
    inner join entries as dated
        on undated.entity_type = dated.entity_type
            and undated.entity_key = dated.entity_key
            and undated.spell_no = dated.spell_no
    where undated.is_undated and not undated.is_no_inquiry and not dated.is_undated and not dated.is_no_inquiry
    group by undated.entity_type, undated.entity_key, undated.spell_no, undated.step_no, undated.stage, undated.stage_order
    having max(case when dated.stage = undated.stage then 1 else 0 end) = 1
        or coalesce(undated.stage_order, 0) <= coalesce(max(dated.stage_order), 0)
),

compared as (
    select
        entries.*,
        lag(entries.stage) over spells_in_order as earlier_stage,
        lag(entries.stage_order) over spells_in_order as earlier_stage_order
    from entries
    left join overruled
        on entries.entity_type = overruled.entity_type
            and entries.entity_key = overruled.entity_key
            and entries.spell_no = overruled.spell_no
            and entries.step_no = overruled.step_no
    where not entries.is_no_inquiry and overruled.step_no is null and (not entries.is_undated or entries.stage_order > 0)
    window spells_in_order as (partition by entries.entity_type, entries.entity_key, entries.spell_no order by entries.step_no)
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
