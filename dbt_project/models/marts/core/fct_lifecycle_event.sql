with events as (
    select
        'person' as entity_type, person_key as entity_key, spell_no, stage,
        case when stage = 'customer' then 'won' else 'entered' end as event,
        occurred_at, recorded_at, cast(null as string) as actor_key, source_system,
        cast(null as string) as reason_code, is_imputed
    from {{ ref('int_person_stages_completed') }}
    union all
    select
        'person', person_key, spell_no, stage, event, occurred_at, recorded_at, null, source_system, reason_code, is_imputed
    from {{ ref('int_person_stages_entered') }}
    where event not in ('entered', 'won')
    union all
    select
        'opportunity', opportunity_key, 1, 'sqo', 'entered', sqo_at, extracted_at, owner_key, source_system, null, false
    from {{ ref('int_opportunities_unioned') }}
    where sqo_at is not null
    union all
    select
        'opportunity', opportunity_key, 1, case when outcome = 'won' then 'customer' else 'sqo' end, outcome, closed_at,
        extracted_at, owner_key, source_system, case when outcome = 'lost' then 'closed_lost' end, is_closed_imputed
    from {{ ref('int_opportunities_unioned') }}
    where is_closed
    union all
    select
        'unlinked', entity_key, 1, stage, event, occurred_at, recorded_at, null, source_system, null, is_imputed
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
    {{ as_of_day() }} as as_of
from events
where occurred_at < {{ as_of_at() }}
