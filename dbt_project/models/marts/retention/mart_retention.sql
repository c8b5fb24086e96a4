-- Customers by the month in which they began to pay. What a customer paid at its start is compared with what it pays twelve
-- months later; what it pays less after 180 days is early churn. New customers are in no later cohort.
with customers as (
    select * from {{ ref('int_customer_retention') }}
),

segmented as (
    {{ segments('customers', ['channel', ('campaign', 'campaign_name'), ('owner', 'owner_key')]) }}
),

cohorts as (
    select
        cast(date_trunc('month', acquired_on) as date) as cohort_month,
        segment,
        count(distinct customer_key) as customers_start,
        {%- for name, amount in [
            ('mrr_start', 'mrr_start'),
            ('mrr_end', 'mrr_end'),
            ('mrr_retained', 'least(mrr_end, mrr_start)'),
        ] %}
        {{ total_amount(amount, 'cast(' ~ amount ~ ' * rate_to_reporting as decimal(18, 2))', 'currency') }} as {{ name }},
        {%- endfor %}
        {{ total_currency('mrr_start', 'cast(mrr_start * rate_to_reporting as decimal(18, 2))', 'currency') }} as mrr_currency,
        count(distinct case when mrr_end > 0 then customer_key end) as customers_end,
        count(distinct case when mrr_180 <= 0.5 * mrr_start then customer_key end) as customers_churned_180,
        {{ add_months_to(next_month("date_trunc('month', min(acquired_on))"), 12) }} as mature_from,
        {{ add_days(next_month("date_trunc('month', min(acquired_on))"), 180) }} as mature_180_from
    from segmented
    group by 1, 2
),

judged as (
    select
        cohorts.*,
        mature_from <= {{ add_days(as_of_day(), 1) }} as is_mature,
        mature_180_from <= {{ add_days(as_of_day(), 1) }} as is_mature_180
    from cohorts
)

select
    cohort_month,
    segment,
    cast(customers_start as bigint) as customers_start,
    mrr_currency,
    mrr_start,
    case when is_mature then mrr_end end as mrr_end,
    case when is_mature then mrr_retained end as mrr_retained,
    cast(case when is_mature then customers_end end as bigint) as customers_end,
    case when is_mature then {{ ratio('mrr_end', 'mrr_start') }} end as nrr,
    case when is_mature then {{ ratio('mrr_retained', 'mrr_start') }} end as grr,
    case when is_mature then {{ ratio('customers_end', 'customers_start') }} end as logo_retention,
    cast(case when is_mature_180 then customers_churned_180 end as bigint) as customers_churned_180,
    case when is_mature_180 then {{ ratio('customers_churned_180', 'customers_start') }} end as early_churn_180,
    is_mature,
    is_mature_180,
    {{ as_of_day() }} as as_of
from judged
