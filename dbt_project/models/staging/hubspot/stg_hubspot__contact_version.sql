select distinct
    contact_id,
    nullif(lower(trim(email)), '') as email_normalised,
    nullif(trim(phone), '') as phone,
    nullif(trim(job_title), '') as job_title,
    nullif(trim(company_name), '') as company_name,
    trim(original_source) as origin_channel,
    try_cast(became_mql_at as timestamp) as became_mql_at,
    try_cast(became_sql_at as timestamp) as became_sql_at,
    try_cast(became_opportunity_at as timestamp) as became_opportunity_at,
    try_cast(became_customer_at as timestamp) as became_customer_at,
    _seen_from as seen_from,
    _seen_to as seen_to
from {{ source('tandem', 'hubspot__contacts__versions') }}
