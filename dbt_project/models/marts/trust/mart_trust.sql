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

stale_shares as (
    select
        source_system,
        {{ ratio("count(*) filter (where status = 'stale')", "count(*) filter (where status in ('fresh', 'stale'))") }} as stale_share
    from {{ ref('int_crm_field_values') }}
    group by source_system
)

select
    mart_sources.mart_name,
    mart_sources.source_system,
    feeds.last_data_at,
    coalesce(feeds.is_late, true) as is_late,
    stale_shares.stale_share,
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
left join stale_shares on mart_sources.source_system = stale_shares.source_system
left join {{ ref('int_identity_quality') }} as identity
    on mart_sources.source_system = identity.source_system
        and case mart_sources.mart_name when 'bdg_person_identity' then 'dim_person' else mart_sources.mart_name end
            = identity.mart_name
