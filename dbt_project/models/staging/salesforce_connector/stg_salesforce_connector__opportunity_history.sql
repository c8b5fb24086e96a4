select
    id as opportunity_id,
    stage_name as vendor_stage,
    owner_id,
    nullif(trim(forecast_category), '') as forecast_category,
    try_cast(amount as decimal(18, 2)) as amount,
    cast(try_cast(close_date as timestamp) as date) as close_on,
    try_cast(fivetran_start as timestamp) as changed_at,
    _extracted_at as extracted_at
from {{ source('salesforce_connector', 'opportunity_history') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
