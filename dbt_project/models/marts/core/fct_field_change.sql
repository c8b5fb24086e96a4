select
    source_system,
    entity_type,
    {{ surrogate_key(["entity_type", "source_system", "record_id"]) }} as entity_key,
    field_name,
    changed_at,
    bool_or(is_human) as is_human,
    {{ as_of_day() }} as as_of
from {{ ref('int_field_changes_unioned') }}
where changed_at < {{ as_of_at() }}
group by source_system, entity_type, {{ surrogate_key(["entity_type", "source_system", "record_id"]) }}, field_name, changed_at
