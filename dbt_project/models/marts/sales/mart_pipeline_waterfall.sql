-- The pipeline of a month is what is open and due by its end: expected to close by then, overdue, or without a date.
-- As a month begins, what is due in it moves in. Then each opportunity's state at its end is compared with that at its start,
-- so what is undone within a month (moved out and back, closed and reopened) is no movement.
with first_days as (
    select min(snapshot_date) as day from {{ ref('fct_opportunity_daily_snapshot') }}
),

-- The last day of each month, or of the month that runs.
calendar as (
    select
        cast(date_trunc('month', series.day) as date) as period_month,
        max(series.day) as last_day
    from {{ day_series('(select day from first_days)', as_of_day()) }} as series
    group by 1
),

candidates as (
    select snapshot.*, calendar.period_month
    from {{ ref('fct_opportunity_daily_snapshot') }} as snapshot
    inner join calendar on snapshot.snapshot_date = calendar.last_day
    where snapshot.is_open
    union all
    select snapshot.*, cast(date_trunc('month', snapshot.snapshot_date) as date)
    from {{ ref('fct_opportunity_daily_snapshot') }} as snapshot
    where not snapshot.is_open
),

-- Open days follow one another, so the last row of a month is how the month ends.
month_ends as (
    select
        opportunity_key,
        coalesce(currency, 'unknown') as currency,
        period_month,
        outcome,
        is_open,
        coalesce(amount, 0) as amount,
        amount is null as is_without_amount,
        close_on,
        is_open and (close_on is null or close_on < {{ next_month('period_month') }}) as is_due
    from (
        select
            *,
            row_number() over (partition by opportunity_key, period_month order by snapshot_date desc) as recency
        from candidates
    ) as ranked
    where recency = 1
),

-- In another currency than when the month began: it leaves the one and comes into the other.
redenominated as (
    select
        opportunity_key,
        previous_currency as currency,
        period_month,
        'removed' as outcome,
        false as is_open,
        previous_amount as amount,
        false as is_without_amount,
        cast(null as date) as close_on,
        false as is_due
    from (
        select
            opportunity_key,
            period_month,
            currency,
            lag(currency) over lives as previous_currency,
            lag(amount) over lives as previous_amount,
            lag(is_open) over lives as was_open
        from month_ends
        window lives as (partition by opportunity_key order by period_month)
    ) as followed
    where was_open and currency <> previous_currency
),

month_ends_by_currency as (
    select * from month_ends
    union all
    select * from redenominated
),

compared as (
    select
        month_ends.*,
        period_month = min(period_month) over (partition by opportunity_key) as is_new,
        coalesce(lag(is_open) over lives, false) as was_open,
        coalesce(lag(is_due) over lives, false) as was_due,
        coalesce(lag(amount) over lives, 0) as previous_amount,
        lag(close_on) over lives as previous_close_on
    from month_ends_by_currency as month_ends
    window lives as (partition by opportunity_key, currency order by period_month)
),

started as (
    select
        *,
        was_open and (previous_close_on is null or previous_close_on < {{ next_month('period_month') }}) as is_due_at_start
    from compared
),

moved as (
    select
        *,
        is_due_at_start and not was_due as is_come_due,
        not is_new and not is_due_at_start and (is_due or outcome in ('won', 'lost', 'no_decision')) as is_brought_in,
        (is_new or is_due_at_start) and ((is_open and not is_due) or outcome = 'removed') as is_moved_out
    from started
),

counted as (
    select
        period_month,
        currency,
        sum(case when was_due then previous_amount else 0 end) as opening,
        sum(case when is_new then amount else 0 end) as created,
        sum(case when is_due_at_start then greatest(amount - previous_amount, 0) else 0 end) as amount_up,
        sum(case when is_due_at_start then greatest(previous_amount - amount, 0) else 0 end) as amount_down,
        sum(case when is_come_due then previous_amount when is_brought_in then amount else 0 end) as moved_in,
        sum(case when is_moved_out then amount else 0 end) as moved_out,
        sum(case when outcome = 'won' then amount else 0 end) as won,
        sum(case when outcome in ('lost', 'no_decision') then amount else 0 end) as lost,
        sum(case when is_due then amount else 0 end) as closing,
        sum(case when is_come_due then previous_amount else 0 end) as come_due,
        sum(case when is_brought_in and was_open then amount else 0 end) as pulled_in,
        sum(case when is_brought_in and not was_open then amount else 0 end) as reopened,
        sum(case when is_moved_out and is_open and is_due_at_start then amount else 0 end) as pushed_out,
        sum(case when is_moved_out and outcome = 'removed' then amount else 0 end) as removed,
        sum(case when is_open then amount else 0 end) as open_amount,
        count(case when is_open then 1 end) as n_open,
        count(case when is_without_amount and (is_new or is_due_at_start or is_brought_in) then 1 end) as n_without_amount
    from moved
    group by period_month, currency
),

currencies as (
    select currency, min(period_month) as first_month from counted group by currency
),

spine as (
    select calendar.period_month, currencies.currency
    from currencies
    inner join calendar on calendar.period_month >= currencies.first_month
)

{% set amounts = [
    'opening', 'created', 'amount_up', 'amount_down', 'moved_in', 'moved_out', 'won', 'lost', 'closing', 'come_due',
    'pulled_in', 'reopened', 'pushed_out', 'removed', 'open_amount',
] -%}
select
    spine.period_month,
    spine.currency,
    {%- for amount in amounts %}
    cast(coalesce(counted.{{ amount }}, 0) as decimal(18, 2)) as {{ amount }},
    {%- endfor %}
    cast(coalesce(counted.n_open, 0) as bigint) as n_open,
    cast(coalesce(counted.n_without_amount, 0) as bigint) as n_without_amount,
    {{ add_days(next_month('spine.period_month'), -1) }} <= {{ as_of_day() }} as is_complete,
    {{ as_of_day() }} as as_of
from spine
left join counted on spine.period_month = counted.period_month and spine.currency = counted.currency
