-- One row per person record of any source; the same human may stand here several times.
with records as (
    select
        'olist' as source_system, 'lead' as source_entity, mql_id as source_id,
        cast(null as string) as identity_hint, cast(null as string) as email_normalised,
        cast(null as string) as company_name, cast(null as string) as source_account_id,
        origin_channel, cast(null as string) as campaign_name, first_contact_at as created_at, extracted_at
    from {{ ref('stg_olist__marketing_qualified_leads') }}
    union all
    select
        'hubspot', 'contact', contact_id, null, email_normalised, company_name, company_id,
        origin_channel, null, created_at, extracted_at
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select
        'salesforce', 'lead', lead_id, null, email_normalised, company_name, converted_account_id,
        origin_channel, null, created_at, extracted_at
    from {{ ref('stg_salesforce__lead') }}
    union all
    select
        'odoo', 'lead', lead_id, null, email_normalised, company_name, lower(trim(company_name)),
        campaign_name, campaign_name, entered_at, extracted_at
    from {{ ref('stg_odoo__prospects') }}
    union all
    select
        'hubspot_connector', 'contact', contact.contact_id, merges.surviving_contact_id, contact.email_normalised,
        contact.company_name, null, null, null, contact.created_at, contact.extracted_at
    from {{ ref('stg_hubspot_connector__contact') }} as contact
    left join {{ ref('stg_hubspot_connector__contact_merge_audit') }} as merges
        on contact.contact_id = merges.merged_contact_id
    union all
    select
        source_system, source_entity, lead_id, null, email_normalised, company_name, account_id, origin_channel,
        campaign_name, created_at, extracted_at
    from {{ ref('stg_canonical__lead') }}
)

select
    source_system,
    source_entity,
    source_id,
    email_normalised,
    company_name,
    source_account_id,
    nullif(origin_channel, '') as origin_channel,
    campaign_name,
    coalesce(created_at, extracted_at) as created_at,
    created_at is null as is_created_imputed,
    extracted_at,
    -- Records with the same identity are one person: by e-mail, else by the vendor's own merge, else alone.
    coalesce(
        'email:' || email_normalised,
        'record:' || source_system || ':' || coalesce(identity_hint, source_id)
    ) as identity
from records
