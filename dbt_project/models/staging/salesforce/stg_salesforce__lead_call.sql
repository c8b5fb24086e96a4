-- Calls logged on a lead, with how they ended.
select
    task_id as call_id,
    who_id as lead_id,
    nullif(trim(call_disposition), '') as disposition,
    try_cast(created_at as timestamp) as called_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'task') }}
where lower(task_subtype) = 'call' and who_id like '00Q%' and not coalesce(try_cast(is_deleted as boolean), false)
