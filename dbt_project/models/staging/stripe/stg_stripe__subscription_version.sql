with versions as (
    select
        subscription_id,
        customer_id,
        nullif(trim(customer_description), '') as customer_name,
        nullif(lower(trim(customer_email)), '') as email_normalised,
        nullif(trim(plan), '') as plan,
        try_cast(quantity as bigint) as quantity,
        nullif(upper(trim(currency)), '') as currency,
        lower(trim(interval)) as billing_interval,
        try_cast(amount as decimal(18, 2)) as amount,
        lower(trim(status)) as status,
        coalesce(try_cast(started_at as timestamp), try_cast(created_at as timestamp)) as started_at,
        try_cast(canceled_at as timestamp) as canceled_at,
        try_cast(ended_at as timestamp) as ended_at,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'stripe__subscriptions__versions') }}
)

{{ last_row_per(
    'versions', ['subscription_id', 'seen_from'],
    ['seen_to', 'status', 'amount', 'quantity', 'plan', 'ended_at']
) }}
