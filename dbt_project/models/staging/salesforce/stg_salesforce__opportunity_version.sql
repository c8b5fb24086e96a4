with versions as (
    select
        opportunity_id,
        account_id,
        owner_id,
        type as opportunity_type,
        stage_name as vendor_stage,
        nullif(trim(currency_iso_code), '') as currency,
        try_cast(amount as decimal(18, 2)) as amount,
        try_cast(close_on as date) as close_on,
        try_cast(created_at as timestamp) as created_at,
        coalesce(try_cast(is_deleted as boolean), false) as is_deleted,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'salesforce__opportunity__versions') }}
)

{{ last_row_per(
    'versions', ['opportunity_id', 'seen_from'],
    ['seen_to', 'vendor_stage', 'amount', 'close_on', 'owner_id']
) }}
