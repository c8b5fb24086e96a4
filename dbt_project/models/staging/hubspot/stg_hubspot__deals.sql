select
    deal_id,
    company_id,
    pipeline,
    trim(deal_stage) as vendor_stage,
    owner as owner_name,
    nullif(trim(currency), '') as currency,
    -- A deal that HubSpot mirrors from Salesforce is counted where it is worked: in Salesforce.
    nullif(trim(salesforce_opportunity_id), '') is not null as is_mirror,
    try_cast(amount as decimal(18, 2)) as amount,
    try_cast(created_at as timestamp) as created_at,
    try_cast(closed_at as timestamp) as closed_at,
    _extracted_at as extracted_at
from {{ source('hubspot', 'deals') }}
where not _is_deleted
