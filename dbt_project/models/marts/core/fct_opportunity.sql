select
    opportunities.opportunity_key,
    opportunities.source_system,
    opportunities.person_key,
    opportunities.account_key,
    opportunities.owner_key,
    opportunities.pipeline,
    opportunities.vendor_stage,
    opportunities.product,
    coalesce(persons.origin_channel, opportunities.origin_channel) as origin_channel,
    coalesce(
        persons.channel,
        channel_map.channel,
        case when opportunities.origin_channel is null then 'unknown' else 'other' end
    ) as channel,
    opportunities.outcome,
    opportunities.outcome = 'open' as is_open,
    opportunities.is_closed,
    opportunities.is_won,
    opportunities.amount,
    opportunities.currency,
    opportunities.created_at,
    opportunities.is_created_imputed,
    opportunities.sqo_at,
    opportunities.closed_at,
    opportunities.is_closed_imputed,
    {{ as_of_day() }} as as_of
from {{ ref('int_opportunities_unioned') }} as opportunities
left join {{ ref('int_persons_merged') }} as persons on opportunities.person_key = persons.person_key
left join {{ ref('channel_map') }} as channel_map
    on {{ channel_lookup_key('opportunities.origin_channel') }} = channel_map.source_value
where opportunities.created_at < {{ as_of_at() }}
