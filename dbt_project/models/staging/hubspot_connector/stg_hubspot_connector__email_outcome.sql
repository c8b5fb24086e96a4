-- Whether a marketing e-mail arrived. A full mailbox or a policy says nothing of the address; a rejected address does.
select
    events.id as email_event_id,
    nullif(lower(trim(events.recipient)), '') as recipient,
    case when upper(events.type) = 'DELIVERED' then 'delivered' else 'bounced' end as outcome,
    bounces.category as bounce_category,
    try_cast(events.created as timestamp) as occurred_at,
    events._extracted_at as extracted_at
from {{ source('hubspot_connector', 'email_event') }} as events
left join {{ source('hubspot_connector', 'email_event_bounce') }} as bounces on events.id = bounces.id
where upper(events.type) in ('DELIVERED', 'BOUNCE') and not events._is_deleted
