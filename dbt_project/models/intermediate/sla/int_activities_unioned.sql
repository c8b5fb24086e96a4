-- One row per call, e-mail, meeting or message that a source logs on a person, by whom, and what it was worth.
with converted as (
    -- A contact stands for the lead that became it; of several leads the first.
    select converted_contact_id as contact_id, min(lead_id) as lead_id
    from {{ ref('stg_salesforce__lead') }}
    where converted_contact_id is not null
    group by converted_contact_id
),

tasks as (
    select
        'salesforce' as source_system,
        tasks.task_id as source_id,
        coalesce(converted.lead_id, tasks.who_id) as lead_id,
        tasks.what_id as opportunity_id,
        tasks.owner_id as user_id,
        case
            when tasks.activity_type in ('call', 'appel') then 'call'
            when tasks.activity_type in ('email', 'e-mail', 'listemail') then 'email'
            when tasks.activity_type in ('meeting', 'réunion', 'event') then 'meeting'
            when tasks.activity_type in ('linkedin', 'social') then 'social'
            else 'other'
        end as activity_type,
        tasks.activity_type = 'listemail' as is_bulk,
        tasks.is_completed,
        tasks.call_seconds,
        lower(tasks.call_disposition) as disposition,
        tasks.created_at,
        tasks.last_modified_at,
        tasks.extracted_at
    from {{ ref('stg_salesforce__task') }} as tasks
    left join converted on tasks.who_id = converted.contact_id
)

select
    {{ surrogate_key(["'activity'", "tasks.source_system", "tasks.source_id"]) }} as activity_key,
    tasks.source_system,
    people.person_key,
    case when tasks.opportunity_id is not null
        then {{ surrogate_key(["'opportunity'", "tasks.source_system", "tasks.opportunity_id"]) }}
    end as opportunity_key,
    users.user_key as actor_key,
    users.team,
    tasks.activity_type,
    tasks.is_completed,
    tasks.call_seconds as duration_seconds,
    tasks.disposition,
    -- What an integration or a mailing writes is no human touch.
    coalesce(users.is_human, false) and not tasks.is_bulk and tasks.activity_type <> 'other' as is_human,
    -- A call that is over before anyone could have spoken stops no clock that counts.
    coalesce(users.is_human, false) and tasks.activity_type = 'call' and tasks.call_seconds < 10 as is_hollow,
    coalesce(users.is_human, false) and (
        (tasks.activity_type = 'call' and tasks.disposition in ('connected', 'connecté', 'abouti') and tasks.call_seconds >= 30)
        or (tasks.activity_type = 'meeting' and tasks.is_completed)
    ) as is_two_way,
    tasks.created_at as occurred_at,
    -- A meeting becomes a conversation when it is held, not when it is booked.
    case when tasks.activity_type = 'meeting' and tasks.is_completed then tasks.last_modified_at else tasks.created_at end as held_at,
    tasks.extracted_at as recorded_at
from tasks
left join {{ ref('int_people_identified') }} as people
    on people.source_system = tasks.source_system and people.source_entity = 'lead' and people.source_id = tasks.lead_id
left join {{ ref('int_users_unioned') }} as users
    on users.source_system = tasks.source_system and users.source_id = tasks.user_id
where tasks.created_at is not null
