select
    meeting_id,
    nullif(trim(contact_id), '') as contact_ids,
    nullif(trim(deal_id), '') as deal_ids,
    lower(trim(outcome)) in ('completed', 'terminé', 'terminée', 'effectué', 'effectuée') as is_held,
    nullif(trim(owner), '') is not null as has_owner,
    try_cast(started_at as timestamp) as started_at,
    coalesce(try_cast(created_at as timestamp), try_cast(started_at as timestamp)) as booked_at,
    _extracted_at as extracted_at
from {{ source('hubspot', 'meetings') }}
where not _is_deleted
