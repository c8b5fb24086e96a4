-- Two rates that must not share a name: of what closed in the month, and of what was created in it.
with opportunities as (
    select
        channel, source_system, pipeline, outcome, is_closed, is_won, amount, amount_reporting, currency, created_on, closed_on,
        cycle_days
    from {{ ref('int_opportunities_measured') }}
),

segmented as (
    {{ segments('opportunities', ['channel', 'source_system', 'pipeline']) }}
),

closed as (
    select
        cast(date_trunc('month', closed_on) as date) as period_month,
        segment,
        count(*) as n_closed,
        count(case when is_won then 1 end) as n_won,
        count(case when outcome = 'lost' then 1 end) as n_lost,
        count(case when outcome = 'no_decision' then 1 end) as n_no_decision,
        count(case when amount is null then 1 end) as n_closed_without_amount,
        {{ total_amount('amount', 'amount_reporting', 'currency') }} as closed_amount,
        {{ total_currency('amount', 'amount_reporting', 'currency') }} as amount_currency,
        {{ total_amount(
            'case when is_won then amount end', 'case when is_won then amount_reporting end', 'currency'
        ) }} as own_won_amount,
        {{ total_currency(
            'case when is_won then amount end', 'case when is_won then amount_reporting end', 'currency'
        ) }} as won_currency,
        count(case when is_won then amount end) as n_won_with_amount,
        {{ quantile('cycle_days', 0.5) }} as median_cycle_days
    from segmented
    where is_closed and closed_on <= {{ as_of_day() }}
    group by 1, 2
),

-- What was won may be in one currency although what was lost is not: then the two amounts are no ratio.
closed_amounts as (
    select
        closed.*,
        case when own_won_amount is null and n_won_with_amount = 0 and amount_currency is not null then cast(0 as decimal(18, 2)) else own_won_amount end as won_amount,
        n_won_with_amount = 0 or won_currency = amount_currency as is_comparable
    from closed
),

created as (
    select
        cast(date_trunc('month', created_on) as date) as period_month,
        segment,
        count(*) as n_created,
        count(case when is_won then 1 end) as n_created_won,
        count(case when is_closed then 1 end) as n_created_closed
    from segmented
    group by 1, 2
),

periods as (
    select period_month, segment from closed
    union
    select period_month, segment from created
),

joined as (
    select
        periods.period_month,
        periods.segment,
        coalesce(closed.n_closed, 0) as n_closed,
        coalesce(closed.n_won, 0) as n_won,
        coalesce(closed.n_lost, 0) as n_lost,
        coalesce(closed.n_no_decision, 0) as n_no_decision,
        coalesce(closed.n_closed_without_amount, 0) as n_closed_without_amount,
        closed.closed_amount,
        closed.won_amount,
        closed.n_won_with_amount,
        coalesce(closed.won_currency, closed.amount_currency) as amount_currency,
        closed.is_comparable,
        closed.median_cycle_days,
        coalesce(created.n_created, 0) as n_created,
        coalesce(created.n_created_won, 0) as n_created_won,
        coalesce(created.n_created_closed, 0) as n_created_closed,
        {{ add_days(next_month('periods.period_month'), 364) }} <= {{ as_of_day() }} as is_created_cohort_mature
    from periods
    left join closed_amounts as closed
        on periods.period_month = closed.period_month and periods.segment = closed.segment
    left join created
        on periods.period_month = created.period_month and periods.segment = created.segment
)

select
    period_month,
    segment,
    cast(n_closed as bigint) as n_closed,
    cast(n_won as bigint) as n_won,
    cast(n_lost as bigint) as n_lost,
    cast(n_no_decision as bigint) as n_no_decision,
    {{ ratio('n_won', 'n_closed') }} as win_rate_closed,
    {{ wilson_bound('n_won', 'n_closed', -1) }} as win_rate_closed_ci_low,
    {{ wilson_bound('n_won', 'n_closed', 1) }} as win_rate_closed_ci_high,
    amount_currency,
    closed_amount,
    won_amount,
    cast(n_closed_without_amount as bigint) as n_closed_without_amount,
    case when is_comparable then {{ ratio('won_amount', 'closed_amount') }} end as win_rate_closed_amount,
    case when n_won_with_amount > 0 then cast(won_amount as double) / n_won_with_amount end as average_won_amount,
    median_cycle_days,
    cast(n_created as bigint) as n_created,
    cast(n_created_closed as bigint) as n_created_closed,
    cast(n_created_won as bigint) as n_created_won,
    cast(n_created - n_created_closed as bigint) as n_created_open,
    is_created_cohort_mature,
    case when is_created_cohort_mature then {{ ratio('n_created_won', 'n_created_closed') }} end as win_rate_created_cohort,
    {{ as_of_day() }} as as_of
from joined
