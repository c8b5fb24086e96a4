-- One row per stage entry that a source counts without saying whose it is: counted in periods, never in journeys.
with records as (
    select
        'paid_media' as source_system, 'leads' as entity, record_id as record_number, 'inquiry' as stage,
        'entered' as event, entered_at, cast(null as decimal(18, 2)) as amount, cast(null as string) as currency,
        origin_channel, campaign_name, extracted_at
    from {{ ref('stg_paid_media__leads') }}
    union all
    select
        'paid_media', 'mqls', record_id, 'mql', 'entered', entered_at, null, null,
        origin_channel, campaign_name, extracted_at
    from {{ ref('stg_paid_media__mqls') }}
    union all
    select
        'paid_media', 'pipeline_opportunities', record_id, 'sqo', 'entered', entered_at, amount, currency,
        origin_channel, campaign_name, extracted_at
    from {{ ref('stg_paid_media__pipeline_opportunities') }}
    union all
    select
        'paid_media', 'closed_won_bookings', record_id, 'customer', 'won', entered_at, amount, currency,
        origin_channel, campaign_name, extracted_at
    from {{ ref('stg_paid_media__closed_won_bookings') }}
)

select
    {{ surrogate_key(["'unlinked'", "records.source_system", "records.entity", "records.record_number"]) }} as entity_key,
    records.source_system,
    records.stage,
    records.event,
    coalesce(records.entered_at, records.extracted_at) as occurred_at,
    records.entered_at is null as is_imputed,
    records.extracted_at as recorded_at,
    records.amount,
    coalesce(records.currency, source_system.currency) as currency,
    records.origin_channel,
    coalesce(channel_map.channel, case when records.origin_channel is null then 'unknown' else 'other' end) as channel,
    records.campaign_name
from records
left join {{ ref('channel_map') }} as channel_map
    on {{ channel_lookup_key('records.origin_channel') }} = channel_map.source_value
left join {{ source('tandem', 'source_system') }} as source_system
    on records.source_system = source_system.source_system
