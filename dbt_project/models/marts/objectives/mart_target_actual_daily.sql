with series as (
    -- Objectives on one metric and filter are one series: the actuals between two of them belong to it as well.
    select
        objectives.objective_id,
        objectives.metric,
        objectives.currency,
        objectives.metric || objectives.narrowed_to as series
    from {{ source('tandem', 'objective') }} as objectives
    where objectives.denominator is null and objectives.status in ('active', 'completed')
),

targets as (
    select series.series, series.metric, series.currency, pacing.objective_id, pacing.pacing_date as date_day,
        pacing.target_that_day, pacing.target_provenance
    from {{ ref('mart_objective_pacing_daily') }} as pacing
    inner join series on pacing.objective_id = series.objective_id
),

-- Objectives of one series count the same things: one of them stands for all.
actuals as (
    select series.series, series.metric, series.currency, actuals.metric_date as date_day, max(actuals.actual_numerator) as actual
    from {{ ref('int_objective_actuals') }} as actuals
    inner join series on actuals.objective_id = series.objective_id
    group by series.series, series.metric, series.currency, actuals.metric_date
)

select
    coalesce(targets.series, actuals.series) as series,
    coalesce(targets.date_day, actuals.date_day) as date_day,
    targets.objective_id,
    coalesce(targets.metric, actuals.metric) as metric,
    coalesce(targets.currency, actuals.currency) as currency,
    targets.target_that_day,
    cast(actuals.actual as decimal(18, 4)) as actual,
    case
        when targets.series is null then 'MISSING_TARGET'
        when actuals.series is not null then 'MATCHED'
        when targets.date_day > {{ as_of_day() }} then 'AHEAD'
        else 'MISSING_ACTUAL'
    end as match_state,
    targets.target_provenance,
    {{ as_of_day() }} as as_of
from targets
full outer join actuals on targets.series = actuals.series and targets.date_day = actuals.date_day
