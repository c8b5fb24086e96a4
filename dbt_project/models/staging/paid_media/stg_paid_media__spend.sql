select
    trim(channel) as origin_channel,
    try_cast(spend as decimal(18, 2)) as spend,
    _extracted_at as extracted_at,
    _record_id as record_id
from {{ source('paid_media', 'spend') }}
