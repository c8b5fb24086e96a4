select
    opportunity_id,
    account_id,
    owner_id,
    type as opportunity_type,
    stage_name as vendor_stage,
    trim(lead_source) as origin_channel,
    nullif(trim(currency_iso_code), '') as currency,
    try_cast(amount as decimal(18, 2)) as amount,
    try_cast(close_on as date) as close_on,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'opportunity') }}
where not coalesce(try_cast(is_deleted as boolean), false)
