select
    sales_agent,
    regional_office as team,
    _extracted_at as extracted_at
from {{ source('maven', 'sales_teams') }}
where not _is_deleted
