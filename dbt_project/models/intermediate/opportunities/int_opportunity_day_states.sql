-- One row per opportunity and run of calendar days at whose end it was in one state: `from_day` up to, not including,
-- `to_day`; of several states within a day only the last one is here.
with days as (
    select
        versions.*,
        {{ business_day('valid_from') }} as from_day,
        {{ business_day('valid_to') }} as end_day
    from {{ ref('int_opportunity_versions') }} as versions
),

states as (
    select
        *,
        lag(outcome) over (partition by opportunity_key order by from_day) as previous_outcome
    from days
    where end_day is null or end_day > from_day
)

select
    opportunity_key,
    source_system,
    from_day,
    end_day as to_day,
    vendor_stage,
    stage,
    outcome,
    is_open,
    amount,
    currency,
    close_on,
    forecast_category,
    owner_key,
    previous_outcome,
    -- The day on which it stopped being open, or a closed one turned out otherwise.
    not is_open and (
        previous_outcome is null
        or previous_outcome = 'open'
        or (outcome <> previous_outcome and outcome <> 'removed')
    ) as is_closing
from states
