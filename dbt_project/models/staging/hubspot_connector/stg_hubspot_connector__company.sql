select
    id as company_id,
    nullif(trim(property_name), '') as company_name,
    nullif(trim(property_industry), '') as industry,
    property_country as country,
    try_cast(property_createdate as timestamp) as created_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('hubspot_connector', 'company') }}
where not _is_deleted
    and not coalesce(try_cast(is_deleted as boolean), false)
