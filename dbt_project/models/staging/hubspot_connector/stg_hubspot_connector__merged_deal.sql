select
    deal_id as surviving_deal_id,
    merged_deal_id,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'merged_deal') }}
