-- One row per subscription and run of days at whose end it yields one monthly amount: `from_day` up to, not including,
-- `to_day` (NULL: still so at as_of). What ends on the day on which it began was never there.
with extracts as (
    select
        extracted_at,
        min(case when is_complete then extracted_at end) over (
            order by extracted_at rows between 1 following and unbounded following
        ) as next_extracted_at
    from {{ source('tandem', 'feed_extract') }}
    where source_system = 'stripe' and entity = 'subscriptions'
),

stripe_states as (
    select
        versions.*,
        extracts.next_extracted_at as absent_from,
        lead(versions.seen_from) over lives as next_seen_from,
        row_number() over lives as state_no,
        row_number() over (partition by versions.subscription_id order by versions.seen_from desc) as recency
    from {{ ref('stg_stripe__subscription_version') }} as versions
    left join extracts on versions.seen_to = extracts.extracted_at
    window lives as (partition by versions.subscription_id order by versions.seen_from)
),

-- An export may leave out what is cancelled: what a complete one no longer has has ended.
stripe_ends as (
    select
        subscription_id,
        case
            when status in ('canceled', 'incomplete_expired') then coalesce(ended_at, canceled_at, seen_from)
            else coalesce(ended_at, absent_from)
        end as ended_at
    from stripe_states
    where recency = 1
),

stripe_periods as (
    select
        'stripe' as source_system,
        states.subscription_id,
        states.customer_id,
        states.customer_name,
        states.email_normalised,
        cast(null as string) as domain,
        cast(null as string) as account_id,
        states.plan,
        states.quantity,
        states.currency,
        {{ business_day('states.started_at') }} as started_on,
        {{ business_day('ends.ended_at') }} as ended_on,
        case when states.state_no = 1 then {{ business_day('states.started_at') }} else {{ business_day('states.seen_from') }} end
            as state_from,
        {{ business_day('states.next_seen_from') }} as state_to,
        -- Trials and what was never paid yield nothing.
        cast(case
            when states.status in ('trialing', 'incomplete', 'incomplete_expired', 'unpaid', 'paused') then 0
            when states.billing_interval = 'year' then states.amount / 12.0
            when states.billing_interval = 'week' then states.amount * 52 / 12.0
            when states.billing_interval = 'day' then states.amount * 365 / 12.0
            else states.amount
        end as decimal(18, 2)) as mrr
    from stripe_states as states
    inner join stripe_ends as ends on states.subscription_id = ends.subscription_id
),

newest_months as (
    select source_system, source_entity, max(period_month) as newest_month
    from {{ ref('stg_canonical__subscription_month') }}
    group by source_system, source_entity
),

-- The newest month holds until the next one comes.
month_periods as (
    select
        months.source_system,
        months.subscription_id,
        months.customer_id,
        months.customer_name,
        months.email_normalised,
        months.domain,
        months.account_id,
        months.plan,
        months.quantity,
        months.currency,
        min(months.period_month) over (partition by months.source_system, months.source_entity, months.subscription_id) as started_on,
        case
            when max(months.period_month) over (
                partition by months.source_system, months.source_entity, months.subscription_id
            ) < newest_months.newest_month
                then {{ next_month("max(months.period_month) over (partition by months.source_system, months.source_entity, months.subscription_id)") }}
        end as ended_on,
        months.period_month as state_from,
        case
            when months.period_month < newest_months.newest_month then {{ next_month('months.period_month') }}
        end as state_to,
        months.mrr
    from {{ ref('stg_canonical__subscription_month') }} as months
    inner join newest_months
        on months.source_system = newest_months.source_system and months.source_entity = newest_months.source_entity
),

periods as (
    select * from stripe_periods
    union all
    select * from month_periods
),

bounded as (
    select
        {{ surrogate_key(["'subscription'", "periods.source_system", "periods.subscription_id"]) }} as subscription_key,
        {{ surrogate_key(["'billing_customer'", "periods.source_system", "periods.customer_id"]) }} as billing_customer_key,
        periods.*,
        coalesce(periods.currency, source_system.currency) as billed_currency,
        case when state_from < started_on then started_on else state_from end as from_day,
        case
            when ended_on is not null and (state_to is null or ended_on < state_to) then ended_on
            else state_to
        end as to_day
    from periods
    left join {{ source('tandem', 'source_system') }} as source_system
        on periods.source_system = source_system.source_system
)

select
    subscription_key,
    billing_customer_key,
    source_system,
    customer_id,
    customer_name,
    email_normalised,
    domain,
    account_id,
    plan,
    quantity,
    billed_currency as currency,
    started_on,
    case when ended_on <= {{ as_of_day() }} then ended_on end as ended_on,
    from_day,
    to_day,
    coalesce(mrr, 0) as mrr
from bounded
where from_day <= {{ as_of_day() }} and (to_day is null or to_day > from_day)
