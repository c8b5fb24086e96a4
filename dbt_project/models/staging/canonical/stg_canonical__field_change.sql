select
    source_system,
    source_entity,
    id as field_change_id,
    lower(trim(entity_type)) as entity_type,
    record_id,
    lower(trim(field_name)) as field_name,
    try_cast(changed_at as timestamp) as changed_at,
    nullif(trim(new_value), '') as new_value,
    coalesce(try_cast(is_human as boolean), false) as is_human,
    _extracted_at as extracted_at
from {{ source('tandem', 'canonical__field_change') }}
where not _is_deleted
