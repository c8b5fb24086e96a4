select
    lead_id,
    owner_id,
    nullif(converted_opportunity_id, '') as converted_opportunity_id,
    nullif(converted_contact_id, '') as converted_contact_id,
    nullif(converted_account_id, '') as converted_account_id,
    nullif(lower(trim(email)), '') as email_normalised,
    {{ folded_text("coalesce(first_name, '') || ' ' || coalesce(last_name, '')") }} as person_name,
    nullif(trim(phone), '') as phone,
    nullif(trim(title), '') as job_title,
    nullif(trim(company), '') as company_name,
    nullif(trim(industry), '') as industry,
    trim(lead_source) as origin_channel,
    status,
    nullif(trim(status_reason), '') as status_reason,
    try_cast(email_bounced_at as timestamp) as email_bounced_at,
    try_cast(created_at as timestamp) as created_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('salesforce', 'lead') }}
where not coalesce(try_cast(is_deleted as boolean), false)
