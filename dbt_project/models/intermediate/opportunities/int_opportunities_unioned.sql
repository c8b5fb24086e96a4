-- One row per opportunity of any source. Its stage means what it meant in the opportunity's pipeline on the day it was taken. Its
-- events' times are the vendor's history where there is one; without any date a time is the extract day and marked imputed.
with records as (
    select
        'salesforce' as source_system, opp.opportunity_id,
        leads.lead_id as source_person_id, opp.account_id as source_account_id,
        opp.opportunity_type as pipeline, opp.vendor_stage, opp.owner_id,
        cast(null as string) as product, opp.origin_channel, cast(null as string) as campaign_name,
        opp.amount, opp.currency, opp.created_at, timed.sqo_at as told_sqo_at, opp.created_at as qualified_at,
        timed.won_at, timed.lost_at, cast(null as timestamp) as undecided_at, opp.extracted_at
    from {{ ref('stg_salesforce__opportunity') }} as opp
    left join {{ ref('int_salesforce_opportunities_timed') }} as timed on opp.opportunity_id = timed.opportunity_id
    left join (
        select converted_opportunity_id, min(lead_id) as lead_id
        from {{ ref('stg_salesforce__lead') }}
        where converted_opportunity_id is not null
        group by converted_opportunity_id
    ) as leads on opp.opportunity_id = leads.converted_opportunity_id
    union all
    select
        'hubspot', deal.deal_id, null, deal.company_id, deal.pipeline, deal.vendor_stage, deal.owner_name,
        null, deal.pipeline, null, deal.amount, deal.currency, deal.created_at, null, deal.created_at,
        deal.closed_at, deal.closed_at, deal.closed_at, deal.extracted_at
    from {{ ref('stg_hubspot__deals') }} as deal
    where not deal.is_mirror
    union all
    select
        'maven', pipeline.opportunity_id, null, pipeline.account_name, null, pipeline.deal_stage,
        pipeline.sales_agent, coalesce(products.product_name, pipeline.product_lookup_key), null, null,
        pipeline.close_value, null, pipeline.engaged_at, null, pipeline.engaged_at,
        pipeline.closed_at, pipeline.closed_at, pipeline.closed_at, pipeline.extracted_at
    from {{ ref('stg_maven__sales_pipeline') }} as pipeline
    left join {{ ref('stg_maven__products') }} as products
        on pipeline.product_lookup_key = products.product_lookup_key
    union all
    select
        'olist', deals.mql_id, deals.mql_id, deals.seller_id, null, 'won', deals.sr_id, deals.business_segment,
        null, null, null, null, deals.won_at, null, deals.won_at, deals.won_at, null, null, deals.extracted_at
    from {{ ref('stg_olist__closed_deals') }} as deals
    union all
    select
        'odoo', prospects.lead_id, prospects.lead_id, lower(trim(prospects.company_name)), null,
        prospects.vendor_stage, null, null, prospects.campaign_name, prospects.campaign_name, null, null,
        prospects.entered_at, null, prospects.extracted_at,
        prospects.extracted_at, prospects.extracted_at, prospects.extracted_at, prospects.extracted_at
    from {{ ref('stg_odoo__prospects') }} as prospects
    where prospects.is_opportunity
    union all
    select
        'hubspot_connector', deal.deal_id, contacts.contact_id, null, deal.pipeline, deal.vendor_stage_id,
        deal.owner_id, null, null, null, deal.amount, null, deal.created_at, null, deal.created_at,
        deal.closed_at, deal.closed_at, deal.closed_at, deal.extracted_at
    from {{ ref('stg_hubspot_connector__deal') }} as deal
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
        deal.currency, deal.created_at, null, coalesce(deal.qualified_at, deal.created_at),
        deal.closed_at, deal.closed_at, deal.closed_at, deal.extracted_at
    from {{ ref('stg_canonical__deal') }} as deal
    left join (
        select source_system, converted_deal_id, min(lead_id) as lead_id
        from {{ ref('stg_canonical__lead') }}
        where converted_deal_id is not null
        group by source_system, converted_deal_id
    ) as converted
        on deal.source_system = converted.source_system and deal.deal_id = converted.converted_deal_id
),

