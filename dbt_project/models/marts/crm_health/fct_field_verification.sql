select
    source_system,
    entity_type,
    {{ surrogate_key(["entity_type", "source_system", "record_id"]) }} as entity_key,
    field_name,
    verified_at,
    method,
    -- Of two findings at one instant the worse counts.
    max(outcome) as outcome,
    {{ as_of_day() }} as as_of
from {{ ref('int_field_verifications_unioned') }}
group by source_system, entity_type, {{ surrogate_key(["entity_type", "source_system", "record_id"]) }}, field_name, verified_at, method
