-- Links of records with different addresses by several details together. A name of one word, and a name with a company
-- alone, link nobody: two people of one name do work in one company. Nor does a phone behind which several names answer:
-- in one company a switchboard, in several ones a number that is anybody's.
{% set names_of_a_switchboard = 3 %}
{% set largest_slip = 2 %}
{% set most_records_of_a_slip = 3 %}
{#- In each place anew, because a part of the columns is asked for in each: written out once they take more room than memory. #}
{%- set named -%}
(select * from {{ ref('int_person_identifiers') }} where name_key like '% %')
{%- endset %}
{%- set addressed -%}
(select * from {{ named }} as named where email is not null and not is_role_mailbox and length(email_domain) >= 6)
{%- endset %}
-- A phone of one record alone links nothing, and most are.
with phones as (
    select phone_key from {{ named }} as named where phone_key is not null
    group by phone_key having count(*) > 1 and count(distinct name_key) < {{ names_of_a_switchboard }}
),

company_phones as (
    select phone_key, company_key from {{ named }} as named where phone_key is not null and company_key is not null
    group by phone_key, company_key having count(*) > 1 and count(distinct name_key) < {{ names_of_a_switchboard }}
),

same_phone as (
    select
        named.record_rank,
        min(named.record_rank) over (partition by named.name_key, named.phone_key) as other_rank,
        'name_and_phone' as match_method,
        0.93 as confidence
    from {{ named }} as named
    inner join phones on named.phone_key = phones.phone_key
    union all
    select
        named.record_rank,
        min(named.record_rank) over (partition by named.name_key, named.phone_key, named.company_key),
        'name_phone_and_company',
        0.97
    from {{ named }} as named
    inner join company_phones
        on named.phone_key = company_phones.phone_key and named.company_key = company_phones.company_key
),

names_of_a_phone as (
    select named.phone_key, named.company_key, named.name_key, min(named.record_rank) as record_rank
    from {{ named }} as named
    inner join company_phones
        on named.phone_key = company_phones.phone_key and named.company_key = company_phones.company_key
    group by named.phone_key, named.company_key, named.name_key
),

similar_names as (
    select one.record_rank, other.record_rank as other_rank
    from names_of_a_phone as one
    inner join names_of_a_phone as other
        on one.phone_key = other.phone_key
            and one.company_key = other.company_key
            and one.record_rank > other.record_rank
    where {{ share_a_word('one.name_key', 'other.name_key') }}
        and levenshtein(one.name_key, other.name_key) <= {{ largest_slip }}
),

rare_domains as (
    select email_domain
    from {{ ref('int_person_identifiers') }}
    where not is_free_mail and email_domain is not null
    group by email_domain
    having count(*) <= {{ most_records_of_a_slip }}
),

slips as (
    select one.record_rank, other.record_rank as other_rank, 'typo_in_domain_and_company' as match_method, 0.95 as confidence
    from {{ addressed }} as one
    inner join {{ addressed }} as other
        on one.name_key = other.name_key
            and one.email_local = other.email_local
            and one.company_key = other.company_key
            and one.record_rank > other.record_rank
    where one.email_domain <> other.email_domain
        and not (one.is_free_mail and other.is_free_mail)
        and levenshtein(one.email_domain, other.email_domain) <= {{ largest_slip }}
    union all
    select one.record_rank, other.record_rank, 'typo_in_free_mail_domain', 0.9
    from {{ addressed }} as one
    inner join rare_domains on one.email_domain = rare_domains.email_domain
    inner join {{ addressed }} as other
        on one.name_key = other.name_key and one.email_local = other.email_local and other.is_free_mail
    where not one.is_free_mail
        -- As many letters were put in or left out at least: quickly told of most.
        and abs(length(one.email_domain) - length(other.email_domain)) <= {{ largest_slip }}
        and levenshtein(one.email_domain, other.email_domain) <= {{ largest_slip }}
)

select record_rank, other_rank, match_method, confidence, cast(null as timestamp) as evident_at
from same_phone
where record_rank <> other_rank
union all
select record_rank, other_rank, match_method, confidence, null
from slips
union all
select record_rank, other_rank, 'similar_name_phone_and_company', 0.93, null
from similar_names
