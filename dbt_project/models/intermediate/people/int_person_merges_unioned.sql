-- One row per person record that its vendor merged into another one; most are gone from the vendor's exports.
select
    'hubspot' as source_system, 'contact' as source_entity, merged_contact_id as merged_id,
    surviving_contact_id as surviving_id, merged_created_at, merged_first_extracted_at, merged_at
from {{ ref('stg_hubspot__contact_merges') }}
union all
select
    'salesforce', 'lead', merged_lead_id, surviving_lead_id, merged_created_at, merged_first_extracted_at, merged_at
from {{ ref('stg_salesforce__lead_merges') }}
union all
select
    'hubspot_connector', 'contact', merged_contact_id, surviving_contact_id, cast(null as timestamp),
    cast(null as timestamp), coalesce(merged_at, extracted_at)
from {{ ref('stg_hubspot_connector__contact_merge_audit') }}
