-- One row per opportunity of any source. Its events' times are the vendor's history where there is one; without any
-- date a time is the extract day and marked imputed.
with records as (
    select
        'salesforce' as source_system, opp.opportunity_id,
        leads.lead_id as source_person_id, opp.account_id as source_account_id,
        opp.opportunity_type as pipeline, opp.vendor_stage, opp.owner_id,
        cast(null as string) as product, opp.origin_channel, cast(null as string) as campaign_name,
        opp.amount, opp.currency, opp.created_at,
        coalesce(timed.sqo_at, opp.created_at) as sqo_at,
        case stage_map.event when 'won' then timed.won_at when 'lost' then timed.lost_at end as closed_at,
        stage_map.event, opp.extracted_at
    from {{ ref('stg_salesforce__opportunity') }} as opp
    left join {{ ref('int_salesforce_opportunities_timed') }} as timed on opp.opportunity_id = timed.opportunity_id
    left join (
        select converted_opportunity_id, min(lead_id) as lead_id
        from {{ ref('stg_salesforce__lead') }}
        where converted_opportunity_id is not null
        group by converted_opportunity_id
    ) as leads on opp.opportunity_id = leads.converted_opportunity_id
    left join {{ ref('int_stage_map_unioned') }} as stage_map
        on stage_map.source_system = 'salesforce'
            and stage_map.record_type = 'opportunity'
            and opp.vendor_stage = stage_map.vendor_stage
    union all
    select
        'hubspot', deal.deal_id, null, deal.company_id, deal.pipeline, deal.vendor_stage, deal.owner_name,
        null, deal.pipeline, null, deal.amount, deal.currency, deal.created_at, deal.created_at,
        case when stage_map.event in ('won', 'lost') then deal.closed_at end, stage_map.event, deal.extracted_at
    from {{ ref('stg_hubspot__deals') }} as deal
    left join {{ ref('int_stage_map_unioned') }} as stage_map
        on stage_map.source_system = 'hubspot'
            and stage_map.record_type = 'opportunity'
            and deal.vendor_stage = stage_map.vendor_stage
    where not deal.is_mirror
    union all
    select
        'maven', pipeline.opportunity_id, null, pipeline.account_name, null, pipeline.deal_stage,
        pipeline.sales_agent, coalesce(products.product_name, pipeline.product_lookup_key), null, null,
        pipeline.close_value, null, pipeline.engaged_at,
        case when stage_map.stage <> 'sql' then pipeline.engaged_at end,
        case when stage_map.event in ('won', 'lost') then pipeline.closed_at end, stage_map.event, pipeline.extracted_at
    from {{ ref('stg_maven__sales_pipeline') }} as pipeline
    left join {{ ref('stg_maven__products') }} as products
        on pipeline.product_lookup_key = products.product_lookup_key
    left join {{ ref('int_stage_map_unioned') }} as stage_map
        on stage_map.source_system = 'maven' and pipeline.deal_stage = stage_map.vendor_stage
    union all
    select
        'olist', deals.mql_id, deals.mql_id, deals.seller_id, null, 'won', deals.sr_id, deals.business_segment,
        null, null, null, null, deals.won_at, deals.won_at, deals.won_at, 'won', deals.extracted_at
    from {{ ref('stg_olist__closed_deals') }} as deals
    union all
    select
        'odoo', prospects.lead_id, prospects.lead_id, lower(trim(prospects.company_name)), null,
        prospects.vendor_stage, null, null, prospects.campaign_name, prospects.campaign_name, null, null,
        prospects.entered_at,
        case when stage_map.stage <> 'sql' then prospects.extracted_at end,
        case when stage_map.event in ('won', 'lost') then prospects.extracted_at end,
        stage_map.event, prospects.extracted_at
    from {{ ref('stg_odoo__prospects') }} as prospects
    left join {{ ref('int_stage_map_unioned') }} as stage_map
        on stage_map.source_system = 'odoo' and prospects.vendor_stage = stage_map.vendor_stage
    where prospects.is_opportunity
    union all
    select
        'hubspot_connector', deal.deal_id, contacts.contact_id, null, deal.pipeline, deal.vendor_stage_id,
        deal.owner_id, null, null, null, deal.amount, null, deal.created_at, deal.created_at,
        case when stages.is_closed or stages.is_won then deal.closed_at end,
        case when stages.is_won then 'won' when stages.is_closed then 'lost' else 'entered' end,
        deal.extracted_at
    from {{ ref('stg_hubspot_connector__deal') }} as deal
    left join {{ ref('stg_hubspot_connector__deal_pipeline_stage') }} as stages
        on deal.vendor_stage_id = stages.stage_id
    left join (
        select deal_id, min(contact_id) as contact_id
        from {{ ref('stg_hubspot_connector__deal_contact') }}
        group by deal_id
    ) as contacts on deal.deal_id = contacts.deal_id
    left join {{ ref('stg_hubspot_connector__merged_deal') }} as merged on deal.deal_id = merged.merged_deal_id
    where merged.merged_deal_id is null
    union all
    select
        deal.source_system, deal.deal_id, coalesce(deal.lead_id, converted.lead_id), deal.account_id, deal.pipeline,
        deal.vendor_stage, deal.owner_id, deal.product, deal.origin_channel, deal.campaign_name, deal.amount,
        deal.currency, deal.created_at,
        case when coalesce(stage_map.stage, 'sqo') in ('sqo', 'customer') then coalesce(deal.qualified_at, deal.created_at) end,
        case when stage_map.event in ('won', 'lost', 'no_decision') then deal.closed_at end, stage_map.event,
        deal.extracted_at
    from {{ ref('stg_canonical__deal') }} as deal
    left join (
        select source_system, converted_deal_id, min(lead_id) as lead_id
        from {{ ref('stg_canonical__lead') }}
        where converted_deal_id is not null
        group by source_system, converted_deal_id
    ) as converted
        on deal.source_system = converted.source_system and deal.deal_id = converted.converted_deal_id
    left join {{ ref('int_stage_map_unioned') }} as stage_map
        on deal.source_system = stage_map.source_system
            and stage_map.record_type = 'opportunity'
            and deal.vendor_stage = stage_map.vendor_stage
)

