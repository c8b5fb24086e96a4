-- One row per person and thing that happened first: stage entries and ends, from person records and opportunities,
-- as known at as_of. A stage that was skipped is not here yet.
with happened as (
    select
        people.person_key, events.source_system, events.stage, events.event, events.occurred_at,
        events.recorded_at, events.actor_id, events.reason_code, events.is_imputed,
        cast(null as string) as opportunity_key
    from {{ ref('int_person_events_unioned') }} as events
    inner join {{ ref('int_people_identified') }} as people
        on events.source_system = people.source_system and events.source_id = people.source_id
    union all
    select
        person_key, source_system, 'sqo', 'entered', sqo_at, extracted_at, owner_key, null,
        source_system = 'odoo', opportunity_key
    from {{ ref('int_opportunities_unioned') }}
    where person_key is not null and sqo_at is not null and source_system <> 'olist'
    union all
    select
        person_key, source_system, case when outcome = 'won' then 'customer' else 'sqo' end, outcome, closed_at,
        extracted_at, owner_key, case when outcome = 'lost' then 'closed_lost' else outcome end,
        is_closed_imputed, opportunity_key
    from {{ ref('int_opportunities_unioned') }}
    where person_key is not null and is_closed
),

ranked as (
    select
        *,
        row_number() over (
            partition by person_key, stage, event
            order by occurred_at, recorded_at, source_system, coalesce(opportunity_key, '')
        ) as occurrence
    from happened
    where occurred_at < {{ as_of_at() }}
)

select
    person_key,
    1 as spell_no,
    source_system,
    stage,
    event,
    occurred_at,
    recorded_at,
    actor_id,
    reason_code,
    is_imputed,
    opportunity_key
from ranked
where occurrence = 1
