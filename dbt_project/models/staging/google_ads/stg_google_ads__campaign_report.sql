select
    campaign as campaign_name,
    campaign_type,
    currency,
    try_cast(impressions as bigint) as impressions,
    try_cast(clicks as bigint) as clicks,
    try_cast(cost as decimal(18, 2)) as spend,
    _extracted_at as extracted_at
from {{ source('google_ads', 'campaign_report') }}
where not _is_deleted
