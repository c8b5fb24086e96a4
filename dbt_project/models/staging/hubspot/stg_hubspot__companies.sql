select
    company_id,
    nullif(trim(company_name), '') as company_name,
    nullif(lower(trim(domain)), '') as domain,
    nullif(trim(industry), '') as industry,
    country,
    try_cast(employees as integer) as employees,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('hubspot', 'companies') }}
where not _is_deleted
