-- One row per objective, earlier period and number of working days: which share of the period's total had come by then.
with days as (
    select
        periods.objective_id,
        periods.periods_back,
        periods.total,
        days.day,
        sum(case when days.is_business_day then 1 else 0 end) over (
            partition by periods.objective_id, periods.periods_back order by days.day
            rows between unbounded preceding and current row
        ) as business_day_no,
        sum(case when days.is_business_day then 1 else 0 end) over (
            partition by periods.objective_id, periods.periods_back
        ) as n_business_days,
        sum(coalesce(actuals.actual_numerator, 0)) over (
            partition by periods.objective_id, periods.periods_back order by days.day
            rows between unbounded preceding and current row
        ) as actual_to_date
    from {{ ref('int_objective_past_periods') }} as periods
    inner join {{ source('tandem', 'objective') }} as objectives on periods.objective_id = objectives.objective_id
    inner join {{ source('tandem', 'calendar_day') }} as days
        on objectives.calendar = days.calendar and days.day >= periods.past_first and days.day < periods.past_next
    left join {{ ref('int_objective_actuals') }} as actuals
        on periods.objective_id = actuals.objective_id and days.day = actuals.metric_date
)

select
    objective_id,
    periods_back,
    cast(business_day_no as integer) as business_day_no,
    cast(max(n_business_days) as integer) as n_business_days,
    cast(max(actual_to_date) as double) / max(total) as share_to_date
from days
where total > 0 and n_business_days > 0
group by objective_id, periods_back, business_day_no
