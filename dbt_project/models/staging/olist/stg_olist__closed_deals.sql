select
    mql_id,
    seller_id,
    sdr_id,
    sr_id,
    business_segment,
    lead_type,
    try_cast(declared_monthly_revenue as decimal(18, 2)) as declared_monthly_revenue,
    try_cast(won_date as timestamp) as won_at,
    _extracted_at as extracted_at
from {{ source('olist', 'closed_deals') }}
where not _is_deleted
