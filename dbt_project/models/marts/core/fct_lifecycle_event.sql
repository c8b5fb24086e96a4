with events as (
    select
        entity_type, entity_key, spell_no, stage, event, occurred_at, recorded_at, actor_key, source_system,
        cast(null as string) as reason_code, is_imputed, is_regression
    from {{ ref('int_stage_stays') }}
    union all
    select
        entity_type, entity_key, spell_no, stage, 'exited', exited_at, exit_recorded_at, null, source_system, null, is_imputed, false
    from {{ ref('int_stage_stays') }}
    where exited_at is not null
    union all
    -- A stage that was skipped; the last one, customer, is never skipped.
    select
        'person', completed.person_key, completed.spell_no, completed.stage, 'entered', completed.occurred_at,
        completed.recorded_at, null, completed.source_system, null, true, false
    from {{ ref('int_person_stages_completed') }} as completed
    left join {{ ref('int_stage_stays') }} as stays
        on stays.entity_type = 'person'
            and completed.person_key = stays.entity_key
            and completed.spell_no = stays.spell_no
            and completed.stage = stays.stage
    where completed.is_skipped and stays.entity_key is null
    union all
    select
        'person', person_key, spell_no, stage, event, occurred_at, min(recorded_at), min(actor_key), min(source_system),
        min(reason_code), bool_and(is_imputed), false
    from {{ ref('int_person_steps_numbered') }}
    where is_end
    group by person_key, spell_no, stage, event, occurred_at
    union all
    select
        'opportunity', opportunity_key, version_no, stage, event, occurred_at, recorded_at, actor_key, source_system, reason_code,
        is_imputed, false
    from {{ ref('int_opportunity_steps_versioned') }}
    where is_end
    union all
    select
        'unlinked', entity_key, 1, stage, event, occurred_at, recorded_at, null, source_system, null, is_imputed, false
    from {{ ref('int_unlinked_events_unioned') }}
)

select
    entity_type,
    entity_key,
    spell_no,
    stage,
    event,
    occurred_at,
    recorded_at,
    actor_key,
    source_system,
    reason_code,
    is_imputed,
    is_regression,
    {{ as_of_day() }} as as_of
from events
where occurred_at < {{ as_of_at() }}
