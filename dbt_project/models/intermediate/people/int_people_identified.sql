-- One row per person record with its person_key: that of the identity's earliest record, so no key is made of an e-mail.
with ranked as (
    select
        *,
        row_number() over (partition by identity order by created_at, source_system, source_id) as record_order,
        count(*) over (partition by identity) as n_records
    from {{ ref('int_people_unioned') }}
),

firsts as (
    select
        identity,
        {{ surrogate_key(["'person'", "source_system", "source_id"]) }} as person_key
    from ranked
    where record_order = 1
)

select
    firsts.person_key,
    ranked.source_system,
    ranked.source_entity,
    ranked.source_id,
    ranked.record_order,
    ranked.n_records,
    ranked.email_normalised,
    ranked.company_name,
    ranked.source_account_id,
    ranked.origin_channel,
    ranked.campaign_name,
    ranked.created_at,
    ranked.is_created_imputed,
    ranked.extracted_at
from ranked
inner join firsts on ranked.identity = firsts.identity
