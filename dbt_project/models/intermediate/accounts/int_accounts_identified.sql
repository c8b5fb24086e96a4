-- One row per account record with its account_key; records of one web domain, else of one name, are one account.
with ranked as (
    select
        *,
        row_number() over (partition by identity order by source_system desc, source_id) as record_order
    from {{ ref('int_accounts_unioned') }}
),

firsts as (
    select
        identity,
        {{ surrogate_key(["'account'", "source_system", "source_id"]) }} as account_key
    from ranked
    where record_order = 1
)

select
    firsts.account_key,
    ranked.source_system,
    ranked.source_id,
    ranked.record_order,
    ranked.account_name,
    ranked.domain,
    ranked.parent_source_id,
    ranked.industry,
    ranked.employees,
    ranked.country,
    ranked.extracted_at
from ranked
inner join firsts on ranked.identity = firsts.identity
