-- Due at the start of a month: open when it began, with a closing date within it. Slipped: at its end still open, or with a
-- later date. A push is a day on which the closing date moved beyond the month in which it lay, a pull-in the reverse.
with calendar as (
    select distinct cast({{ add_days(next_month("date_trunc('month', series.day)"), -1) }} as date) as month_end
    from {{ day_series("(select min(from_day) from " ~ ref('int_opportunity_day_states') ~ ")", as_of_day()) }} as series
),

month_ends as (
    select
        states.opportunity_key,
        states.currency,
        states.amount,
        cast(date_trunc('month', calendar.month_end) as date) as snapshot_month,
        cast(date_trunc('month', states.close_on) as date) as close_month
    from {{ ref('int_opportunity_day_states') }} as states
    inner join calendar
        on states.from_day <= calendar.month_end and (states.to_day is null or states.to_day > calendar.month_end)
    where states.is_open and calendar.month_end <= {{ as_of_day() }}
),

dated as (
    select
        states.from_day,
        states.currency,
        states.is_open and lag(states.is_open) over (partition by states.opportunity_key order by states.from_day) as was_and_is_open,
        cast(date_trunc('month', states.close_on) as date) as close_month,
        cast(
            date_trunc('month', lag(states.close_on) over (partition by states.opportunity_key order by states.from_day)) as date
        ) as previous_close_month
    from {{ ref('int_opportunity_day_states') }} as states
),

-- The state with which a month begins is that at the end of the day before.
starts as (
    select
        opportunity_key,
        coalesce(currency, 'unknown') as currency,
        {{ next_month('snapshot_month') }} as period_month,
        amount
    from month_ends
    where close_month = {{ next_month('snapshot_month') }}
),

ends as (
    select opportunity_key, snapshot_month as period_month from month_ends
),

due as (
    select
        starts.period_month,
        starts.currency,
        starts.amount,
        ends.opportunity_key is not null as is_slipped
    from starts
    left join ends
        on starts.opportunity_key = ends.opportunity_key and starts.period_month = ends.period_month
),

moves as (
    select
        cast(date_trunc('month', from_day) as date) as period_month,
        coalesce(currency, 'unknown') as currency,
        count(case when close_month > previous_close_month then 1 end) as push_count,
        count(case when close_month < previous_close_month then 1 end) as pull_in_count
    from dated
    where was_and_is_open and close_month <> previous_close_month
    group by 1, 2
),

slipped as (
    select
        period_month,
        currency,
        count(*) as n_due,
        count(case when is_slipped then 1 end) as n_slipped,
        count(case when amount is null then 1 end) as n_without_amount,
        sum(coalesce(amount, 0)) as due_amount,
        sum(case when is_slipped then coalesce(amount, 0) else 0 end) as slipped_amount
    from due
    group by period_month, currency
),

months as (
    select period_month, currency from slipped
    union
    select period_month, currency from moves
),

judged as (
    select
        months.period_month,
        months.currency,
        coalesce(slipped.n_due, 0) as n_due,
        coalesce(slipped.n_slipped, 0) as n_slipped,
        coalesce(slipped.n_without_amount, 0) as n_without_amount,
        coalesce(slipped.due_amount, 0) as due_amount,
        coalesce(slipped.slipped_amount, 0) as slipped_amount,
        coalesce(moves.push_count, 0) as push_count,
        coalesce(moves.pull_in_count, 0) as pull_in_count,
        {{ add_days(next_month('months.period_month'), -1) }} <= {{ as_of_day() }} as is_complete
    from months
    left join slipped on months.period_month = slipped.period_month and months.currency = slipped.currency
    left join moves on months.period_month = moves.period_month and months.currency = moves.currency
    where months.period_month <= {{ as_of_day() }}
)

select
    period_month,
    currency,
    cast(n_due as bigint) as n_due,
    cast(case when is_complete then n_slipped end as bigint) as n_slipped,
    cast(n_without_amount as bigint) as n_without_amount,
    cast(due_amount as decimal(18, 2)) as due_amount,
    cast(case when is_complete then slipped_amount end as decimal(18, 2)) as slipped_amount,
    case when is_complete then {{ ratio('slipped_amount', 'due_amount') }} end as slippage_rate,
    cast(push_count as bigint) as push_count,
    cast(pull_in_count as bigint) as pull_in_count,
    is_complete,
    {{ as_of_day() }} as as_of
from judged
