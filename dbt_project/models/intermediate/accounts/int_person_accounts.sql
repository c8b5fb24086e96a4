-- One row per person record with the account that it belongs to, if one and only one can be told: the record's own link,
-- else the web domain of its address (together with the company's name where several companies share it), else the
-- company's name alone, word by word.
with accounts as (
    select distinct account_key, host, registrable_domain, name_key from {{ ref('int_accounts_identified') }}
),

people as (
    select
        identifiers.record_key,
        identifiers.source_system,
        identifiers.company_key,
        case when not identifiers.is_free_mail then identifiers.email_domain end as work_domain,
        case
            when not identifiers.is_free_mail then {{ registrable_domain('identifiers.email_domain') }}
        end as registrable_domain,
        linked.account_key as linked_account_key
    from {{ ref('int_person_identifiers') }} as identifiers
    inner join {{ ref('int_people_unioned') }} as people on identifiers.record_key = people.record_key
    left join {{ ref('int_accounts_identified') }} as linked
        on people.source_system = linked.source_system and people.source_account_id = linked.source_id
),

by_host as (
    select host, count(distinct account_key) as n_accounts, min(account_key) as account_key
    from accounts where host is not null group by host
),

by_domain as (
    select registrable_domain, count(distinct account_key) as n_accounts, min(account_key) as account_key
    from accounts where registrable_domain is not null group by registrable_domain
),

by_domain_and_name as (
    select registrable_domain, name_key, count(distinct account_key) as n_accounts, min(account_key) as account_key
    from accounts where registrable_domain is not null and name_key is not null group by registrable_domain, name_key
),

by_name as (
    select name_key, count(distinct account_key) as n_accounts, min(account_key) as account_key
    from accounts where name_key is not null group by name_key
),

found as (
    select
        people.record_key,
        people.source_system,
        people.linked_account_key,
        case when by_domain_and_name.n_accounts = 1 then by_domain_and_name.account_key end as domain_and_name_key,
        case
            when by_domain.n_accounts = 1 then by_domain.account_key
            when by_host.n_accounts = 1 then by_host.account_key
        end as domain_key,
        coalesce(by_domain.n_accounts, 0) as n_of_domain,
        case when by_name.n_accounts = 1 then by_name.account_key end as name_key,
        coalesce(by_name.n_accounts, 0) as n_of_name
    from people
    left join by_host on people.work_domain = by_host.host
    left join by_domain on people.registrable_domain = by_domain.registrable_domain
    left join by_domain_and_name
        on people.registrable_domain = by_domain_and_name.registrable_domain
            and people.company_key = by_domain_and_name.name_key
    left join by_name on people.company_key = by_name.name_key
)

select
    record_key,
    source_system,
    coalesce(linked_account_key, domain_and_name_key, domain_key, name_key) as account_key,
    case
        when linked_account_key is not null then 'record_link'
        when domain_and_name_key is not null then 'email_domain_and_company_name'
        when domain_key is not null then 'email_domain'
        when name_key is not null then 'company_name'
    end as match_method,
    cast(case
        when linked_account_key is not null then 1.0
        when domain_and_name_key is not null then 0.98
        when domain_key is not null and n_of_domain = 1 then 0.95
        when domain_key is not null then 0.85
        when name_key is not null then 0.9
    end as double) as confidence,
    -- What spoke for another account, or for several.
    linked_account_key is null
        and (
            (domain_and_name_key is null and n_of_domain > 1)
            or (domain_key is null and n_of_name > 1)
            or coalesce(domain_and_name_key is null and domain_key <> name_key, false)
        ) as has_conflict
from found
