select distinct
    source_system,
    source_entity,
    id as lead_id,
    nullif(lower(trim(email)), '') as email_normalised,
    nullif(trim(phone), '') as phone,
    nullif(trim(job_title), '') as job_title,
    nullif(trim(company_name), '') as company_name,
    nullif(trim(origin_channel), '') as origin_channel,
    nullif(trim(status), '') as status,
    nullif(trim(status_reason), '') as status_reason,
    nullif(trim(owner_id), '') as owner_id,
    try_cast(status_changed_at as timestamp) as status_changed_at,
    try_cast(mql_at as timestamp) as mql_at,
    try_cast(sal_at as timestamp) as sal_at,
    try_cast(sql_at as timestamp) as sql_at,
    _seen_from as seen_from,
    _seen_to as seen_to
from {{ source('tandem', 'canonical__lead__versions') }}
where not coalesce(try_cast(is_deleted as boolean), false)
