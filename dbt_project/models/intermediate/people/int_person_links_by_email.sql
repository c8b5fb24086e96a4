-- Links by mailbox. One that several people use never links by itself: the mailbox of a function, or one with more names
-- than a person has. Two names in a person's mailbox are one person if they have a word in common.
{% set most_names_of_a_person = 5 %}
with named as (
    select
        identifiers.record_rank,
        identifiers.mailbox,
        identifiers.email,
        identifiers.name_key,
        identifiers.is_role_mailbox or mailboxes.n_names > {{ most_names_of_a_person }} as is_shared,
        mailboxes.n_names
    from {{ ref('int_person_identifiers') }} as identifiers
    inner join (
        select mailbox, count(distinct name_key) as n_names
        from {{ ref('int_person_identifiers') }}
        where mailbox is not null
        group by mailbox
    ) as mailboxes on identifiers.mailbox = mailboxes.mailbox
),

-- Whoever belongs to one person of a mailbox is linked to the first record of that person there.
gathered as (
    select
        record_rank,
        email,
        is_shared,
        first_value(record_rank) over same_person as other_rank,
        first_value(email) over same_person as other_email
    from named
    where (is_shared and name_key like '% %') or (not is_shared and (n_names <= 1 or name_key is not null))
    window same_person as (
        partition by mailbox, case when is_shared or n_names > 1 then name_key end order by record_rank
    )
),

firsts as (
    select mailbox, name_key, min(record_rank) as record_rank
    from named
    where not is_shared and n_names > 1 and name_key is not null
    group by mailbox, name_key
)

select
    record_rank,
    other_rank,
    case
        when is_shared then 'shared_mailbox_and_name' when email = other_email then 'email' else 'email_alias'
    end as match_method,
    case when is_shared then 0.95 when email = other_email then 0.99 else 0.97 end as confidence,
    cast(null as timestamp) as evident_at
from gathered
where record_rank <> other_rank
union all
select one.record_rank, other.record_rank, 'email_and_part_of_name', 0.95, null
from firsts as one
inner join firsts as other on one.mailbox = other.mailbox and one.record_rank > other.record_rank
where {{ share_a_word('one.name_key', 'other.name_key') }}
