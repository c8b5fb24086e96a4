-- One row per stage or status that a source says a record took, in the vendor's words: from its history, from dated columns,
-- and where there is neither from the states in which successive exports showed the record.
with lead_versions as (
    select
        *,
        lag(seen_from) over (
            partition by source_system, source_entity, lead_id order by seen_from, status_changed_at, status
        ) as earlier_seen_from,
        lag(status) over (
            partition by source_system, source_entity, lead_id order by seen_from, status_changed_at, status
        ) as earlier_status,
        min(seen_from) over (partition by source_system, source_entity) as first_export_at
    from {{ ref('stg_canonical__lead_version') }}
),

deal_versions as (
    select
        *,
        lag(seen_from) over (partition by source_system, source_entity, deal_id order by seen_from, vendor_stage)
            as earlier_seen_from,
        lag(vendor_stage) over (partition by source_system, source_entity, deal_id order by seen_from, vendor_stage)
            as earlier_stage,
        min(seen_from) over (partition by source_system, source_entity) as first_export_at
    from {{ ref('stg_canonical__deal_version') }}
    where not is_deleted
),

-- The connector may keep the stages' own history, versions of the whole record, or both: what repeats is no change.
salesforce_connector_rows as (
    select opportunity_id, vendor_stage, changed_at, cast(null as string) as actor_id, 0 as preference
    from {{ ref('stg_salesforce_connector__opportunity_stage_history') }}
    union all
    select opportunity_id, vendor_stage, changed_at, null, 1 from {{ ref('stg_salesforce_connector__opportunity_history') }}
),

salesforce_connector_changes as (
    select 'opportunity' as record_type, opportunity_id as record_id, vendor_stage, changed_at, actor_id
    from (
        select
            *, lag(vendor_stage) over (partition by opportunity_id order by changed_at, preference, vendor_stage) as earlier_stage
        from salesforce_connector_rows
        where changed_at is not null
    ) as stages
    where vendor_stage is not null and coalesce(earlier_stage, '') <> vendor_stage
    union all
    select 'lead', lead_id, new_value, changed_at, actor_id
    from {{ ref('stg_salesforce_connector__lead_history') }}
    where field_name = 'status' and new_value is not null and changed_at is not null
),

-- A change between two exports is dated by the record's own column, else by the export that first shows it. What the source's
-- first export shows may have been so for long: it is known to have happened, not when.
sighted_changes as (
    select
        source_system, source_entity, 'lead' as record_type, lead_id as record_id, cast(null as string) as pipeline,
        status as vendor_stage, coalesce(status_changed_at, seen_from) as changed_at, cast(null as timestamp) as closed_at,
        seen_from, owner_id, status_reason as reason_text, status_changed_at is null as is_imputed,
        status_changed_at is null and seen_from = first_export_at as is_first_sight, earlier_seen_from
    from lead_versions
    where status is not null and (earlier_seen_from is null or coalesce(earlier_status, '') <> status)
    union all
    select
        source_system, source_entity, 'opportunity', deal_id, pipeline, vendor_stage, seen_from, closed_at, seen_from, owner_id,
        lost_reason, true, seen_from = first_export_at, earlier_seen_from
    from deal_versions
    where vendor_stage is not null and (earlier_seen_from is null or coalesce(earlier_stage, '') <> vendor_stage)
)

select
    'salesforce' as source_system, 'lead' as source_entity, 'lead' as record_type, history.lead_id as record_id,
    cast(null as string) as pipeline,
    history.new_value as vendor_stage, history.changed_at, cast(null as timestamp) as closed_at,
    history.changed_at as recorded_at, history.actor_id,
    -- The record has the reason of its present status only.
    case
        when lead(history.changed_at) over (partition by history.lead_id order by history.changed_at, history.lead_history_id) is null
            then leads.status_reason
    end as reason_text,
    false as is_imputed, false as is_first_sight,
    cast(null as timestamp) as earlier_recorded_at
from {{ ref('stg_salesforce__lead_history') }} as history
left join {{ ref('stg_salesforce__lead') }} as leads
    on history.lead_id = leads.lead_id and history.new_value = leads.status
where history.field_name = 'status'
union all
select
    'salesforce', 'opportunity', 'opportunity', history.opportunity_id, opportunities.opportunity_type, history.vendor_stage,
    history.changed_at, null, history.changed_at, history.actor_id, null, false, false, null
from {{ ref('stg_salesforce__opportunity_history') }} as history
inner join {{ ref('stg_salesforce__opportunity') }} as opportunities on history.opportunity_id = opportunities.opportunity_id
union all
select
    'hubspot_connector', 'contact', 'lead', record_id, null, new_value, changed_at, null, changed_at, null, null, false, false, null
from {{ ref('stg_hubspot_connector__contact_property_history') }}
where field_name = 'lifecyclestage'
union all
select
    'hubspot_connector', 'deal', 'opportunity', history.record_id, deals.pipeline, history.new_value, history.changed_at, null,
    history.changed_at, null, null, false, false, null
from {{ ref('stg_hubspot_connector__deal_property_history') }} as history
inner join {{ ref('stg_hubspot_connector__deal') }} as deals on history.record_id = deals.deal_id
where history.field_name = 'dealstage'
union all
select
    'hubspot_connector', 'contact', 'lead', contact_id, null, vendor_stage, entered_at, null, extracted_at, null, null, false,
    false, null
from {{ ref('stg_hubspot_connector__contact_stage_date') }}
union all
select
    'hubspot_connector', 'deal', 'opportunity', dates.deal_id, deals.pipeline, dates.vendor_stage, dates.entered_at, null,
    dates.extracted_at, null, null, false, false, null
from {{ ref('stg_hubspot_connector__deal_stage_date') }} as dates
inner join {{ ref('stg_hubspot_connector__deal') }} as deals on dates.deal_id = deals.deal_id
union all
select
    'salesforce_connector', changes.record_type, changes.record_type, changes.record_id, deals.pipeline, changes.vendor_stage,
    changes.changed_at, null, changes.changed_at, changes.actor_id, null, false, false, null
from salesforce_connector_changes as changes
left join {{ ref('stg_canonical__deal') }} as deals
    on deals.source_system = 'salesforce_connector'
        and changes.record_type = 'opportunity'
        and changes.record_id = deals.deal_id
union all
select
    sighted.source_system, sighted.source_entity, sighted.record_type, sighted.record_id, sighted.pipeline, sighted.vendor_stage,
    sighted.changed_at, sighted.closed_at, sighted.seen_from, sighted.owner_id, sighted.reason_text, sighted.is_imputed,
    sighted.is_first_sight, sighted.earlier_seen_from
from sighted_changes as sighted
-- What a history dates, an export that shows it later does not tell again.
where not exists (
    select 1
    from salesforce_connector_changes as told
    where sighted.source_system = 'salesforce_connector'
        and told.record_type = sighted.record_type
        and told.record_id = sighted.record_id
        and told.vendor_stage = sighted.vendor_stage
        and told.changed_at <= sighted.seen_from
        and coalesce(told.changed_at > sighted.earlier_seen_from, true)
)
