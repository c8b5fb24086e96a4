with records as (
    select
        people.source_system,
        people.source_entity,
        people.source_id,
        people.person_key,
        persons.account_key,
        -- A source may number leads and contacts alike: then an id without its kind names nobody.
        count(*) over (partition by people.source_system, people.source_id) = 1 as is_told_by_id
    from {{ ref('int_people_identified') }} as people
    inner join {{ ref('dim_person') }} as persons on people.person_key = persons.person_key
),

-- By name, because no tool that logs touches knows the ids of another's campaigns; a name that two campaigns share tells neither.
campaigns as (
    select lower(trim(campaign_name)) as campaign_name, max(campaign_key) as campaign_key
    from {{ ref('dim_campaign') }}
    group by lower(trim(campaign_name))
    having count(*) = 1
)

select
    {{ surrogate_key(["'touchpoint'", "touches.source_system", "touches.source_entity", "touches.touch_id"]) }} as touchpoint_key,
    touches.source_system,
    records.person_key,
    records.account_key,
    campaigns.campaign_key,
    touches.origin_channel,
    coalesce(channel_map.channel, case when touches.origin_channel is null then 'unknown' else 'other' end) as channel,
    touches.touch_type,
    touches.occurred_at,
    touches.extracted_at as recorded_at,
    {{ as_of_day() }} as as_of
from {{ ref('stg_canonical__touch') }} as touches
left join records
    on touches.lead_system = records.source_system
        and touches.lead_id = records.source_id
        and (touches.entity_type = records.source_entity or (touches.entity_type is null and records.is_told_by_id))
left join campaigns on lower(touches.campaign_name) = campaigns.campaign_name
left join {{ ref('channel_map') }} as channel_map
    on {{ channel_lookup_key('touches.origin_channel') }} = channel_map.source_value
where touches.occurred_at < {{ as_of_at() }}
