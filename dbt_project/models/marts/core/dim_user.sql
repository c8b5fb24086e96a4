select
    user_key,
    coalesce(created_at, cast('1970-01-01' as timestamp)) as valid_from,
    cast(null as timestamp) as valid_to,
    source_system,
    role,
    team,
    is_human,
    is_active,
    {{ as_of_day() }} as as_of
from {{ ref('int_users_unioned') }}
