select
    email_id,
    nullif(trim(contact_id), '') as contact_ids,
    nullif(trim(deal_id), '') as deal_ids,
    lower(trim(direction)) in ('incoming_email', 'incoming email', 'incoming', 'e-mail entrant', 'entrant') as is_inbound,
    -- What was never sent, or came back, reached nobody.
    lower(trim(send_status)) in ('failed', 'bounced', 'échec', 'échoué', 'rejeté') as is_failed,
    nullif(trim(owner), '') is not null as has_owner,
    try_cast(activity_at as timestamp) as sent_at,
    _extracted_at as extracted_at
from {{ source('hubspot', 'emails') }}
where not _is_deleted
