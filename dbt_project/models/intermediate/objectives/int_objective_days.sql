-- One row per objective and day of its period: how much of the period's days and working days are over at the end of it.
with days as (
    select
        objectives.objective_id,
        objectives.period_first,
        objectives.period_last,
        days.day as pacing_date,
        days.is_business_day
    from {{ source('tandem', 'objective') }} as objectives
    inner join {{ source('tandem', 'calendar_day') }} as days
        on objectives.calendar = days.calendar and days.day between objectives.period_first and objectives.period_last
),

numbered as (
    select
        *,
        row_number() over (partition by objective_id order by pacing_date) as day_no,
        count(*) over (partition by objective_id) as n_days,
        sum(case when is_business_day then 1 else 0 end) over (
            partition by objective_id order by pacing_date rows between unbounded preceding and current row
        ) as business_day_no,
        sum(case when is_business_day then 1 else 0 end) over (partition by objective_id) as n_business_days
    from days
)

select
    numbered.objective_id,
    pacing_date,
    is_business_day,
    cast(day_no as integer) as day_no,
    cast(business_day_no as integer) as business_day_no,
    cast(n_business_days as integer) as n_business_days,
    cast(n_business_days - business_day_no as integer) as business_days_left,
    cast(day_no as double) / n_days as linear_share,
    -- A period without a working day is paced by its days.
    case when n_business_days > 0 then cast(business_day_no as double) / n_business_days else cast(day_no as double) / n_days end
        as business_share,
    -- Days weighed by what they usually bring: how far the period has come for what is counted.
    coalesce(
        (business_day_no + weights.day_off_weight * (day_no - business_day_no))
            / nullif(n_business_days + weights.day_off_weight * (n_days - n_business_days), 0),
        cast(day_no as double) / n_days
    ) as weighed_share,
    cast(n_days as integer) as n_days
from numbered
inner join {{ ref('int_objective_day_weights') }} as weights on numbered.objective_id = weights.objective_id
