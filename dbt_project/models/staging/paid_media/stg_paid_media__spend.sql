select
    trim(channel) as origin_channel,
    try_cast(spend as decimal(18, 2)) as spend,
    _extracted_at as extracted_at,
    _row_number as row_number_in_file
from {{ source('paid_media', 'spend') }}