select
    {{ surrogate_key(["'opportunity'", "records.source_system", "records.opportunity_id"]) }} as opportunity_key,
    records.source_system,
    records.opportunity_id,
    people.person_key,
    accounts.account_key,
    records.pipeline,
    records.vendor_stage,
    case
        when records.owner_id is not null
            then {{ surrogate_key(["'user'", "records.source_system", "records.owner_id"]) }}
    end as owner_key,
    records.product,
    nullif(trim(records.origin_channel), '') as origin_channel,
    records.campaign_name,
    records.amount,
    coalesce(records.currency, source_system.currency) as currency,
    coalesce(records.event, 'entered') in ('won', 'lost', 'no_decision') as is_closed,
    coalesce(records.event, 'entered') = 'won' as is_won,
    case when records.event in ('won', 'lost', 'no_decision') then records.event else 'open' end as outcome,
    coalesce(records.created_at, records.extracted_at) as created_at,
    records.created_at is null as is_created_imputed,
    records.sqo_at,
    case
        when records.event in ('won', 'lost', 'no_decision')
            then coalesce(records.closed_at, records.extracted_at)
    end as closed_at,
    records.event in ('won', 'lost', 'no_decision') and records.closed_at is null as is_closed_imputed,
    records.extracted_at
from records
left join {{ ref('int_people_identified') }} as people
    on records.source_system = people.source_system and records.source_person_id = people.source_id
left join {{ ref('int_accounts_identified') }} as accounts
    on records.source_system = accounts.source_system and records.source_account_id = accounts.source_id
left join {{ source('tandem', 'source_system') }} as source_system
    on records.source_system = source_system.source_system
