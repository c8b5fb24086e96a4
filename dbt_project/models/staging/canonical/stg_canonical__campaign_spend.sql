select
    source_system,
    source_entity,
    id as campaign_id,
    try_cast(spend_date as date) as spend_date,
    nullif(upper(trim(currency)), '') as currency,
    coalesce(max(nullif(trim(campaign_name), '')), id) as campaign_name,
    max(nullif(trim(origin_channel), '')) as origin_channel,
    sum(try_cast(spend as decimal(18, 2))) as spend,
    sum(try_cast(impressions as bigint)) as impressions,
    sum(try_cast(clicks as bigint)) as clicks,
    max(_extracted_at) as extracted_at
from {{ source('tandem', 'canonical__campaign_spend') }}
where not _is_deleted
group by source_system, source_entity, id, try_cast(spend_date as date), nullif(upper(trim(currency)), '')
