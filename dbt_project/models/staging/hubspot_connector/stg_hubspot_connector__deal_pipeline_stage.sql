select
    stage_id,
    pipeline_id,
    coalesce(try_cast(closed_won as boolean), false) as is_won,
    coalesce(lower(trim(is_closed)) in ('true', '1'), false) as is_closed,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'deal_pipeline_stage') }}
where not coalesce(try_cast(fivetran_deleted as boolean), false)
