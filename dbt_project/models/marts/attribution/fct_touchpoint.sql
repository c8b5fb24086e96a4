-- Keys are packed from where they are read until all is sorted: with them this is the widest of the long tables.
with named as (
    select source_system, source_entity as entity_type, source_id, {{ packed_key('person_key') }} as person_key
    from {{ ref('int_people_identified') }}
    union all
    -- A source may number leads and contacts alike: then an id without its kind names nobody.
    select source_system, '', source_id, {{ packed_key('max(person_key)') }}
    from {{ ref('int_people_identified') }}
    group by source_system, source_id
    having count(*) = 1
),

-- Of the two ways to name a person those that the touches have: each is looked up among as few rows as may be.
records as (
    select *
    from named
    where entity_type in (select distinct coalesce(entity_type, '') from {{ ref('stg_canonical__touch') }})
),

persons as (
    select {{ packed_key('person_key') }} as person_key, {{ packed_key('account_key') }} as account_key
    from {{ ref('dim_person') }}
),

-- By name, because no tool that logs touches knows the ids of another's campaigns; a name that two campaigns share tells neither.
campaigns as (
    select lower(trim(campaign_name)) as campaign_name, {{ packed_key('max(campaign_key)') }} as campaign_key
    from {{ ref('dim_campaign') }}
    group by lower(trim(campaign_name))
    having count(*) = 1
),

ordered as (
    select
        {{ packed_key(surrogate_key(["'touchpoint'", "touches.source_system", "touches.source_entity", "touches.touch_id"])) }}
            as touchpoint_key,
        touches.source_system,
        records.person_key,
        persons.account_key,
        campaigns.campaign_key,
        touches.origin_channel,
        coalesce(channel_map.channel, case when touches.origin_channel is null then 'unknown' else 'other' end) as channel,
        touches.touch_type,
        touches.occurred_at,
        touches.extracted_at as recorded_at
    from {{ ref('stg_canonical__touch') }} as touches
    left join records
        on touches.lead_system = records.source_system
            and touches.lead_id = records.source_id
            and coalesce(touches.entity_type, '') = records.entity_type
    left join persons on records.person_key = persons.person_key
    left join campaigns on lower(touches.campaign_name) = campaigns.campaign_name
    left join {{ ref('channel_map') }} as channel_map
        on {{ channel_lookup_key('touches.origin_channel') }} = channel_map.source_value
    where touches.occurred_at < {{ as_of_at() }}
    -- As it is published: rows of one person side by side take half the room, which is written thrice.
    order by person_key nulls first, occurred_at nulls first, touchpoint_key nulls first
)

select
    {{ unpacked_key('touchpoint_key') }} as touchpoint_key,
    source_system,
    {{ unpacked_key('person_key') }} as person_key,
    {{ unpacked_key('account_key') }} as account_key,
    {{ unpacked_key('campaign_key') }} as campaign_key,
    origin_channel,
    channel,
    touch_type,
    occurred_at,
    recorded_at,
    {{ as_of_day() }} as as_of
from ordered
