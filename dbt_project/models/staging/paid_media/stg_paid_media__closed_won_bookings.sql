select
    utm_campaign as campaign_name,
    trim(utm_medium) as origin_channel,
    try_cast(booking_amount as decimal(18, 2)) as amount,
    nullif(trim(currency), '') as currency,
    try_cast(close_date as timestamp) as entered_at,
    _extracted_at as extracted_at,
    _row_number as row_number_in_file
from {{ source('paid_media', 'closed_won_bookings') }}
