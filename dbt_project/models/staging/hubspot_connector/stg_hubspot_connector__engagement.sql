-- Calls, e-mails, meetings and messages, each with its contact and, where the table says so, its owner.
with engagements as (
    select
        engagement_id, 'call' as activity_type, cast(null as string) as owner_id, cast(null as string) as outcome,
        coalesce(property_hs_timestamp, property_hs_createdate) as happened_at, _extracted_at
    from {{ source('hubspot_connector', 'engagement_call') }}
    where not _is_deleted
    union all
    select
        engagement_id, 'email', property_hubspot_owner_id, null, coalesce(property_hs_timestamp, property_hs_createdate), _extracted_at
    from {{ source('hubspot_connector', 'engagement_email') }}
    where not _is_deleted
    union all
    select engagement_id, 'social', null, null, coalesce(property_hs_timestamp, property_hs_createdate), _extracted_at
    from {{ source('hubspot_connector', 'engagement_communication') }}
    where not _is_deleted
    union all
    select engagement_id, 'meeting', null, meeting_outcome, start_time, _extracted_at
    from {{ source('hubspot_connector', 'engagement_meeting') }}
    where not _is_deleted
)

select
    engagements.engagement_id,
    engagements.activity_type,
    nullif(trim(engagements.owner_id), '') as owner_id,
    contacts.contact_id,
    deals.deal_id,
    upper(trim(engagements.outcome)) = 'COMPLETED' as is_held,
    try_cast(engagements.happened_at as timestamp) as happened_at,
    engagements._extracted_at as extracted_at
from engagements
left join {{ source('hubspot_connector', 'engagement_contact') }} as contacts
    on engagements.engagement_id = contacts.engagement_id and not contacts._is_deleted
left join {{ source('hubspot_connector', 'engagement_deal') }} as deals
    on engagements.engagement_id = deals.engagement_id and not deals._is_deleted
