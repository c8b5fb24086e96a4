with versions as (
    select
        opportunity_id,
        sales_agent,
        account as account_name,
        deal_stage,
        try_cast(engage_date as timestamp) as engaged_at,
        try_cast(close_date as timestamp) as closed_at,
        try_cast(close_value as decimal(18, 2)) as close_value,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'maven__sales_pipeline__versions') }}
)

{{ last_row_per(
    'versions', ['opportunity_id', 'seen_from'],
    ['seen_to', 'deal_stage', 'close_value', 'closed_at', 'sales_agent']
) }}
