-- One row per objective: what a day off brings, as a share of what a working day brings, before its period began.
with history as (
    select
        objectives.objective_id,
        days.is_business_day,
        count(*) as n_days,
        cast(sum(coalesce(actuals.actual_numerator, 0)) as double) as total
    from {{ source('tandem', 'objective') }} as objectives
    inner join (
        select objective_id, min(metric_date) as first_date from {{ ref('int_objective_actuals') }} group by objective_id
    ) as known
        on objectives.objective_id = known.objective_id
    inner join {{ source('tandem', 'calendar_day') }} as days
        on objectives.calendar = days.calendar
            and days.day >= known.first_date
            and days.day < objectives.period_first
            and days.day <= {{ as_of_day() }}
    left join {{ ref('int_objective_actuals') }} as actuals
        on objectives.objective_id = actuals.objective_id and days.day = actuals.metric_date
    group by objectives.objective_id, days.is_business_day
)

select
    objectives.objective_id,
    -- Nothing known: days off bring nothing.
    coalesce((off.total / nullif(off.n_days, 0)) / nullif(worked.total / nullif(worked.n_days, 0), 0), 0.0) as day_off_weight
from {{ source('tandem', 'objective') }} as objectives
left join history as off on objectives.objective_id = off.objective_id and not off.is_business_day
left join history as worked on objectives.objective_id = worked.objective_id and worked.is_business_day
