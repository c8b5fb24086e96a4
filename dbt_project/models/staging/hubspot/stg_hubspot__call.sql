select
    call_id,
    nullif(trim(contact_id), '') as contact_ids,
    nullif(trim(outcome), '') as outcome,
    try_cast(activity_at as timestamp) as called_at,
    _extracted_at as extracted_at
from {{ source('hubspot', 'calls') }}
where not _is_deleted
