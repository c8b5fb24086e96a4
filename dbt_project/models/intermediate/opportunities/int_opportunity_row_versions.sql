-- One row per opportunity record and run of extracts that showed it in one state, of every source that exports them.
-- `is_gone`: from then on it is not counted here, because the source deleted it, merged it or works it in another tool.
with records as (
    select
        'salesforce' as source_system, 'opportunity' as entity, opportunity_id, account_id as source_account_id,
        opportunity_type as pipeline, vendor_stage, owner_id, amount, currency, close_on,
        cast(null as timestamp) as closed_at, created_at, cast(null as string) as forecast_category,
        is_deleted as is_gone, seen_from, seen_to
    from {{ ref('stg_salesforce__opportunity_version') }}
    union all
    select
        'hubspot', 'deals', deal_id, company_id, pipeline, vendor_stage, owner_name, amount, currency,
        {{ business_day('closed_at') }}, closed_at, created_at, null, is_mirror, seen_from, seen_to
    from {{ ref('stg_hubspot__deal_version') }}
    union all
    select
        'hubspot_connector', 'deal', deal.deal_id, null, deal.pipeline, deal.vendor_stage_id, deal.owner_id,
        deal.amount, null, {{ business_day('deal.closed_at') }}, deal.closed_at, deal.created_at, null,
        deal.is_deleted or merged.merged_deal_id is not null, deal.seen_from, deal.seen_to
    from {{ ref('stg_hubspot_connector__deal_version') }} as deal
    left join {{ ref('stg_hubspot_connector__merged_deal') }} as merged on deal.deal_id = merged.merged_deal_id
    union all
    select
        'maven', 'sales_pipeline', opportunity_id, account_name, null, deal_stage, sales_agent, close_value, null,
        {{ business_day('closed_at') }}, closed_at, engaged_at, null, false, seen_from, seen_to
    from {{ ref('stg_maven__sales_pipeline_version') }}
    union all
    select
        source_system, source_entity, deal_id, account_id, pipeline, vendor_stage, owner_id, amount, currency,
        coalesce(expected_close_on, {{ business_day('closed_at') }}), closed_at, created_at, forecast_category,
        is_deleted, seen_from, seen_to
    from {{ ref('stg_canonical__deal_version') }}
)

select
    {{ surrogate_key(["'opportunity'", "source_system", "opportunity_id"]) }} as opportunity_key,
    records.*
from records
