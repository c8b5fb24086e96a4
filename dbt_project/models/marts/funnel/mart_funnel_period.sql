select
    period_month,
    stage,
    channel,
    cast(sum(n_entries) as bigint) as n_entries,
    -- Amounts of several currencies are not added up: then both are NULL.
    case when count(distinct currency) = 1 then cast(sum(amount) as decimal(18, 2)) end as amount,
    case when count(distinct currency) = 1 then min(currency) end as currency,
    {{ as_of_day() }} as as_of
from {{ ref('int_stage_entries_counted') }}
group by period_month, stage, channel
