with channels as (
    select channel from {{ ref('channel_map') }}
    union
    select 'unknown'
    union
    select 'other'
)

select
    channel,
    channel in ('paid_search', 'paid_social', 'paid_display', 'content_syndication', 'remarketing', 'display') as is_paid,
    {{ as_of_day() }} as as_of
from channels
