select
    id as lead_history_id,
    lead_id,
    lower(trim(field)) as field_name,
    nullif(trim(new_value), '') as new_value,
    nullif(trim(created_by_id), '') as actor_id,
    try_cast(created_date as timestamp) as changed_at,
    _extracted_at as extracted_at
from {{ source('salesforce_connector', 'lead_history') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
