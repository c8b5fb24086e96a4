-- Salesforce deletes the losing lead of a merge and names the winner in it.
select
    lead_id as merged_lead_id,
    master_record_id as surviving_lead_id,
    try_cast(created_at as timestamp) as merged_created_at,
    _first_extracted_at as merged_first_extracted_at,
    coalesce(try_cast(last_modified_at as timestamp), _extracted_at) as merged_at
from {{ source('salesforce', 'lead') }}
where nullif(trim(master_record_id), '') is not null and master_record_id <> lead_id
