with account_links as (
    select people.person_key, min(accounts.account_key) as account_key
    from {{ ref('int_people_identified') }} as people
    inner join {{ ref('int_accounts_identified') }} as accounts
        on people.source_system = accounts.source_system and people.source_account_id = accounts.source_id
    group by people.person_key
)

select
    persons.person_key,
    account_links.account_key,
    persons.source_system,
    persons.origin_channel,
    persons.channel,
    persons.n_source_records,
    persons.first_seen_at,
    {{ as_of_day() }} as as_of
from {{ ref('int_persons_merged') }} as persons
left join account_links on persons.person_key = account_links.person_key
