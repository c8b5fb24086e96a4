with versions as (
    select
        deal_id,
        deal_pipeline_id as pipeline,
        deal_pipeline_stage_id as vendor_stage_id,
        owner_id,
        try_cast(property_amount as decimal(18, 2)) as amount,
        try_cast(property_createdate as timestamp) as created_at,
        try_cast(property_closedate as timestamp) as closed_at,
        coalesce(try_cast(is_deleted as boolean), false) as is_deleted,
        _seen_from as seen_from,
        _seen_to as seen_to
    from {{ source('tandem', 'hubspot_connector__deal__versions') }}
)

{{ last_row_per(
    'versions', ['deal_id', 'seen_from'],
    ['seen_to', 'vendor_stage_id', 'amount', 'closed_at', 'owner_id']
) }}
