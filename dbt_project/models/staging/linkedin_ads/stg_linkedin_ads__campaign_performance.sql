select
    campaign_id,
    campaign as campaign_name,
    campaign_type,
    currency,
    try_cast(impressions as bigint) as impressions,
    try_cast(clicks as bigint) as clicks,
    try_cast(cost as decimal(18, 2)) as spend,
    try_cast(day as date) as spend_date,
    _extracted_at as extracted_at
from {{ source('linkedin_ads', 'campaign_performance') }}
