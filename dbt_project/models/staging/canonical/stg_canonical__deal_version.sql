with versions as (
    select
        source_system,
        source_entity,
        id as deal_id,
        nullif(trim(stage), '') as vendor_stage,
        nullif(trim(pipeline), '') as pipeline,
        nullif(trim(account_id), '') as account_id,
        nullif(trim(owner_id), '') as owner_id,
        nullif(trim(lost_reason), '') as lost_reason,
        nullif(trim(forecast_category), '') as forecast_category,
        try_cast(amount as decimal(18, 2)) as amount,
        nullif(upper(trim(currency)), '') as currency,
        try_cast(created_at as timestamp) as created_at,
        try_cast(closed_at as timestamp) as closed_at,
        try_cast(expected_close_on as date) as expected_close_on,
        coalesce(try_cast(is_deleted as boolean), false) as is_deleted,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'canonical__deal__versions') }}
)

{{ last_row_per(
    'versions', ['source_system', 'source_entity', 'deal_id', 'seen_from'],
    ['seen_to', 'vendor_stage', 'amount', 'closed_at', 'owner_id']
) }}
