select
    call_id,
    nullif(trim(contact_id), '') as contact_ids,
    nullif(trim(deal_id), '') as deal_ids,
    nullif(trim(outcome), '') as outcome,
    lower(trim(direction)) in ('inbound', 'entrant', 'appel entrant') as is_inbound,
    -- Hours, minutes and seconds, or seconds alone.
    case
        when {{ matches_fully('trim(duration)', '[0-9]{2}:[0-9]{2}:[0-9]{2}') }}
            then 3600 * cast(substring(trim(duration), 1, 2) as integer)
                + 60 * cast(substring(trim(duration), 4, 2) as integer)
                + cast(substring(trim(duration), 7, 2) as integer)
        else try_cast(trim(duration) as integer)
    end as call_seconds,
    nullif(trim(owner), '') is not null as has_owner,
    try_cast(activity_at as timestamp) as called_at,
    _extracted_at as extracted_at
from {{ source('hubspot', 'calls') }}
where not _is_deleted