-- When a record took a stage: as the vendor's history tells, else as the first export that showed it in that stage.
told as (
    select source_system, record_id as opportunity_id, vendor_stage, max(changed_at) as taken_at
    from {{ ref('int_stage_changes_unioned') }}
    where record_type = 'opportunity' and changed_at < {{ as_of_at() }}
    group by source_system, record_id, vendor_stage
),

shown as (
    select source_system, opportunity_id, vendor_stage, max(seen_from) as taken_at
    from (
        select
            source_system, opportunity_id, vendor_stage, seen_from,
            lag(vendor_stage) over (partition by source_system, opportunity_id order by seen_from, vendor_stage) as earlier_stage
        from {{ ref('int_opportunity_row_versions') }}
    ) as versions
    where vendor_stage is not null and coalesce(earlier_stage, '') <> vendor_stage
    group by source_system, opportunity_id, vendor_stage
),

dated as (
    select records.*, cast(coalesce(told.taken_at, shown.taken_at, {{ as_of_day() }}) as date) as stage_meant_on
    from records
    left join told
        on records.source_system = told.source_system
            and records.opportunity_id = told.opportunity_id
            and records.vendor_stage = told.vendor_stage
    left join shown
        on records.source_system = shown.source_system
            and records.opportunity_id = shown.opportunity_id
            and records.vendor_stage = shown.vendor_stage
),

-- A closed deal of Olist is a sale.
meant as (
    select
        dated.*,
        coalesce(of_pipeline.stage, of_any.stage, case when dated.source_system = 'olist' then 'customer' else 'sqo' end) as stage,
        case when dated.source_system = 'olist' then 'won' else coalesce(of_pipeline.event, of_any.event) end as event
    from dated
    {{ join_stage_meaning(ref('int_opportunity_stages_mapped'), 'dated', 'dated.stage_meant_on') }}
),

timed as (
    select
        meant.*,
        coalesce(told_sqo_at, case when stage in ('sqo', 'customer') then qualified_at end) as sqo_at,
        case event when 'won' then won_at when 'lost' then lost_at when 'no_decision' then undecided_at end as closed_at
    from meant
)

select
    {{ surrogate_key(["'opportunity'", "timed.source_system", "timed.opportunity_id"]) }} as opportunity_key,
    timed.source_system,
    timed.opportunity_id,
    people.person_key,
    accounts.account_key,
    timed.pipeline,
    timed.vendor_stage,
    timed.stage_meant_on,
    case
        when timed.owner_id is not null
            then {{ surrogate_key(["'user'", "timed.source_system", "timed.owner_id"]) }}
    end as owner_key,
    timed.product,
    coalesce(persons.origin_channel, nullif(trim(timed.origin_channel), '')) as origin_channel,
    -- The person's channel, else what the opportunity itself says.
    coalesce(
        persons.channel,
        channel_map.channel,
        case when nullif(trim(timed.origin_channel), '') is null then 'unknown' else 'other' end
    ) as channel,
    timed.campaign_name,
    timed.amount,
    coalesce(timed.currency, source_system.currency) as currency,
    coalesce(timed.event, 'entered') in ('won', 'lost', 'no_decision') as is_closed,
    coalesce(timed.event, 'entered') = 'won' as is_won,
    case when timed.event in ('won', 'lost', 'no_decision') then timed.event else 'open' end as outcome,
    coalesce(timed.created_at, timed.extracted_at) as created_at,
    timed.created_at is null as is_created_imputed,
    timed.sqo_at,
    case
        when timed.event in ('won', 'lost', 'no_decision')
            then coalesce(timed.closed_at, timed.extracted_at)
    end as closed_at,
    timed.event in ('won', 'lost', 'no_decision') and timed.closed_at is null as is_closed_imputed,
    timed.extracted_at
from timed
left join {{ ref('int_people_identified') }} as people
    on timed.source_system = people.source_system and timed.source_person_id = people.source_id
left join {{ ref('int_persons_merged') }} as persons on people.person_key = persons.person_key
left join {{ ref('channel_map') }} as channel_map
    on {{ channel_lookup_key('timed.origin_channel') }} = channel_map.source_value
left join {{ ref('int_accounts_identified') }} as accounts
    on timed.source_system = accounts.source_system and timed.source_account_id = accounts.source_id
left join {{ source('tandem', 'source_system') }} as source_system
    on timed.source_system = source_system.source_system
