select
    opportunity_id,
    sales_agent,
    account as account_name,
    deal_stage,
    {{ regexp_replace_all("lower(product)", "[^a-z0-9]", "") }} as product_lookup_key,
    try_cast(engage_date as timestamp) as engaged_at,
    try_cast(close_date as timestamp) as closed_at,
    try_cast(close_value as decimal(18, 2)) as close_value,
    _extracted_at as extracted_at
from {{ source('maven', 'sales_pipeline') }}
where not _is_deleted
