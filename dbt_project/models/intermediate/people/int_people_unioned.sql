-- One row per person record of any source; the same human may stand here several times.
with records as (
    select
        'olist' as source_system, 'lead' as source_entity, mql_id as source_id, cast(null as string) as email_normalised,
        cast(null as string) as person_name, cast(null as string) as phone, cast(null as string) as vendor_person_id,
        cast(null as string) as company_name, cast(null as string) as source_account_id,
        origin_channel, cast(null as string) as campaign_name, first_contact_at as created_at, extracted_at,
        first_extracted_at
    from {{ ref('stg_olist__marketing_qualified_leads') }}
    union all
    select
        'hubspot', 'contact', contact_id, email_normalised, person_name, phone, null, company_name, company_id,
        origin_channel, null, created_at, extracted_at, first_extracted_at
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select
        'salesforce', 'lead', lead_id, email_normalised, person_name, phone, converted_contact_id, company_name,
        converted_account_id, origin_channel, null, created_at, extracted_at, first_extracted_at
    from {{ ref('stg_salesforce__lead') }}
    union all
    select
        'odoo', 'lead', lead_id, email_normalised, person_name, null, null, company_name, lower(trim(company_name)),
        campaign_name, campaign_name, entered_at, extracted_at, first_extracted_at
    from {{ ref('stg_odoo__prospects') }}
    union all
    select
        'hubspot_connector', 'contact', contact_id, email_normalised, person_name, null, null, company_name, null,
        null, null, created_at, extracted_at, first_extracted_at
    from {{ ref('stg_hubspot_connector__contact') }}
    union all
    select
        source_system, source_entity, lead_id, email_normalised, person_name, phone, null, company_name, account_id,
        origin_channel, campaign_name, created_at, extracted_at, first_extracted_at
    from {{ ref('stg_canonical__lead') }}
)

select
    source_system,
    source_entity,
    source_id,
    -- How models name a record among themselves.
    source_system || ':' || source_entity || ':' || source_id as record_key,
    email_normalised,
    person_name,
    phone,
    -- The vendor's own person that this record became.
    vendor_person_id,
    company_name,
    source_account_id,
    nullif(origin_channel, '') as origin_channel,
    campaign_name,
    coalesce(created_at, extracted_at) as created_at,
    created_at is null as is_created_imputed,
    first_extracted_at,
    extracted_at
from records
