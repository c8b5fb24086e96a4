select
    utm_campaign as campaign_name,
    trim(utm_medium) as origin_channel,
    try_cast(booking_amount as decimal(18, 2)) as amount,
    nullif(trim(currency), '') as currency,
    try_cast(close_date as timestamp) as entered_at,
    _extracted_at as extracted_at,
    _record_id as record_id
from {{ source('paid_media', 'closed_won_bookings') }}
