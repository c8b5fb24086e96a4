-- One row per direction of every link between two account records. One web site is one company, unless a vendor keeps
-- several records of it under several names: those are subsidiaries until the names agree. Without a site the name must be
-- the same, word by word, and belong to one site only: two companies of one name do exist.
with sites as (
    select
        host,
        max(n_names) as most_names_of_a_vendor,
        count(distinct name_key) as n_names
    from (
        select
            host, name_key,
            count(*) over (partition by host, source_system) as n_names
        from {{ ref('int_account_identifiers') }}
        where host is not null
    ) as counted
    group by host
),

names as (
    select name_key, count(distinct domain_label) as n_domains
    from {{ ref('int_account_identifiers') }}
    where name_key is not null
    group by name_key
),

same_site as (
    select
        accounts.record_rank,
        first_value(accounts.record_rank) over same_company as other_rank,
        case when sites.n_names <= 1 then 'web_domain_and_name' else 'web_domain' end as match_method,
        case when sites.n_names <= 1 then 0.99 else 0.95 end as confidence
    from {{ ref('int_account_identifiers') }} as accounts
    inner join sites on accounts.host = sites.host
    where sites.n_names <= 1 or sites.most_names_of_a_vendor = 1
    window same_company as (partition by accounts.host order by accounts.record_rank)
),

same_label_and_name as (
    select
        record_rank,
        min(record_rank) over (partition by domain_label, name_key) as other_rank
    from {{ ref('int_account_identifiers') }}
    where domain_label is not null and name_key is not null
),

same_name as (
    select
        accounts.record_rank,
        min(accounts.record_rank) over (partition by accounts.name_key) as other_rank
    from {{ ref('int_account_identifiers') }} as accounts
    inner join names on accounts.name_key = names.name_key
    where names.n_domains <= 1
),

proposed as (
    select record_rank, other_rank, match_method, confidence, cast(null as timestamp) as evident_at
    from same_site where record_rank <> other_rank
    union all
    select record_rank, other_rank, 'web_domain_and_name', 0.97, null
    from same_label_and_name where record_rank <> other_rank
    union all
    select record_rank, other_rank, 'company_name', 0.9, null
    from same_name where record_rank <> other_rank
),

{{ reviewed_links('account', ref('int_account_identifiers')) }}
