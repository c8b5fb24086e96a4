select
    contact_id,
    company_id,
    nullif(lower(trim(email)), '') as email_normalised,
    {{ folded_text("coalesce(first_name, '') || ' ' || coalesce(last_name, '')") }} as person_name,
    nullif(trim(phone), '') as phone,
    nullif(trim(job_title), '') as job_title,
    nullif(trim(company_name), '') as company_name,
    trim(original_source) as origin_channel,
    try_cast(created_at as timestamp) as created_at,
    try_cast(became_mql_at as timestamp) as became_mql_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('hubspot', 'contacts') }}
where not _is_deleted
