with versions as (
    select
        deal_id,
        company_id,
        pipeline,
        trim(deal_stage) as vendor_stage,
        owner as owner_name,
        nullif(trim(currency), '') as currency,
        nullif(trim(salesforce_opportunity_id), '') is not null as is_mirror,
        try_cast(amount as decimal(18, 2)) as amount,
        try_cast(created_at as timestamp) as created_at,
        try_cast(closed_at as timestamp) as closed_at,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'hubspot__deals__versions') }}
)

{{ last_row_per(
    'versions', ['deal_id', 'seen_from'],
    ['seen_to', 'vendor_stage', 'amount', 'closed_at', 'owner_name']
) }}
