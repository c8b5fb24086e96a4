select
    source_system,
    source_entity,
    id as deal_id,
    nullif(trim(stage), '') as vendor_stage,
    nullif(trim(pipeline), '') as pipeline,
    nullif(trim(lead_id), '') as lead_id,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(owner_id), '') as owner_id,
    nullif(trim(product), '') as product,
    nullif(trim(origin_channel), '') as origin_channel,
    nullif(trim(campaign_name), '') as campaign_name,
    nullif(trim(lost_reason), '') as lost_reason,
    try_cast(amount as decimal(18, 2)) as amount,
    nullif(upper(trim(currency)), '') as currency,
    try_cast(created_at as timestamp) as created_at,
    try_cast(qualified_at as timestamp) as qualified_at,
    try_cast(closed_at as timestamp) as closed_at,
    _extracted_at as extracted_at
from {{ source('tandem', 'canonical__deal') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
