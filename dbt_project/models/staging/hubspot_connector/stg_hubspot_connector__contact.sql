select
    id as contact_id,
    nullif(lower(trim(property_email)), '') as email_normalised,
    {{ folded_text("coalesce(property_firstname, '') || ' ' || coalesce(property_lastname, '')") }} as person_name,
    nullif(trim(property_company), '') as company_name,
    nullif(trim(property_jobtitle), '') as job_title,
    try_cast(property_createdate as timestamp) as created_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('hubspot_connector', 'contact') }}
where not _is_deleted
    and not coalesce(try_cast(fivetran_deleted as boolean), false)
