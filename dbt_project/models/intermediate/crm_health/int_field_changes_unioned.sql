-- One row per change of a field that a source's history tells, with who made it: a person, or a sync or workflow.
select
    'salesforce' as source_system, 'lead' as entity_type, history.lead_id as record_id, history.field_name,
    history.changed_at, coalesce(users.is_human, false) as is_human, history.extracted_at
from {{ ref('stg_salesforce__lead_history') }} as history
left join {{ ref('stg_salesforce__user') }} as users on history.actor_id = users.user_id
union all
select
    'hubspot_connector', 'contact', record_id, field_name, changed_at,
    change_source in ('CRM_UI', 'CONTACTS_WEB', 'CONTACTS', 'FORM', 'MOBILE_IOS', 'MOBILE_ANDROID', 'BATCH_UPDATE'), extracted_at
from {{ ref('stg_hubspot_connector__contact_property_history') }}
union all
select
    'hubspot_connector', 'company', record_id, field_name, changed_at,
    change_source in ('CRM_UI', 'COMPANIES', 'CONTACTS_WEB', 'MOBILE_IOS', 'MOBILE_ANDROID', 'BATCH_UPDATE'), extracted_at
from {{ ref('stg_hubspot_connector__company_property_history') }}
union all
select
    'hubspot_connector', 'deal', record_id, field_name, changed_at,
    change_source in ('CRM_UI', 'DEALS', 'CONTACTS', 'CONTACTS_WEB', 'MOBILE_IOS', 'MOBILE_ANDROID', 'BATCH_UPDATE'), extracted_at
from {{ ref('stg_hubspot_connector__deal_property_history') }}
union all
select source_system, entity_type, record_id, field_name, changed_at, is_human, extracted_at
from {{ ref('stg_canonical__field_change') }}
