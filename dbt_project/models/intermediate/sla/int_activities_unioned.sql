-- One row per call, e-mail, meeting or message that a source logs on a person, by whom, and what it was worth.
with converted as (
    -- A contact stands for the lead that became it; of several leads the first.
    select converted_contact_id as contact_id, min(lead_id) as lead_id
    from {{ ref('stg_salesforce__lead') }}
    where converted_contact_id is not null
    group by converted_contact_id
),

logged as (
    select
        'salesforce' as source_system,
        cast(null as string) as source_entity,
        tasks.task_id as source_id,
        'lead' as record_entity,
        coalesce(converted.lead_id, tasks.who_id) as record_id,
        tasks.what_id as opportunity_id,
        tasks.owner_id as user_id,
        false as is_by_somebody,
        case
            when tasks.activity_type in ('call', 'appel') then 'call'
            when tasks.activity_type in ('email', 'e-mail', 'listemail') then 'email'
            when tasks.activity_type in ('meeting', 'réunion', 'event') then 'meeting'
            when tasks.activity_type in ('linkedin', 'social') then 'social'
            else 'other'
        end as activity_type,
        coalesce(tasks.activity_type = 'listemail', false) as is_bulk,
        false as is_inbound,
        tasks.is_completed,
        tasks.call_seconds,
        lower(tasks.call_disposition) as disposition,
        tasks.created_at as occurred_at,
        -- A meeting becomes a conversation when it is held, not when it is booked.
        tasks.last_modified_at as meeting_held_at,
        tasks.extracted_at
    from {{ ref('stg_salesforce__task') }} as tasks
    left join converted on tasks.who_id = converted.contact_id
    union all
    -- HubSpot's export names the owner by name only: somebody did it, nobody says who.
    select
        'hubspot', 'call', call_id, 'contact', trim(split_part(contact_ids, ';', 1)), trim(split_part(deal_ids, ';', 1)), null, has_owner,
        'call', false, coalesce(is_inbound, false), true, call_seconds, lower(outcome), called_at, null, extracted_at
    from {{ ref('stg_hubspot__call') }}
    union all
    select
        'hubspot', 'email', email_id, 'contact', trim(split_part(contact_ids, ';', 1)), trim(split_part(deal_ids, ';', 1)), null, has_owner,
        'email', coalesce(is_failed, false), coalesce(is_inbound, false), not coalesce(is_failed, false), null, null, sent_at, null,
        extracted_at
    from {{ ref('stg_hubspot__email') }}
    union all
    select
        'hubspot', 'meeting', meeting_id, 'contact', trim(split_part(contact_ids, ';', 1)), trim(split_part(deal_ids, ';', 1)), null,
        has_owner, 'meeting', false, false, coalesce(is_held, false), null, null, booked_at, started_at, extracted_at
    from {{ ref('stg_hubspot__meeting') }}
    union all
    select
        'hubspot_connector', 'engagement', engagement_id, 'contact', contact_id, deal_id, owner_id, false,
        activity_type, false, false, activity_type <> 'meeting' or coalesce(is_held, false), null, null, happened_at, happened_at,
        extracted_at
    from {{ ref('stg_hubspot_connector__engagement') }}
),

told as (
    select
        logged.*,
        people.person_key,
        users.user_key,
        users.team,
        -- What an integration or a mailing writes is no human touch.
        (coalesce(users.is_human, false) or logged.is_by_somebody) and not logged.is_bulk and logged.activity_type <> 'other'
            as is_human
    from logged
    left join {{ ref('int_people_identified') }} as people
        on people.source_system = logged.source_system
            and people.source_entity = logged.record_entity
            and people.source_id = logged.record_id
    left join {{ ref('int_users_unioned') }} as users
        on users.source_system = logged.source_system and users.source_id = logged.user_id
)

select
    -- HubSpot numbers calls, e-mails and meetings alike.
    case when source_entity is null then {{ surrogate_key(["'activity'", "source_system", "source_id"]) }}
        else {{ surrogate_key(["'activity'", "source_system", "source_entity", "source_id"]) }} end as activity_key,
    source_system,
    person_key,
    case when opportunity_id is not null
        then {{ surrogate_key(["'opportunity'", "source_system", "opportunity_id"]) }}
    end as opportunity_key,
    user_key as actor_key,
    team,
    activity_type,
    case when is_inbound then 'inbound' else 'outbound' end as direction,
    is_completed,
    call_seconds as duration_seconds,
    disposition,
    is_human,
    -- A call that is over before anyone could have spoken stops no clock that counts.
    is_human and activity_type = 'call' and coalesce(call_seconds < 10, false) as is_hollow,
    is_human and coalesce(
        (activity_type = 'call' and disposition in ('connected', 'connecté', 'abouti') and call_seconds >= 30)
        or (activity_type = 'meeting' and is_completed),
        false
    ) as is_two_way,
    occurred_at,
    case when activity_type = 'meeting' and is_completed then meeting_held_at else occurred_at end as held_at,
    extracted_at as recorded_at
from told
where occurred_at is not null
