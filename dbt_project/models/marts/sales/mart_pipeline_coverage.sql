-- Due in a period is what is open at a qualified stage with its closing date in it: neither what is overdue from before nor what
-- has no date. Periods are months, and those of objectives on the signed amount of the whole company.
with objectives as (
    select objective_id, period_first, period_last, currency, target, target_provenance
    from {{ source('tandem', 'objective') }}
    where metric = 'won_amount' and narrowed_to = '' and status in ('active', 'completed')
),

periods as (
    select distinct month_start as period_first, cast({{ add_days(next_month('month_start'), -1) }} as date) as period_last
    from {{ ref('dim_date') }}
    union
    select period_first, period_last from objectives
),

-- A period begins with what stood at the end of the day before.
looks as (
    select period_first, period_last, true as is_opening, cast({{ add_days('period_first', -1) }} as date) as snapshot_date
    from periods
    union all
    select period_first, period_last, false, {{ as_of_day() }} from periods
),

-- A stage that nobody mapped counts as a qualified one, as it does for opportunities.
due as (
    select
        looks.period_first,
        looks.period_last,
        coalesce(snapshots.currency, 'unknown') as currency,
        sum(case when looks.is_opening then snapshots.amount end) as opening_amount,
        sum(case when not looks.is_opening then snapshots.amount end) as open_amount,
        count(case when not looks.is_opening then 1 end) as n_open,
        count(case when not looks.is_opening and snapshots.amount is null then 1 end) as n_without_amount
    from {{ ref('fct_opportunity_daily_snapshot') }} as snapshots
    inner join looks
        on snapshots.snapshot_date = looks.snapshot_date
            and snapshots.close_on between looks.period_first and looks.period_last
    where snapshots.is_open and coalesce(snapshots.stage, 'sqo') in ('sqo', 'customer')
    group by looks.period_first, looks.period_last, coalesce(snapshots.currency, 'unknown')
),

closed as (
    select
        coalesce(currency, 'unknown') as currency,
        {{ business_day('closed_at') }} as closed_on,
        sum(case when is_won then amount end) as won_amount,
        sum(amount) as closed_amount
    from {{ ref('fct_opportunity') }}
    where is_closed and closed_at < {{ as_of_at() }}
    group by 1, 2
),

won as (
    select periods.period_first, periods.period_last, closed.currency, sum(closed.won_amount) as won_amount
    from closed
    inner join periods on closed.closed_on between periods.period_first and periods.period_last
    where closed.won_amount is not null
    group by periods.period_first, periods.period_last, closed.currency
),

-- What share of the amount was won of what closed in the last year, and what share of the amount due slipped.
win_rates as (
    select currency, {{ ratio('coalesce(sum(won_amount), 0)', 'sum(closed_amount)') }} as win_rate
    from closed
    where closed_on > {{ add_days(as_of_day(), -365) }}
    group by currency
),

slippages as (
    select currency, {{ ratio('sum(slipped_amount)', 'sum(due_amount)') }} as slippage_rate
    from {{ ref('mart_pipeline_slippage') }}
    where is_complete and period_month > {{ add_days(as_of_day(), -396) }}
    group by currency
),

keys as (
    select period_first, period_last, currency from due
    union
    select period_first, period_last, currency from won
    union
    select period_first, period_last, currency from objectives
),

joined as (
    select
        keys.period_first,
        keys.period_last,
        keys.currency,
        objectives.objective_id,
        objectives.target_provenance,
        objectives.target,
        objectives.target - coalesce(won.won_amount, 0) as remaining_amount,
        coalesce(won.won_amount, 0) as won_amount,
        case
            when {{ add_days('keys.period_first', -1) }} <= {{ as_of_day() }}
                and {{ add_days('keys.period_first', -1) }} >= (select min(snapshot_date) from {{ ref('fct_opportunity_daily_snapshot') }})
                then coalesce(due.opening_amount, 0)
        end as opening_amount,
        coalesce(due.open_amount, 0) as open_amount,
        coalesce(due.n_open, 0) as n_open,
        coalesce(due.n_without_amount, 0) as n_without_amount,
        keys.period_last <= {{ as_of_day() }} as is_complete,
        case when win_rates.win_rate > 0 then (1 + coalesce(slippages.slippage_rate, 0)) / win_rates.win_rate end as needed_coverage
    from keys
    left join objectives
        on keys.period_first = objectives.period_first
            and keys.period_last = objectives.period_last
            and keys.currency = objectives.currency
    left join due
        on keys.period_first = due.period_first and keys.period_last = due.period_last and keys.currency = due.currency
    left join won
        on keys.period_first = won.period_first and keys.period_last = won.period_last and keys.currency = won.currency
    left join win_rates on keys.currency = win_rates.currency
    left join slippages on keys.currency = slippages.currency
)

select
    period_first,
    period_last,
    currency,
    objective_id,
    target_provenance,
    cast(target as decimal(18, 2)) as target,
    cast(won_amount as decimal(18, 2)) as won_amount,
    cast(remaining_amount as decimal(18, 2)) as remaining_amount,
    cast(opening_amount as decimal(18, 2)) as opening_amount,
    {{ ratio('opening_amount', 'target') }} as opening_coverage,
    cast(open_amount as decimal(18, 2)) as open_amount,
    cast(n_open as bigint) as n_open,
    cast(n_without_amount as bigint) as n_without_amount,
    case when not is_complete then {{ ratio('open_amount', 'remaining_amount') }} end as pipeline_coverage,
    case when not is_complete then needed_coverage end as needed_coverage,
    is_complete,
    {{ as_of_day() }} as as_of
from joined
