-- One row per objective, guardrail and day of its period by as_of: the guardrail's value and whether it holds.
-- Counted from the period's first day; a metric that matures over the last year before the day, else it would be empty.
with values_by_day as (
    select
        guardrails.objective_id,
        guardrails.metric,
        metrics.metric_date,
        sum(case when metrics.metric = guardrails.numerator then metrics.metric_value else 0 end) as numerator_value,
        sum(case when metrics.metric <> guardrails.numerator then metrics.metric_value else 0 end) as denominator_value
    from {{ source('tandem', 'objective_guardrail') }} as guardrails
    inner join {{ ref('int_metric_values') }} as metrics on metrics.metric in (guardrails.numerator, guardrails.denominator)
    group by guardrails.objective_id, guardrails.metric, metrics.metric_date
),

windows as (
    select
        guardrails.*,
        days.pacing_date,
        case
            when guardrails.maturity_days > 0 then cast({{ add_days('days.pacing_date', '-(364 + guardrails.maturity_days)') }} as date)
            else objectives.period_first
        end as window_first
    from {{ source('tandem', 'objective_guardrail') }} as guardrails
    inner join {{ source('tandem', 'objective') }} as objectives on guardrails.objective_id = objectives.objective_id
    inner join {{ ref('int_objective_days') }} as days on guardrails.objective_id = days.objective_id
    where days.pacing_date <= {{ as_of_day() }}
),

counted as (
    select
        windows.objective_id,
        windows.pacing_date,
        windows.metric,
        windows.denominator is not null as is_ratio,
        windows.min_value,
        windows.max_value,
        sum(found.numerator_value) as numerator_value,
        sum(found.denominator_value) as denominator_value
    from windows
    left join values_by_day as found
        on windows.objective_id = found.objective_id
            and windows.metric = found.metric
            and found.metric_date between windows.window_first and windows.pacing_date
    group by windows.objective_id, windows.pacing_date, windows.metric, windows.denominator, windows.min_value, windows.max_value
),

valued as (
    select
        *,
        case
            when is_ratio then {{ ratio('numerator_value', 'denominator_value') }}
            else cast(numerator_value as double)
        end as guardrail_value
    from counted
)

select
    objective_id,
    pacing_date,
    metric,
    guardrail_value,
    min_value,
    max_value,
    case
        when guardrail_value is null then 'unknown'
        when guardrail_value < min_value or guardrail_value > max_value then 'breached'
        else 'met'
    end as guardrail_state
from valued
