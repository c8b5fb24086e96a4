-- What it cost to win the new customers of a month: the spend of the month in which, at the median time from MQL to signature,
-- they became MQLs, not of the month in which they signed. A new customer is an account's first win. The spend is that of the
-- campaigns; salaries are in no export.
with spend_by_day as (
    select
        cast(date_trunc('month', spending.spend_date) as date) as spend_month,
        spending.channel,
        spending.currency,
        spending.spend,
        cast(spending.spend * rates.rate_to_reporting as decimal(18, 2)) as spend_reporting
    from {{ ref('fct_campaign_spend_daily') }} as spending
    left join {{ ref('int_fx_rate_periods') }} as rates
        on spending.currency = rates.currency
            and spending.spend_date >= rates.valid_from
            and (rates.valid_to is null or spending.spend_date < rates.valid_to)
    where spending.spend_date is not null
),

spend_segmented as (
    {{ segments('spend_by_day', ['channel']) }}
),

spends as (
    select
        segment,
        spend_month,
        {{ total_amount('spend', 'spend_reporting', 'currency') }} as spend,
        {{ total_currency('spend', 'spend_reporting', 'currency') }} as currency
    from spend_segmented
    group by segment, spend_month
),

first_wins as (
    select channel, period_month
    from (
        select
            channel,
            {{ business_month('closed_at') }} as period_month,
            row_number() over (
                partition by coalesce(account_key, person_key, opportunity_key) order by closed_at, opportunity_key
            ) as win_no,
            is_closed_imputed
        from {{ ref('fct_opportunity') }}
        where is_won
    ) as wins
    where win_no = 1 and not is_closed_imputed
),

customers as (
    select segment, period_month, count(*) as new_customers
    from ({{ segments('first_wins', ['channel']) }}) as segmented
    group by segment, period_month
),

segments as (
    select segment from spends
    union
    select segment from customers
),

velocity as (
    select segment, converted_p50_days, n_converted
    from {{ ref('mart_stage_velocity') }}
    where from_stage = 'mql' and to_stage = 'customer'
),

-- A channel of few wins has no median of its own.
lags as (
    select
        segments.segment,
        coalesce(own.converted_p50_days, overall.converted_p50_days) as lag_days,
        case when own.converted_p50_days is not null then 'own' when overall.converted_p50_days is not null then 'all' end as lag_basis,
        cast(round(coalesce(own.converted_p50_days, overall.converted_p50_days) / 30.4375) as integer) as lag_months
    from segments
    left join velocity as own
        on segments.segment = own.segment and (own.n_converted >= 10 or own.segment = 'all')
    left join velocity as overall on overall.segment = 'all'
),

months as (
    select segment, period_month from customers
    union
    select segment, spend_month from spends
    union
    select spends.segment, cast({{ add_months_to('spends.spend_month', 'lags.lag_months') }} as date)
    from spends
    inner join lags on spends.segment = lags.segment
    where lags.lag_months is not null
),

placed as (
    select
        months.period_month,
        months.segment,
        lags.lag_days,
        lags.lag_months,
        lags.lag_basis,
        cast({{ add_months_to('months.period_month', '-lags.lag_months') }} as date) as spend_month
    from months
    inner join lags on months.segment = lags.segment
    where months.period_month <= {{ as_of_day() }}
),

margins as (
    select
        valid_from,
        lead(valid_from) over (order by valid_from) as valid_to,
        gross_margin
    from {{ ref('gross_margins') }}
),

costed as (
    select
        placed.*,
        coalesce(spends.currency, same_month.currency) as currency,
        spends.spend,
        coalesce(customers.new_customers, 0) as new_customers,
        case when customers.new_customers > 0 then cast(spends.spend as double) / customers.new_customers end as cac,
        case when customers.new_customers > 0 then cast(same_month.spend as double) / customers.new_customers end as cac_blended,
        case
            when retention.customers_start > 0 and retention.mrr_currency = spends.currency
                then cast(retention.mrr_start as double) / retention.customers_start
        end as new_mrr_per_customer,
        margins.gross_margin
    from placed
    left join spends on placed.segment = spends.segment and placed.spend_month = spends.spend_month
    left join spends as same_month on placed.segment = same_month.segment and placed.period_month = same_month.spend_month
    left join customers on placed.segment = customers.segment and placed.period_month = customers.period_month
    left join {{ ref('mart_retention') }} as retention
        on placed.segment = retention.segment and placed.period_month = retention.cohort_month
    left join margins
        on placed.period_month >= margins.valid_from
            and (margins.valid_to is null or placed.period_month < margins.valid_to)
)

select
    period_month,
    segment,
    lag_days,
    lag_months,
    lag_basis,
    spend_month,
    currency,
    spend,
    cast(new_customers as bigint) as new_customers,
    cac,
    cac_blended,
    new_mrr_per_customer,
    cast(gross_margin as double) as gross_margin,
    case when new_mrr_per_customer * gross_margin > 0 then cac / (new_mrr_per_customer * gross_margin) end as payback_months,
    case when new_mrr_per_customer > 0 then cac / new_mrr_per_customer end as payback_months_on_revenue,
    {{ add_days(next_month('period_month'), -1) }} <= {{ as_of_day() }} as is_complete,
    {{ as_of_day() }} as as_of
from costed
