with months as (
    select
        source_system,
        source_entity,
        id as subscription_id,
        cast(date_trunc('month', try_cast(month as date)) as date) as period_month,
        coalesce(nullif(trim(customer_id), ''), id) as customer_id,
        nullif(trim(customer_name), '') as customer_name,
        nullif({{ web_domain('domain') }}, '') as domain,
        nullif(lower(trim(email)), '') as email_normalised,
        nullif(trim(account_id), '') as account_id,
        nullif(trim(plan), '') as plan,
        try_cast(quantity as bigint) as quantity,
        try_cast(mrr as decimal(18, 2)) as mrr,
        nullif(upper(trim(currency)), '') as currency,
        _extracted_at as extracted_at
    from {{ source('tandem', 'canonical__subscription_month') }}
    where not _is_deleted and try_cast(month as date) is not null
)

{{ last_row_per('months', ['source_system', 'source_entity', 'subscription_id', 'period_month'], ['extracted_at', 'mrr', 'plan']) }}
