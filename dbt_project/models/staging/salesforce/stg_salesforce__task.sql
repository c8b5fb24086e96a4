select
    task_id,
    nullif(who_id, '') as who_id,
    nullif(what_id, '') as what_id,
    -- The type is what a person chose; the subtype what the tool knows, where nobody did.
    lower(coalesce(nullif(trim(type), ''), nullif(trim(task_subtype), ''))) as activity_type,
    lower(status) in ('completed', 'terminé', 'terminée', 'achevé', 'achevée') as is_completed,
    nullif(trim(call_disposition), '') as call_disposition,
    try_cast(call_duration_in_seconds as integer) as call_seconds,
    owner_id,
    try_cast(created_at as timestamp) as created_at,
    try_cast(last_modified_at as timestamp) as last_modified_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'task') }}
where not coalesce(try_cast(is_deleted as boolean), false)
