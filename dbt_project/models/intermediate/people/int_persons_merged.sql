-- One row per person: what its records say together, the earliest filled value first.
with ranked as (
    select
        *,
        row_number() over (
            partition by person_key order by case when origin_channel is null then 1 else 0 end, record_order
        ) as channel_order,
        row_number() over (
            partition by person_key order by case when company_name is null then 1 else 0 end, record_order
        ) as company_order
    from {{ ref('int_people_identified') }}
),

channelled as (
    select
        ranked.*,
        coalesce(channel_map.channel, case when ranked.origin_channel is null then 'unknown' else 'other' end) as channel
    from ranked
    left join {{ ref('channel_map') }} as channel_map
        on {{ channel_lookup_key('ranked.origin_channel') }} = channel_map.source_value
)

select
    person_key,
    max(case when record_order = 1 then source_system end) as source_system,
    max(case when record_order = 1 then created_at end) as first_seen_at,
    max(n_records) as n_source_records,
    max(case when channel_order = 1 then origin_channel end) as origin_channel,
    max(case when channel_order = 1 then channel end) as channel,
    max(case when channel_order = 1 then campaign_name end) as campaign_name,
    max(case when company_order = 1 then company_name end) as company_name,
    max(case when company_order = 1 then source_system end) as company_source_system
from channelled
group by person_key
