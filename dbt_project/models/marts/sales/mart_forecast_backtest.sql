-- Past forecasts, made again with what was known on their day, against what was won: on the days for which every method had one.
with judged as (
    select
        segment,
        method,
        period_no,
        origin_on,
        cast(forecast as decimal(18, 2)) as forecast,
        cast(p10 as decimal(18, 2)) as p10,
        cast(p90 as decimal(18, 2)) as p90,
        cast(actual as decimal(18, 2)) as actual,
        count(forecast) over (partition by segment, period_no, origin_on) as n_forecasts,
        count(*) over (partition by segment, period_no, origin_on) as n_methods
    from {{ ref('int_forecasts_made') }}
),

comparable as (
    select * from judged where n_forecasts = n_methods and actual is not null
),

summed as (
    select
        segment,
        method,
        period_no,
        min(origin_on) as first_origin_date,
        max(origin_on) as last_origin_date,
        count(*) as n_periods,
        sum(actual) as actual_amount,
        sum(forecast) as forecast_amount,
        sum(abs(forecast - actual)) as absolute_error,
        count(p10) as n_intervals,
        count(case when actual between p10 and p90 then 1 end) as n_covered
    from comparable
    group by segment, method, period_no
),

methods as (
    select distinct segment, method, period_no from judged
)

select
    methods.segment,
    methods.method,
    methods.period_no,
    summed.first_origin_date,
    summed.last_origin_date,
    cast(coalesce(summed.n_periods, 0) as bigint) as n_periods,
    cast(summed.actual_amount as decimal(18, 2)) as actual_amount,
    cast(summed.forecast_amount as decimal(18, 2)) as forecast_amount,
    cast(summed.absolute_error as decimal(18, 2)) as absolute_error,
    cast(coalesce(summed.n_intervals, 0) as bigint) as n_intervals,
    cast(coalesce(summed.n_covered, 0) as bigint) as n_covered,
    -- Of so few periods an error rate or a coverage would say nothing.
    case when summed.n_periods >= 6 then {{ ratio('summed.absolute_error', 'summed.actual_amount') }} end as wape,
    case when summed.n_periods >= 6 then {{ ratio('summed.forecast_amount - summed.actual_amount', 'summed.actual_amount') }} end as bias,
    case when summed.n_intervals >= 6 then {{ ratio('summed.n_covered', 'summed.n_intervals') }} end as interval_coverage,
    case
        when coalesce(summed.n_periods, 0) < 6 then 'too_few_periods'
        when summed.actual_amount <= 0 then 'nothing_won'
    end as reason,
    {{ as_of_day() }} as as_of
from methods
left join summed
    on methods.segment = summed.segment and methods.method = summed.method and methods.period_no = summed.period_no
