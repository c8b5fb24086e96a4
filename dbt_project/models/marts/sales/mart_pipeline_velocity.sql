-- Money per day that the open qualified pipeline yields at the pace of the year that ends with the month:
-- open qualified opportunities x win rate x mean won amount / median cycle.
with opportunities as (
    select
        opportunity_key, channel, source_system, pipeline, is_closed, is_won, amount, amount_reporting, currency, closed_on, cycle_days
    from {{ ref('int_opportunities_measured') }}
    where is_qualified
),

segmented as (
    {{ segments('opportunities', ['channel', 'source_system', 'pipeline']) }}
),

month_ends as (
    select cast(date_trunc('month', snapshot_date) as date) as period_month, max(snapshot_date) as measured_on
    from {{ ref('fct_opportunity_daily_snapshot') }}
    group by 1
),

open_deals as (
    select
        month_ends.period_month, opportunities.channel, opportunities.source_system, opportunities.pipeline, count(*) as n_open
    from {{ ref('fct_opportunity_daily_snapshot') }} as snapshots
    inner join month_ends on snapshots.snapshot_date = month_ends.measured_on
    inner join opportunities on snapshots.opportunity_key = opportunities.opportunity_key
    where snapshots.is_open
    group by month_ends.period_month, opportunities.channel, opportunities.source_system, opportunities.pipeline
),

open_pipeline as (
    select period_month, segment, sum(n_open) as n_open
    from ({{ segments('open_deals', ['channel', 'source_system', 'pipeline']) }}) as segmented
    group by period_month, segment
),

pace as (
    select
        month_ends.period_month,
        segmented.segment,
        count(*) as n_closed,
        count(case when segmented.is_won then 1 end) as n_won,
        count(case when segmented.is_won then segmented.amount end) as n_won_with_amount,
        {{ total_amount(
            'case when segmented.is_won then segmented.amount end',
            'case when segmented.is_won then segmented.amount_reporting end', 'segmented.currency'
        ) }} as won_amount,
        {{ total_currency(
            'case when segmented.is_won then segmented.amount end',
            'case when segmented.is_won then segmented.amount_reporting end', 'segmented.currency'
        ) }} as amount_currency,
        {{ quantile('segmented.cycle_days', 0.5) }} as median_cycle_days
    from month_ends
    inner join segmented
        on segmented.closed_on <= month_ends.measured_on
            and segmented.closed_on > {{ add_days('month_ends.measured_on', -365) }}
    where segmented.is_closed
    group by month_ends.period_month, segmented.segment
),

measured as (
    select
        pace.period_month,
        pace.segment,
        coalesce(open_pipeline.n_open, 0) as n_open,
        pace.n_closed,
        pace.n_won,
        {{ ratio('pace.n_won', 'pace.n_closed') }} as win_rate,
        pace.amount_currency,
        case when pace.n_won_with_amount > 0 then cast(pace.won_amount as double) / pace.n_won_with_amount end as average_won_amount,
        pace.median_cycle_days
    from pace
    left join open_pipeline
        on pace.period_month = open_pipeline.period_month and pace.segment = open_pipeline.segment
)

select
    period_month,
    segment,
    cast(n_open as bigint) as n_open,
    cast(n_closed as bigint) as n_closed,
    cast(n_won as bigint) as n_won,
    win_rate,
    amount_currency,
    average_won_amount,
    median_cycle_days,
    case when median_cycle_days > 0 then n_open * win_rate * average_won_amount / median_cycle_days end as pipeline_velocity,
    {{ as_of_day() }} as as_of
from measured
