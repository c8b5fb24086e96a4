select
    source_system,
    source_entity,
    id as touch_id,
    coalesce(nullif(lower(trim(lead_system)), ''), source_system) as lead_system,
    nullif(lower(trim(entity_type)), '') as entity_type,
    nullif(trim(lead_id), '') as lead_id,
    nullif(trim(origin_channel), '') as origin_channel,
    nullif(trim(campaign_name), '') as campaign_name,
    nullif(lower(trim(touch_type)), '') as touch_type,
    try_cast(occurred_at as timestamp) as occurred_at,
    _extracted_at as extracted_at
from {{ source('tandem', 'canonical__touch') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
