-- One row per person record with what tells who it is, in the form in which it is compared. Records that a vendor merged
-- away stand here too: others were merged into them. The rank is the order in which records became known; it never
-- changes for a record when later ones come, so a person keeps the key of its first.
with words as (
    select {{ array_of('word') }} as words from {{ ref('legal_suffixes') }}
),

gone as (
    select
        merges.source_system,
        merges.source_entity,
        merges.merged_id as source_id,
        merges.source_system || ':' || merges.source_entity || ':' || merges.merged_id as record_key,
        min(coalesce(merges.merged_first_extracted_at, merges.merged_at)) as known_at,
        min(coalesce(merges.merged_created_at, merges.merged_at)) as created_at
    from {{ ref('int_person_merges_unioned') }} as merges
    left join {{ ref('int_people_unioned') }} as people
        on merges.source_system = people.source_system
            and merges.source_entity = people.source_entity
            and merges.merged_id = people.source_id
    where people.source_id is null
    group by merges.source_system, merges.source_entity, merges.merged_id
),

records as (
    select
        source_system, source_entity, source_id, record_key, false as is_gone, first_extracted_at as known_at, created_at,
        case when {{ matches_fully('email_normalised', '[^@ ]+@[^@ ]+[.][^@ ]+') }} then email_normalised end as email,
        person_name, phone, company_name, vendor_person_id
    from {{ ref('int_people_unioned') }}
    union all
    select source_system, source_entity, source_id, record_key, true, known_at, created_at, null, null, null, null, null
    from gone
),

-- Numbered apart from what tells who they are, because all records are sorted at once for it, and joined before that grows.
ranks as (
    select
        record_key,
        row_number() over (order by known_at, created_at, source_system, source_entity, source_id) as record_rank
    from (
        select record_key, first_extracted_at as known_at, created_at, source_system, source_entity, source_id
        from {{ ref('int_people_unioned') }}
        union all
        select record_key, known_at, created_at, source_system, source_entity, source_id from gone
    ) as known
),

ranked as (
    select ranks.record_rank, records.*
    from records
    inner join ranks on records.record_key = ranks.record_key
),

parted as (
    select
        *,
        {{ regexp_replace_all("email", "[+].*@|@.*$", "@") }} as mailbox_with_sign,
        {{ web_domain(regexp_replace_all("email", "^.*@", "")) }} as email_domain
    from ranked
),

addressed as (
    select
        parted.*,
        free_mail.domain is not null as is_free_mail,
        {{ regexp_replace_all("parted.mailbox_with_sign", "@+.*$", "") }} as email_local,
        coalesce(free_mail.provider, parted.email_domain) as email_provider,
        coalesce(free_mail.ignores_dots, false) as ignores_dots
    from parted
    left join {{ ref('free_mail_domains') }} as free_mail on parted.email_domain = free_mail.domain
)

select
    addressed.record_rank,
    addressed.source_system,
    addressed.source_entity,
    addressed.source_id,
    addressed.record_key,
    {{ surrogate_key(["'person'", "addressed.source_system", "addressed.source_entity", "addressed.source_id"]) }} as own_person_key,
    addressed.is_gone,
    addressed.known_at,
    addressed.email,
    addressed.email_local,
    addressed.email_domain,
    addressed.is_free_mail,
    case when addressed.ignores_dots then replace(addressed.email_local, '.', '') else addressed.email_local end
        || '@' || addressed.email_provider as mailbox,
    coalesce({{ is_role_mailbox('addressed.email_local') }}, false) as is_role_mailbox,
    {{ sorted_words('addressed.person_name') }} as name_key,
    {{ phone_key('addressed.phone') }} as phone_key,
    {{ company_name_key('addressed.company_name', 'words.words') }} as company_key,
    addressed.vendor_person_id
from addressed
cross join words
