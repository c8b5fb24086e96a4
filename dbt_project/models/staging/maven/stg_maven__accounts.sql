select
    account as account_name,
    sector as industry,
    office_location as country,
    subsidiary_of as parent_account_name,
    try_cast(employees as integer) as employees,
    _extracted_at as extracted_at,
    _first_extracted_at as first_extracted_at
from {{ source('maven', 'accounts') }}
where not _is_deleted
