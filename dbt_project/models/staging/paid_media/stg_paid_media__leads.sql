select
    utm_campaign as campaign_name,
    trim(utm_medium) as origin_channel,
    account_owner_territory as territory,
    try_cast(is_hand_raiser as boolean) as is_hand_raiser,
    try_cast(created_date as timestamp) as entered_at,
    _extracted_at as extracted_at,
    _record_id as record_id
from {{ source('paid_media', 'leads') }}
