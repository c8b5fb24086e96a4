with ranked as (
    select
        people.person_key,
        accounts.account_key,
        accounts.match_method,
        accounts.confidence,
        row_number() over (
            partition by people.person_key order by accounts.confidence desc, people.record_order
        ) as preference
    from {{ ref('int_people_identified') }} as people
    inner join {{ ref('int_person_accounts') }} as accounts on people.record_key = accounts.record_key
    where accounts.account_key is not null
),

identities as (
    select person_key, min(confidence) as confidence
    from {{ ref('int_person_crosswalk') }}
    where valid_to is null
    group by person_key
)

select
    persons.person_key,
    ranked.account_key,
    ranked.match_method as account_match_method,
    ranked.confidence as account_confidence,
    persons.source_system,
    persons.origin_channel,
    persons.channel,
    persons.n_source_records,
    identities.confidence as identity_confidence,
    persons.first_seen_at,
    {{ as_of_day() }} as as_of
from {{ ref('int_persons_merged') }} as persons
inner join identities on persons.person_key = identities.person_key
left join ranked on persons.person_key = ranked.person_key and ranked.preference = 1
