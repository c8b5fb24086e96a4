select
    company_id as record_id,
    name as field_name,
    nullif(trim(value), '') as new_value,
    source as change_source,
    try_cast(timestamp as timestamp) as changed_at,
    _extracted_at as extracted_at
from {{ source('hubspot_connector', 'company_property_history') }}
