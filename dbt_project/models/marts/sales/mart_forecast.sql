-- What will be won in the three periods of thirty days that follow a day: as_of, and past days, whose forecasts are made again with
-- what was known then and stand beside what came. How good a method was in the past stands beside each of its figures.
with made as (
    select
        origin_on,
        cast({{ add_days('origin_on', '30 * period_no') }} as date) as period_end,
        cast({{ add_days('origin_on', '30 * period_no - 29') }} as date) as period_start,
        period_no,
        method,
        segment,
        cast(forecast as decimal(18, 2)) as forecast,
        cast(p10 as decimal(18, 2)) as p10,
        cast(p90 as decimal(18, 2)) as p90,
        cast(actual as decimal(18, 2)) as actual,
        reason
    from {{ ref('int_forecasts_made') }}
),

open_deals as (
    select snapshot_on, pipeline, amount from {{ ref('int_forecast_open_deals') }}
),

open_pipeline as (
    select snapshot_on, segment, count(*) as n_open, sum(amount) as open_amount
    from ({{ segments('open_deals', ['pipeline']) }}) as segmented
    group by snapshot_on, segment
),

money as (
    select max(currency) as currency from {{ ref('int_forecast_states') }}
),

scored as (
    select
        made.*,
        money.currency,
        coalesce(open_pipeline.n_open, 0) as n_open,
        coalesce(open_pipeline.open_amount, 0) as open_amount,
        backtest.wape,
        backtest.bias,
        backtest.interval_coverage,
        backtest.n_periods,
        case
            when made.forecast is not null and backtest.wape is not null
                then row_number() over (
                    partition by made.origin_on, made.period_no, made.segment
                    order by
                        case when made.forecast is null or backtest.wape is null then 1 else 0 end, backtest.wape, made.method
                )
        end as method_rank,
        max(made.forecast) over (partition by made.origin_on, made.period_no, made.segment)
            - min(made.forecast) over (partition by made.origin_on, made.period_no, made.segment) as method_range
    from made
    cross join money
    left join open_pipeline on made.origin_on = open_pipeline.snapshot_on and made.segment = open_pipeline.segment
    left join {{ ref('mart_forecast_backtest') }} as backtest
        on made.segment = backtest.segment and made.method = backtest.method and made.period_no = backtest.period_no
)

select
    origin_on as origin_date,
    period_end,
    method,
    segment,
    period_start,
    period_no,
    case when currency is not null then forecast end as forecast,
    case when currency is not null then p10 end as p10,
    case when currency is not null and p10 is not null then forecast end as p50,
    case when currency is not null then p90 end as p90,
    case when currency is not null then actual end as actual,
    currency,
    case when currency is null then 'several_currencies' else reason end as reason,
    cast(n_open as bigint) as n_open,
    case when currency is not null then cast(open_amount as decimal(18, 2)) end as open_amount,
    wape,
    bias,
    interval_coverage,
    cast(coalesce(n_periods, 0) as bigint) as n_backtest_periods,
    origin_on = {{ as_of_day() }} and coalesce(method_rank = 1, false) as is_best_method,
    cast(method_range as decimal(18, 2)) as method_range,
    {{ as_of_day() }} as as_of
from scored
