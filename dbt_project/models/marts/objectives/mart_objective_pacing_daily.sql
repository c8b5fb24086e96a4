with cumulated as (
    select
        curves.*,
        objectives.label_en,
        objectives.label_fr,
        objectives.owner_teams,
        objectives.metric,
        objectives.unit,
        objectives.currency,
        objectives.direction,
        objectives.version_no,
        objectives.status,
        objectives.tolerance,
        objectives.target_provenance,
        objectives.denominator is not null as is_rate,
        cast(objectives.target as double) as target_value,
        objectives.target,
        curves.pacing_date > {{ as_of_day() }} as is_ahead,
        curves.pacing_date = objectives.period_last as is_last,
        coalesce(actuals.actual_numerator, 0) as actual_that_day,
        sum(coalesce(actuals.actual_numerator, 0)) over (
            partition by curves.objective_id order by curves.pacing_date rows between unbounded preceding and current row
        ) as numerator_to_date,
        sum(coalesce(actuals.actual_denominator, 0)) over (
            partition by curves.objective_id order by curves.pacing_date rows between unbounded preceding and current row
        ) as denominator_to_date
    from {{ ref('int_objective_curves') }} as curves
    inner join {{ source('tandem', 'objective') }} as objectives on curves.objective_id = objectives.objective_id
    left join {{ ref('int_objective_actuals') }} as actuals
        on curves.objective_id = actuals.objective_id and curves.pacing_date = actuals.metric_date
),

guards as (
    select
        objective_id,
        pacing_date,
        case
            when sum(case when guardrail_state = 'breached' then 1 else 0 end) > 0 then 'breached'
            when sum(case when guardrail_state = 'unknown' then 1 else 0 end) > 0 then 'unknown'
            else 'met'
        end as guardrail_state
    from {{ ref('int_objective_guardrails') }}
    group by objective_id, pacing_date
),

valued as (
    select
        cumulated.*,
        -- Rounding what is expected by each day, and not each day's part, makes the parts add up to the target.
        case when is_rate then target_value else round(target_value * share_to_date, 2) end as expected,
        case when is_rate then {{ ratio('numerator_to_date', 'denominator_to_date') }} else cast(numerator_to_date as double) end as actual,
        case when is_rate then {{ wilson_bound('numerator_to_date', 'denominator_to_date', -1) }} end as rate_low,
        case when is_rate then {{ wilson_bound('numerator_to_date', 'denominator_to_date', 1) }} end as rate_high
    from cumulated
),

spoken as (
    select
        valued.*,
        case when is_rate then actual else forecasts.forecast end as forecast_value,
        case when is_rate then rate_low else forecasts.forecast_p10 end as low,
        case when is_rate then rate_high else forecasts.forecast_p90 end as high
    from valued
    left join {{ ref('int_objective_forecasts') }} as forecasts
        on valued.objective_id = forecasts.objective_id and valued.pacing_date = forecasts.pacing_date
)

select
    spoken.objective_id,
    spoken.pacing_date,
    spoken.label_en,
    spoken.label_fr,
    spoken.owner_teams,
    spoken.metric,
    spoken.unit,
    spoken.currency,
    spoken.direction,
    cast(spoken.version_no as integer) as version_no,
    cast(spoken.target as decimal(18, 4)) as target,
    spoken.pacing_used as pacing,
    case
        when not is_rate then cast(expected - coalesce(lag(expected) over (
            partition by spoken.objective_id order by spoken.pacing_date), 0) as decimal(18, 2))
    end as target_that_day,
    cast(expected as decimal(18, 4)) as expected_to_date,
    case when not is_ahead and not is_rate then cast(actual_that_day as decimal(18, 4)) end as actual_that_day,
    case when not is_ahead then cast(actual as decimal(18, 4)) end as actual_to_date,
    case when not is_ahead then {{ ratio('actual', 'target_value') }} end as attainment,
    case when not is_ahead then {{ ratio('actual', 'expected') }} end as pace,
    case
        when not is_ahead and not is_rate and business_days_left > 0
            then cast(greatest(0.0, target_value - actual) / business_days_left as decimal(18, 4))
    end as required_per_business_day,
    cast(business_days_left as integer) as business_days_left,
    cast(case when not is_ahead then forecast_value end as decimal(18, 4)) as forecast,
    cast(case when not is_ahead then low end as decimal(18, 4)) as forecast_p10,
    cast(case when not is_ahead then high end as decimal(18, 4)) as forecast_p90,
    case
        when status = 'draft' or status = 'cancelled' then status
        when is_ahead then 'planned'
        when actual is null then 'no_data'
        -- On the last day there is nothing left to hope for, and no tolerance.
        when is_last then case when (actual >= target_value) = (direction = 'up') or actual = target_value then 'on_track' else 'off_track' end
        when direction = 'up' and actual >= expected * (case when is_rate then 1 else 1 - tolerance end) then 'on_track'
        when direction = 'down' and actual <= expected * (case when is_rate then 1 else 1 + tolerance end) then 'on_track'
        -- Not even one case in ten like this one reached the target.
        when direction = 'up' and high < target_value then 'off_track'
        when direction = 'down' and low > target_value then 'off_track'
        else 'at_risk'
    end as state,
    coalesce(guards.guardrail_state, 'unknown') as guardrail_state,
    spoken.target_provenance,
    {{ as_of_day() }} as as_of
from spoken
left join guards on spoken.objective_id = guards.objective_id and spoken.pacing_date = guards.pacing_date
