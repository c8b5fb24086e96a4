-- A reviewer's decision that the links do not follow: the two are joined, or parted, by more than one other record.
{{ config(severity='warn') }}
with keys as (
    select 'person' as entity, source_system, source_id, person_key as found_key
    from {{ ref('int_person_crosswalk') }} where valid_to is null
    union all
    select 'account', source_system, source_id, account_key from {{ ref('int_accounts_identified') }}
)

select overrides.entity, overrides.source_system, overrides.source_id, overrides.verdict
from {{ ref('identity_overrides') }} as overrides
inner join keys as one
    on overrides.entity = one.entity
        and overrides.source_system = one.source_system and overrides.source_id = one.source_id
inner join keys as other
    on overrides.entity = other.entity
        and overrides.other_source_system = other.source_system and overrides.other_source_id = other.source_id
where (overrides.decided_on is null or overrides.decided_on <= (select max(as_of) from {{ ref('bdg_person_identity') }}))
    and (overrides.verdict = 'same') <> (one.found_key = other.found_key)
