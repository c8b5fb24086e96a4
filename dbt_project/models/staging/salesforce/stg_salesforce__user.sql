select
    user_id,
    nullif(trim(role_name), '') as role,
    nullif(trim(department), '') as team,
    coalesce(try_cast(is_active as boolean), true) as is_active,
    user_type = 'Standard' as is_human,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'user') }}
where not _is_deleted
