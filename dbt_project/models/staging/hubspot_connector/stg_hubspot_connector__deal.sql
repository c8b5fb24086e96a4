select
    deal.deal_id,
    deal.deal_pipeline_id as pipeline,
    deal.deal_pipeline_stage_id as vendor_stage_id,
    deal.owner_id,
    try_cast(deal.property_amount as decimal(18, 2)) as amount,
    try_cast(deal.property_createdate as timestamp) as created_at,
    try_cast(deal.property_closedate as timestamp) as closed_at,
    deal._extracted_at as extracted_at
from {{ source('hubspot_connector', 'deal') }} as deal
where not deal._is_deleted
    and not coalesce(try_cast(deal.is_deleted as boolean), false)
