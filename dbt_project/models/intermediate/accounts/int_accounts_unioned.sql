-- One row per account record of any source.
with records as (
    select
        'maven' as source_system, account_name as source_id, account_name, cast(null as string) as domain,
        parent_account_name as parent_source_id, industry, employees, country, extracted_at, first_extracted_at
    from {{ ref('stg_maven__accounts') }}
    union all
    select
        'salesforce', account_id, account_name, domain, parent_account_id, industry, employees, country, extracted_at,
        first_extracted_at
    from {{ ref('stg_salesforce__account') }}
    union all
    select
        'hubspot', company_id, company_name, domain, null, industry, employees, country, extracted_at, first_extracted_at
    from {{ ref('stg_hubspot__companies') }}
    union all
    select
        'hubspot_connector', company_id, company_name, null, null, industry, null, country, extracted_at,
        first_extracted_at
    from {{ ref('stg_hubspot_connector__company') }}
    union all
    select 'olist', seller_id, null, null, null, null, null, 'Brazil', extracted_at, first_extracted_at
    from {{ ref('stg_olist__sellers') }}
    union all
    select 'odoo', lower(trim(company_name)), min(company_name), null, null, null, null, null, max(extracted_at),
        min(first_extracted_at)
    from {{ ref('stg_odoo__prospects') }}
    where company_name is not null
    group by lower(trim(company_name))
    union all
    select
        source_system, account_id, account_name, domain, parent_account_id, industry, employees, country, extracted_at,
        first_extracted_at
    from {{ ref('stg_canonical__account') }}
)

select
    *,
    -- How models name a record among themselves.
    source_system || ':' || source_id as record_key
from records
