select
    opportunity_history_id,
    opportunity_id,
    stage_name as vendor_stage,
    created_by_id as actor_id,
    nullif(trim(forecast_category), '') as forecast_category,
    try_cast(amount as decimal(18, 2)) as amount,
    try_cast(close_on as date) as close_on,
    try_cast(created_at as timestamp) as changed_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'opportunity_history') }}
where not coalesce(try_cast(is_deleted as boolean), false)
