select
    mql_id,
    trim(origin) as origin_channel,
    landing_page_id,
    try_cast(first_contact_date as timestamp) as first_contact_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('olist', 'marketing_qualified_leads') }}
where not _is_deleted
