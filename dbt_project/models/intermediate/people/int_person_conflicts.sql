-- One row per person record and reason why it may be somebody else's too: what a reviewer should look at.
with current_records as (
    select identifiers.record_rank, identifiers.source_system, identifiers.mailbox, identifiers.name_key,
        identifiers.company_key, crosswalk.person_key
    from {{ ref('int_person_identifiers') }} as identifiers
    inner join {{ ref('int_person_crosswalk') }} as crosswalk
        on identifiers.record_key = crosswalk.record_key and crosswalk.valid_to is null
    where not identifiers.is_gone
),

blocks as (
    select record_rank, source_system, person_key, 'shared_mailbox' as reason, mailbox as block
    from current_records where mailbox is not null
    union all
    select record_rank, source_system, person_key, 'same_name_and_company', name_key || '|' || company_key
    from current_records where name_key like '% %' and company_key is not null
)

select record_rank, source_system, reason
from (
    select
        record_rank, source_system, reason,
        min(person_key) over (partition by reason, block) <> max(person_key) over (partition by reason, block) as is_parted
    from blocks
) as judged
where is_parted
