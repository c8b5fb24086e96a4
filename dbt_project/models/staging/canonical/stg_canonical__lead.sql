select
    source_system,
    source_entity,
    id as lead_id,
    nullif(lower(trim(email)), '') as email_normalised,
    coalesce(
        {{ folded_text("coalesce(first_name, '') || ' ' || coalesce(last_name, '')") }}, {{ folded_text('full_name') }}
    ) as person_name,
    nullif(trim(phone), '') as phone,
    nullif(trim(job_title), '') as job_title,
    nullif(trim(company_name), '') as company_name,
    nullif(trim(account_id), '') as account_id,
    nullif(trim(origin_channel), '') as origin_channel,
    nullif(trim(campaign_name), '') as campaign_name,
    nullif(trim(owner_id), '') as owner_id,
    nullif(trim(status), '') as status,
    nullif(trim(status_reason), '') as status_reason,
    nullif(trim(converted_deal_id), '') as converted_deal_id,
    try_cast(status_changed_at as timestamp) as status_changed_at,
    try_cast(created_at as timestamp) as created_at,
    try_cast(mql_at as timestamp) as mql_at,
    try_cast(sal_at as timestamp) as sal_at,
    try_cast(sql_at as timestamp) as sql_at,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('tandem', 'canonical__lead') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
