with dispositions as (
    select
        entity_key as person_key, spell_no, stage, event as disposition, occurred_at as disposed_at,
        -- A stage's own name is no reason.
        case when reason_code in ('rejected', 'disqualified', 'recycled') then 'not_said' else coalesce(reason_code, 'not_said') end as reason_code, actor_key, source_system, is_imputed
    from {{ ref('fct_lifecycle_event') }}
    where entity_type = 'person' and event in ('rejected', 'disqualified', 'recycled')
),

-- Whatever tells that somebody has put contact data of the person right.
mends as (
    select records.subject_key as person_key, changes.changed_at as mended_at
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join {{ ref('int_crm_records') }} as records
        on changes.source_system = records.source_system
            and changes.entity_type = records.entity_type
            and changes.record_id = records.record_id
    where changes.is_human and not changes.is_cleared and changes.field_name in ('email', 'phone', 'job_title', 'company')
        and changes.changed_at < {{ as_of_at() }}
    union all
    select records.subject_key, verifications.verified_at
    from {{ ref('int_field_verifications_unioned') }} as verifications
    inner join {{ ref('int_crm_records') }} as records
        on verifications.source_system = records.source_system
            and verifications.entity_type = records.entity_type
            and verifications.record_id = records.record_id
    where verifications.outcome = 'confirmed'
),

mended as (
    select dispositions.person_key, dispositions.spell_no, dispositions.disposition, dispositions.disposed_at,
        min(mends.mended_at) as mended_at
    from dispositions
    inner join mends on dispositions.person_key = mends.person_key and mends.mended_at > dispositions.disposed_at
    where dispositions.reason_code = 'bad_data'
    group by dispositions.person_key, dispositions.spell_no, dispositions.disposition, dispositions.disposed_at
)

select
    dispositions.person_key,
    dispositions.spell_no,
    dispositions.disposition,
    dispositions.disposed_at,
    dispositions.stage,
    dispositions.reason_code,
    case
        when dispositions.reason_code in ('bad_data', 'duplicate', 'junk') then 'data'
        when dispositions.reason_code in ('not_icp', 'wrong_persona', 'student_or_partner', 'existing_customer_or_opportunity') then 'fit'
        when dispositions.reason_code in ('no_need', 'no_budget', 'no_timing', 'competitor') then 'demand'
        when dispositions.reason_code in ('unreachable') then 'contact'
        when dispositions.reason_code in ('no_capacity', 'sla_expired') then 'capacity'
        else 'other'
    end as reason_group,
    dispositions.actor_key,
    dispositions.source_system,
    dispositions.is_imputed,
    mended.mended_at,
    {{ days_between('dispositions.disposed_at', 'mended.mended_at') }} as days_to_mend,
    {{ as_of_day() }} as as_of
from dispositions
left join mended
    on dispositions.person_key = mended.person_key
        and dispositions.spell_no = mended.spell_no
        and dispositions.disposition = mended.disposition
        and dispositions.disposed_at = mended.disposed_at
