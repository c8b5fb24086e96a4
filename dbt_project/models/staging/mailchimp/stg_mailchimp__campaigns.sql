select
    unique_id as campaign_id,
    title as campaign_name,
    list_name as audience,
    try_cast(total_recipients as bigint) as recipients,
    try_cast(unique_opens as bigint) as unique_opens,
    try_cast(unique_clicks as bigint) as unique_clicks,
    try_cast(unsubscribes as bigint) as unsubscribes,
    try_cast(send_date as timestamp) as sent_at,
    _extracted_at as extracted_at
from {{ source('mailchimp', 'campaigns') }}
where not _is_deleted
