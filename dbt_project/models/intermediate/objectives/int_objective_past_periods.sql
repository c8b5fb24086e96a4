-- One row per objective and earlier period of the same kind that history covers whole: its total, and what came before it.
with history as (
    select objective_id, min(metric_date) as first_date from {{ ref('int_objective_actuals') }} group by objective_id
),

steps as (
    select
        objectives.objective_id,
        objectives.period_months,
        numbers.day_no as periods_back,
        cast({{ add_months_to('cast(objectives.period_first as timestamp)', '-objectives.period_months * numbers.day_no') }} as date)
            as past_first,
        cast({{ add_months_to('cast(objectives.period_first as timestamp)', '-objectives.period_months * (numbers.day_no - 1)') }}
            as date) as past_next
    from {{ source('tandem', 'objective') }} as objectives
    inner join (
        select row_number() over (order by date_day) as day_no from {{ ref('dim_date') }} where date_day < date '2015-02-06'
    ) as numbers
        on numbers.day_no * objectives.period_months <= objectives.history_years * 12
)

select
    steps.objective_id,
    steps.periods_back,
    steps.past_first,
    steps.past_next,
    sum(coalesce(actuals.actual_numerator, 0)) as total
from steps
inner join history on steps.objective_id = history.objective_id and steps.past_first >= history.first_date
left join {{ ref('int_objective_actuals') }} as actuals
    on steps.objective_id = actuals.objective_id
        and actuals.metric_date >= steps.past_first
        and actuals.metric_date < steps.past_next
-- A period that is not over yet tells nothing of how much falls when.
where steps.past_next <= {{ add_days(as_of_day(), 1) }}
group by steps.objective_id, steps.periods_back, steps.past_first, steps.past_next
