with mart_sources as (
    select distinct 'fct_lifecycle_event' as mart_name, source_system from {{ ref('fct_lifecycle_event') }}
    union
    select 'rpt_lead_to_revenue', source_system
    from {{ ref('fct_lifecycle_event') }} where entity_type = 'person'
    union
    select 'mart_funnel_cohort', source_system
    from {{ ref('fct_lifecycle_event') }} where entity_type = 'person'
    union
    select 'mart_funnel_period', source_system from {{ ref('fct_lifecycle_event') }}
    union
    select 'mart_channel_performance', source_system from {{ ref('fct_lifecycle_event') }}
    union
    select 'mart_channel_performance', source_system from {{ ref('fct_campaign_spend_daily') }}
    union
    select 'fct_campaign_spend_daily', source_system from {{ ref('fct_campaign_spend_daily') }}
    union
    select 'fct_opportunity', source_system from {{ ref('fct_opportunity') }}
    union
    select 'mart_crm_freshness', source_system from {{ ref('int_crm_field_values') }}
    union
    select 'mart_crm_worklist', source_system from {{ ref('int_crm_field_values') }}
    union
    select 'mart_crm_mending', source_system from {{ ref('int_crm_field_values') }}
    union
    select 'fct_lead_disposition', source_system from {{ ref('fct_lifecycle_event') }} where entity_type = 'person'
    union
    select 'mart_win_rate', source_system from {{ ref('fct_opportunity') }}
    union
    select 'mart_pipeline_waterfall', source_system from {{ ref('fct_opportunity') }}
    union
    select 'mart_stage_velocity', source_system from {{ ref('fct_opportunity') }}
    union
    select 'fct_touchpoint', source_system from {{ ref('fct_touchpoint') }}
    union
    select 'fct_attribution_touchpoint', source_system from {{ ref('fct_touchpoint') }}
    union
    select 'fct_attribution_touchpoint', opportunities.source_system
    from {{ ref('fct_attribution_touchpoint') }} as attributed
    inner join {{ ref('fct_opportunity') }} as opportunities on attributed.opportunity_key = opportunities.opportunity_key
    union
    select mart_name, source_system from {{ ref('int_identity_quality') }}
    union
    select 'bdg_person_identity', source_system from {{ ref('int_identity_quality') }} where mart_name = 'dim_person'
),

feeds as (
    select
        source_system,
        max(last_extract_at) as last_data_at,
        bool_or(is_late) as is_late,
        sum(rows_quarantined) as rows_quarantined
    from {{ source('tandem', 'feed_status') }}
    group by source_system
),

-- What a mart rests on: who is counted where by contact data and source, who is matched by company, or both.
mart_fields as (
    select mart_name, field_name
    from (
        select distinct mart_name from mart_sources
    ) as marts
    inner join (
        select distinct field_name from {{ ref('int_crm_field_values') }}
    ) as fields
        on case
            when marts.mart_name in ('mart_crm_freshness', 'mart_crm_worklist', 'mart_crm_mending') then true
            when marts.mart_name in ('fct_opportunity', 'mart_win_rate', 'mart_pipeline_waterfall', 'mart_stage_velocity')
                then fields.field_name in ('company', 'domain', 'industry')
            when marts.mart_name = 'fct_campaign_spend_daily' then false
            when marts.mart_name = 'mart_channel_performance' then fields.field_name in ('email', 'company', 'domain', 'lead_source')
            else fields.field_name in ('email', 'company', 'domain')
        end
),

judged as (
    select
        source_system,
        field_name,
        count(*) filter (where status = 'stale') as n_stale,
        count(*) filter (where status in ('fresh', 'stale')) as n_judged,
        count(*) filter (where status in ('stale', 'missing', 'invalid', 'conflict')) as n_doubtful,
        count(*) filter (where status = 'not_judgeable') as n_not_judgeable,
        count(*) as n_required
    from {{ ref('int_crm_field_values') }}
    where is_required
    group by source_system, field_name
),

stale_shares as (
    select
        mart_fields.mart_name,
        judged.source_system,
        {{ ratio('sum(judged.n_stale)', 'sum(judged.n_judged)') }} as stale_share,
        {{ ratio('sum(judged.n_doubtful)', 'sum(judged.n_required)') }} as doubtful_share,
        {{ ratio('sum(judged.n_not_judgeable)', 'sum(judged.n_required)') }} as not_judgeable_share
    from mart_fields
    inner join judged on mart_fields.field_name = judged.field_name
    group by mart_fields.mart_name, judged.source_system
)

select
    mart_sources.mart_name,
    mart_sources.source_system,
    feeds.last_data_at,
    coalesce(feeds.is_late, true) as is_late,
    stale_shares.stale_share,
    stale_shares.doubtful_share,
    stale_shares.not_judgeable_share,
    cast(coalesce(feeds.rows_quarantined, 0) as bigint) as rows_quarantined,
    identity.reviewer_share as identity_reviewer_share,
    identity.vendor_share as identity_vendor_share,
    identity.address_share as identity_address_share,
    identity.details_share as identity_details_share,
    identity.unlinked_share as identity_unlinked_share,
    cast(identity.n_conflicts as bigint) as n_identity_conflicts,
    identity.precision_of_links as identity_precision,
    identity.recall_of_links as identity_recall,
    {{ as_of_day() }} as as_of
from mart_sources
left join feeds on mart_sources.source_system = feeds.source_system
left join stale_shares
    on mart_sources.mart_name = stale_shares.mart_name and mart_sources.source_system = stale_shares.source_system
left join {{ ref('int_identity_quality') }} as identity
    on mart_sources.source_system = identity.source_system
        and case mart_sources.mart_name when 'bdg_person_identity' then 'dim_person' else mart_sources.mart_name end
            = identity.mart_name
