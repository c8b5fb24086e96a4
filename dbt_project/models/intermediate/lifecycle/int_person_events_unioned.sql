-- One row per thing that a source says happened to a person record; opportunities' events come from the opportunities.
select
    'olist' as source_system, mql_id as source_id, 'mql' as stage, 'entered' as event,
    first_contact_at as occurred_at, extracted_at as recorded_at,
    cast(null as string) as actor_id, cast(null as string) as reason_code, false as is_imputed
from {{ ref('stg_olist__marketing_qualified_leads') }}
where first_contact_at is not null
union all
select
    source_system, source_id, 'inquiry', 'entered', created_at, extracted_at, null, null, is_created_imputed
from {{ ref('int_people_identified') }}
where source_system <> 'olist'
union all
select 'hubspot', contact_id, 'mql', 'entered', became_mql_at, extracted_at, null, null, false
from {{ ref('stg_hubspot__contacts') }}
where became_mql_at is not null
union all
select
    'salesforce', history.lead_id, stage_map.stage, stage_map.event, history.changed_at, history.changed_at,
    history.actor_id, stage_map.reason_code, false
from {{ ref('stg_salesforce__lead_history') }} as history
inner join {{ ref('int_stage_map_unioned') }} as stage_map
    on stage_map.source_system = 'salesforce'
        and stage_map.record_type = 'lead'
        and history.new_value = stage_map.vendor_stage
where history.field_name = 'status'
union all
select
    'odoo', prospects.lead_id, stage_map.stage, 'entered', prospects.extracted_at, prospects.extracted_at,
    null, null, true
from {{ ref('stg_odoo__prospects') }} as prospects
inner join {{ ref('int_stage_map_unioned') }} as stage_map
    on stage_map.source_system = 'odoo' and prospects.vendor_stage = stage_map.vendor_stage
where stage_map.stage = 'sql'
union all
{%- for stage in ['mql', 'sal', 'sql'] %}
select
    source_system, lead_id, '{{ stage }}', 'entered', {{ stage }}_at, extracted_at, owner_id, null, false
from {{ ref('stg_canonical__lead') }}
where {{ stage }}_at is not null
union all
{%- endfor %}
-- A status says where a lead stands; when it got there is known only where the source dates it.
select
    leads.source_system, leads.lead_id, stage_map.stage, stage_map.event,
    coalesce(leads.status_changed_at, leads.extracted_at), leads.extracted_at, leads.owner_id, stage_map.reason_code,
    leads.status_changed_at is null
from {{ ref('stg_canonical__lead') }} as leads
inner join {{ ref('int_stage_map_unioned') }} as stage_map
    on leads.source_system = stage_map.source_system
        and stage_map.record_type = 'lead'
        and leads.status = stage_map.vendor_stage
where stage_map.stage <> 'inquiry'
    and (
        stage_map.event <> 'entered'
        or case stage_map.stage
            when 'mql' then leads.mql_at
            when 'sal' then leads.sal_at
            when 'sql' then leads.sql_at
        end is null
    )
