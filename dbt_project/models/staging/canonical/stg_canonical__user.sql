select
    source_system,
    source_entity,
    id as user_id,
    nullif(trim(role), '') as role,
    nullif(trim(team), '') as team,
    coalesce(try_cast(is_active as boolean), true) as is_active,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at
from {{ source('tandem', 'canonical__user') }}
where not _is_deleted
