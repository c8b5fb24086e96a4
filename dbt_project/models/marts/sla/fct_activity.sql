select
    activity_key,
    source_system,
    person_key,
    opportunity_key,
    actor_key,
    team,
    activity_type,
    direction,
    is_completed,
    cast(duration_seconds as integer) as duration_seconds,
    disposition,
    is_human,
    is_hollow,
    is_two_way,
    occurred_at,
    case when held_at < {{ as_of_at() }} then held_at end as held_at,
    recorded_at,
    {{ as_of_day() }} as as_of
from {{ ref('int_activities_unioned') }}
where occurred_at < {{ as_of_at() }}
