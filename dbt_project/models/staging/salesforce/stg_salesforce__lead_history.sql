select
    lead_history_id,
    lead_id,
    created_by_id as actor_id,
    case field
        when 'Title' then 'job_title'
        when 'Email' then 'email'
        when 'Phone' then 'phone'
        when 'Industry' then 'industry'
        when 'Company' then 'company'
        when 'LeadSource' then 'lead_source'
        when 'Status' then 'status'
        else lower(field)
    end as field_name,
    new_value,
    try_cast(created_at as timestamp) as changed_at,
    _extracted_at as extracted_at
from {{ source('salesforce', 'lead_history') }}
where not coalesce(try_cast(is_deleted as boolean), false)
