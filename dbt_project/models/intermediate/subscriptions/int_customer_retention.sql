-- One row per customer and currency with what it paid a month when it began, 180 days and twelve months later; later amounts
-- are NULL until that day has come.
with periods as (
    select
        customers.customer_key,
        coalesce(periods.currency, 'unknown') as currency,
        periods.from_day,
        periods.to_day,
        periods.mrr,
        customers.channel,
        customers.campaign_name,
        customers.owner_key
    from {{ ref('int_subscription_periods') }} as periods
    inner join {{ ref('int_billing_customers_linked') }} as customers
        on periods.billing_customer_key = customers.billing_customer_key
    where periods.mrr > 0
),

starts as (
    select customer_key, currency, min(from_day) as acquired_on
    from periods
    group by customer_key, currency
),

days as (
    select
        customer_key,
        currency,
        acquired_on,
        cast({{ add_days('acquired_on', 180) }} as date) as day_180,
        cast({{ add_months_to('acquired_on', 12) }} as date) as anniversary
    from starts
),

-- The first subscription says who won the customer.
firsts as (
    select
        periods.customer_key, periods.currency, periods.channel, periods.campaign_name, periods.owner_key,
        row_number() over (
            partition by periods.customer_key, periods.currency
            order by periods.from_day, periods.owner_key nulls last, periods.channel, periods.campaign_name nulls last
        ) as row_rank
    from periods
),

measured as (
    select
        days.customer_key,
        days.currency,
        days.acquired_on,
        days.day_180,
        days.anniversary,
        {%- for name, day in [('mrr_start', 'acquired_on'), ('mrr_180', 'day_180'), ('mrr_end', 'anniversary')] %}
        sum(
            case when periods.from_day <= days.{{ day }} and (periods.to_day is null or periods.to_day > days.{{ day }})
                then periods.mrr else 0 end
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from days
    inner join periods on days.customer_key = periods.customer_key and days.currency = periods.currency
    group by days.customer_key, days.currency, days.acquired_on, days.day_180, days.anniversary
)

select
    measured.customer_key,
    measured.currency,
    measured.acquired_on,
    firsts.channel,
    firsts.campaign_name,
    firsts.owner_key,
    cast(measured.mrr_start as decimal(18, 2)) as mrr_start,
    cast(case when measured.day_180 <= {{ as_of_day() }} then measured.mrr_180 end as decimal(18, 2)) as mrr_180,
    cast(case when measured.anniversary <= {{ as_of_day() }} then measured.mrr_end end as decimal(18, 2)) as mrr_end,
    -- One rate for start and end, so that an exchange rate is no growth.
    rates.rate_to_reporting
from measured
inner join firsts
    on measured.customer_key = firsts.customer_key and measured.currency = firsts.currency and firsts.row_rank = 1
left join {{ ref('int_fx_rate_periods') }} as rates
    on measured.currency = rates.currency
        and measured.acquired_on >= rates.valid_from
        and (rates.valid_to is null or measured.acquired_on < rates.valid_to)
