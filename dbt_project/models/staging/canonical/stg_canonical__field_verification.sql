select
    source_system,
    source_entity,
    id as field_verification_id,
    lower(trim(entity_type)) as entity_type,
    record_id,
    lower(trim(field_name)) as field_name,
    nullif(trim(value), '') as checked_value,
    coalesce(nullif(lower(trim(method)), ''), 'check') as method,
    lower(trim(outcome)) as outcome,
    try_cast(verified_at as timestamp) as verified_at,
    _extracted_at as extracted_at
from {{ source('tandem', 'canonical__field_verification') }}
where not _is_deleted
