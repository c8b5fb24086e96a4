-- One row per opportunity that any extract ever showed, also when it is gone by now: what does not change in its life.
with known as (
    select
        opportunity_key, source_system, person_key, account_key, pipeline, origin_channel, vendor_stage, stage_meant_on,
        owner_key, amount,
        currency, is_closed, outcome, created_at, is_created_imputed, closed_at, is_closed_imputed, false as is_gone
    from {{ ref('int_opportunities_unioned') }}
),

last_seen as (
    select
        *,
        row_number() over (partition by opportunity_key order by seen_from desc) as recency,
        min(seen_from) over (partition by opportunity_key) as first_seen_at,
        min(case when not is_gone then 0 else 1 end) over (partition by opportunity_key) as is_always_gone
    from {{ ref('int_opportunity_row_versions') }}
)

select * from known
union all
select
    last_seen.opportunity_key, last_seen.source_system, null, accounts.account_key, last_seen.pipeline, null,
    last_seen.vendor_stage, cast(last_seen.seen_from as date), null, last_seen.amount, coalesce(last_seen.currency, source_system.currency), false, 'open',
    coalesce(last_seen.created_at, last_seen.first_seen_at), last_seen.created_at is null, null, false, true
from last_seen
left join known on last_seen.opportunity_key = known.opportunity_key
left join {{ ref('int_accounts_identified') }} as accounts
    on last_seen.source_system = accounts.source_system and last_seen.source_account_id = accounts.source_id
left join {{ source('tandem', 'source_system') }} as source_system
    on last_seen.source_system = source_system.source_system
where last_seen.recency = 1 and last_seen.is_always_gone = 0 and known.opportunity_key is null
