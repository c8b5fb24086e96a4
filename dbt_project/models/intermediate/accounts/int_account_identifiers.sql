-- One row per account record with what tells which company it is, in the form in which it is compared. The rank is the
-- order in which records became known: a company keeps the key of its first.
with words as (
    select {{ array_of('word') }} as words from {{ ref('legal_suffixes') }}
),

hosted as (
    select
        accounts.*,
        -- A page at a provider of free mail is nobody's own domain.
        case when free_mail.domain is null then {{ web_domain('accounts.domain') }} end as host
    from {{ ref('int_accounts_unioned') }} as accounts
    left join {{ ref('free_mail_domains') }} as free_mail on {{ web_domain('accounts.domain') }} = free_mail.domain
),

-- Nor is the provider's domain that of those who have a page below it.
registered as (
    select
        hosted.*,
        case when free_mail.domain is null then {{ registrable_domain('hosted.host') }} end as registrable_domain
    from hosted
    left join {{ ref('free_mail_domains') }} as free_mail on {{ registrable_domain('hosted.host') }} = free_mail.domain
)

select
    row_number() over (
        order by registered.first_extracted_at, registered.source_system desc, registered.source_id
    ) as record_rank,
    registered.source_system,
    registered.source_id,
    registered.record_key,
    {{ surrogate_key(["'account'", "registered.source_system", "registered.source_id"]) }} as own_account_key,
    registered.first_extracted_at as known_at,
    nullif(registered.host, '') as host,
    registered.registrable_domain,
    {{ regexp_replace_all("registered.registrable_domain", "[.].*$", "") }} as domain_label,
    {{ company_name_key('registered.account_name', 'words.words') }} as name_key
from registered
cross join words
