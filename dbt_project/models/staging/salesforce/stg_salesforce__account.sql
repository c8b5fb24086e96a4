select
    account_id,
    nullif(trim(parent_id), '') as parent_account_id,
    name as account_name,
    nullif({{ web_domain('website') }}, '') as domain,
    industry,
    billing_country as country,
    try_cast(number_of_employees as integer) as employees,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('salesforce', 'account') }}
where not coalesce(try_cast(is_deleted as boolean), false)
