select
    source_system,
    source_entity,
    id as account_id,
    nullif(trim(account_name), '') as account_name,
    nullif({{ web_domain('domain') }}, '') as domain,
    nullif(trim(parent_id), '') as parent_account_id,
    nullif(trim(industry), '') as industry,
    nullif(trim(country), '') as country,
    try_cast(employees as integer) as employees,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('tandem', 'canonical__account') }}
where not _is_deleted and not coalesce(try_cast(is_deleted as boolean), false)
