select
    owner_id,
    type as owner_type,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'owner') }}
