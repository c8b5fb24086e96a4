-- One row per source, campaign and day of spend; spend whose day the source does not say has no day.
with records as (
    select
        'google_ads' as source_system, campaign_id, campaign_name, 'google ads ' || lower(campaign_type) as origin_channel,
        spend_date, currency, spend, impressions, clicks, extracted_at
    from {{ ref('stg_google_ads__campaign_daily') }}
    union all
    select
        'google_ads', campaign_name, campaign_name, 'google ads ' || lower(campaign_type), null, currency, spend,
        impressions, clicks, extracted_at
    from {{ ref('stg_google_ads__campaign_report') }}
    union all
    select
        'linkedin_ads', campaign_id, campaign_name, 'linkedin ads', spend_date, currency, spend, impressions, clicks,
        extracted_at
    from {{ ref('stg_linkedin_ads__campaign_performance') }}
    union all
    select
        'paid_media', lower(origin_channel), origin_channel, origin_channel, null, null, spend, null, null, extracted_at
    from {{ ref('stg_paid_media__spend') }}
    union all
    select
        source_system, campaign_id, campaign_name, coalesce(origin_channel, source_system), spend_date, currency, spend,
        impressions, clicks, extracted_at
    from {{ ref('stg_canonical__campaign_spend') }}
)

select
    {{ surrogate_key(["'campaign'", "records.source_system", "records.campaign_id"]) }} as campaign_key,
    records.source_system,
    records.campaign_id,
    records.campaign_name,
    records.origin_channel,
    coalesce(channel_map.channel, 'other') as channel,
    records.spend_date,
    coalesce(records.currency, source_system.currency) as currency,
    records.spend,
    records.impressions,
    records.clicks,
    records.extracted_at
from records
left join {{ ref('channel_map') }} as channel_map
    on {{ channel_lookup_key('records.origin_channel') }} = channel_map.source_value
left join {{ source('tandem', 'source_system') }} as source_system
    on records.source_system = source_system.source_system
