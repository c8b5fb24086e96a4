-- One row per account record with its account_key, and how it was found to be of that account.
with labels as (
    select record_rank, min(label_rank) as label_rank
    from {{ ref('int_account_groups') }}
    group by record_rank
),

strongest as (
    select record_rank, match_method, confidence
    from (
        select
            record_rank, match_method, confidence,
            row_number() over (partition by record_rank order by confidence desc, match_method) as strength
        from {{ ref('int_account_links') }}
    ) as ranked
    where strength = 1
)

select
    firsts.own_account_key as account_key,
    accounts.source_system,
    accounts.source_id,
    accounts.record_key,
    -- Whose values stand for the account: Salesforce before HubSpot, as in the alphabet's reverse.
    row_number() over (
        partition by firsts.own_account_key order by accounts.source_system desc, accounts.source_id
    ) as record_order,
    accounts.account_name,
    accounts.domain,
    accounts.parent_source_id,
    accounts.industry,
    accounts.employees,
    accounts.country,
    accounts.extracted_at,
    identifiers.host,
    identifiers.registrable_domain,
    identifiers.name_key,
    case when firsts.record_rank = identifiers.record_rank then 'first_record' else strongest.match_method end as match_method,
    cast(case when firsts.record_rank = identifiers.record_rank then 1.0 else strongest.confidence end as double) as confidence
from {{ ref('int_accounts_unioned') }} as accounts
inner join {{ ref('int_account_identifiers') }} as identifiers on accounts.record_key = identifiers.record_key
left join labels on identifiers.record_rank = labels.record_rank
inner join {{ ref('int_account_identifiers') }} as firsts
    on coalesce(labels.label_rank, identifiers.record_rank) = firsts.record_rank
left join strongest on identifiers.record_rank = strongest.record_rank
