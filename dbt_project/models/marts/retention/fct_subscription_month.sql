with months as (
    select
        period_month,
        case when last_day < {{ as_of_day() }} then last_day else {{ as_of_day() }} end as measured_on
    from (
        select distinct
            cast(date_trunc('month', series.day) as date) as period_month,
            cast({{ add_days(next_month("date_trunc('month', series.day)"), -1) }} as date) as last_day
        from {{ day_series("(select min(from_day) from " ~ ref('int_subscription_periods') ~ ")", as_of_day()) }} as series
    ) as calendar
)

select
    months.period_month,
    periods.subscription_key,
    periods.source_system,
    customers.customer_key,
    customers.account_key,
    customers.match_method,
    customers.opportunity_key,
    customers.owner_key,
    customers.channel,
    customers.campaign_name,
    periods.plan,
    periods.quantity,
    cast(periods.mrr as decimal(18, 2)) as mrr,
    coalesce(periods.currency, 'unknown') as currency,
    periods.started_on,
    periods.ended_on,
    {{ as_of_day() }} as as_of
from {{ ref('int_subscription_periods') }} as periods
inner join months
    on periods.from_day <= months.measured_on and (periods.to_day is null or periods.to_day > months.measured_on)
inner join {{ ref('int_billing_customers_linked') }} as customers
    on periods.billing_customer_key = customers.billing_customer_key
