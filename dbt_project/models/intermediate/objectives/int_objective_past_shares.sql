-- One row per objective, earlier period and day of it: how far the period had come, and which share of its total had come by then.
{#- Decimals add up to the same in any order and on any engine: a share at a tie must not tip. #}
{%- set day_weight = 'cast(case when days.is_business_day then 1 else weights.day_off_weight end as decimal(18, 9))' %}
with days as (
    select
        periods.objective_id,
        periods.periods_back,
        periods.total,
        weights.day_off_weight,
        days.day,
        cast(sum({{ day_weight }}) over (
            partition by periods.objective_id, periods.periods_back order by days.day
            rows between unbounded preceding and current row
        ) as double) as weight_to_date,
        cast(sum({{ day_weight }}) over (partition by periods.objective_id, periods.periods_back) as double) as weight,
        cast(sum(coalesce(actuals.actual_numerator, 0)) over (
            partition by periods.objective_id, periods.periods_back order by days.day
            rows between unbounded preceding and current row
        ) as double) as actual_to_date
    from {{ ref('int_objective_past_periods') }} as periods
    inner join {{ source('tandem', 'objective') }} as objectives on periods.objective_id = objectives.objective_id
    inner join {{ ref('int_objective_day_weights') }} as weights on periods.objective_id = weights.objective_id
    inner join {{ source('tandem', 'calendar_day') }} as days
        on objectives.calendar = days.calendar and days.day >= periods.past_first and days.day < periods.past_next
    left join {{ ref('int_objective_actuals') }} as actuals
        on periods.objective_id = actuals.objective_id and days.day = actuals.metric_date
    -- Older habits say little of today's.
    where periods.periods_back <= 8
)

select
    objective_id,
    periods_back,
    day,
    cast(total as double) as total,
    weight_to_date / weight as weighed_share,
    actual_to_date / cast(total as double) as share_to_date
from days
where total > 0 and weight > 0
