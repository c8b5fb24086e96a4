with ranked as (
    select
        *,
        count(*) over (partition by account_key) as n_source_records
    from {{ ref('int_accounts_identified') }}
)

select
    ranked.account_key,
    max(case when ranked.record_order = 1 then ranked.source_system end) as source_system,
    max(case when ranked.record_order = 1 then ranked.account_name end) as account_name,
    max(ranked.domain) as domain,
    max(case when ranked.record_order = 1 then ranked.industry end) as industry,
    max(ranked.employees) as employees,
    max(case when ranked.record_order = 1 then ranked.country end) as country,
    -- Two records of one company may name each other.
    max(case when parents.account_key <> ranked.account_key then parents.account_key end) as parent_account_key,
    max(ranked.n_source_records) as n_source_records,
    min(ranked.confidence) as identity_confidence,
    {{ as_of_day() }} as as_of
from ranked
left join {{ ref('int_accounts_identified') }} as parents
    on ranked.source_system = parents.source_system and ranked.parent_source_id = parents.source_id
group by ranked.account_key
