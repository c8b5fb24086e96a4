select
    conversion_id,
    contact_id,
    try_cast(timestamp as timestamp) as submitted_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'contact_form_submission') }}
where not _is_deleted
