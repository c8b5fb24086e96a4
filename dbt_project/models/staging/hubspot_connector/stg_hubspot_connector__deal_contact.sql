select
    contact_id,
    deal_id,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'deal_contact') }}
