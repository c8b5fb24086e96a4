-- To the cent: what a month opened with and what happened in it is what it closed with, and the next month opens with that.
with followed as (
    select
        *,
        lag(closing) over (partition by currency order by period_month) as previous_closing
    from {{ ref('mart_pipeline_waterfall') }}
)

select *
from followed
where opening + created + amount_up - amount_down + moved_in - moved_out - won - lost <> closing
    or opening <> coalesce(previous_closing, 0)
