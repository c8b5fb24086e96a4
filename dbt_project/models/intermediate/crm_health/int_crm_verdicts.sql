-- One row per CRM record and field of the field contract, judged: is its value there, can it be right, and when did somebody
-- last vouch for it. Evidence is only what tells of the value: a record's modified time is not, and what syncs and workflows
-- write is none. The best kind that is there counts: A a person's change, B a check, C a change between two exports of a
-- source without history, and where there is nothing else D the record's creation; without any date nothing can be judged.
-- Kept narrow, because on a large CRM writing it is most of the work: int_crm_field_values says whose record it is.
with changed_by_people as (
    select
        source_system, entity_type, record_id, field_name,
        max(case when not is_cleared then changed_at end) as changed_at,
        max(case when is_cleared then changed_at end) as cleared_at
    from {{ ref('int_field_changes_unioned') }}
    where is_human and changed_at < {{ as_of_at() }}
    group by source_system, entity_type, record_id, field_name
),

-- Who empties a field says that what stood there was wrong: whatever stands there now is another value.
people as (
    select source_system, entity_type, record_id, field_name, changed_at
    from changed_by_people
    where changed_at >= coalesce(cleared_at, changed_at)
),

verified as (
    select
        source_system, entity_type, record_id, field_name,
        max(case when outcome = 'confirmed' then verified_at end) as confirmed_at,
        max(case when outcome = 'refuted' and is_about_value then verified_at end) as value_refuted_at,
        max(case when outcome = 'refuted' and not is_about_value then verified_at end) as record_refuted_at
    from {{ ref('int_field_verifications_unioned') }}
    group by source_system, entity_type, record_id, field_name
),

-- Where a field's history is kept, it says who made a difference between two exports.
tracked as (
    select distinct source_system, entity_type, field_name
    from {{ ref('int_field_changes_unioned') }}
    where changed_at < {{ as_of_at() }}
),

sighted as (
    select sightings.source_system, sightings.entity_type, sightings.record_id, sightings.field_name, sightings.changed_at as sighted_at,
        sightings.replaced_at,
        tracked.field_name is null as is_evidence
    from {{ ref('int_value_sightings') }} as sightings
    left join tracked
        on sightings.source_system = tracked.source_system
            and sightings.entity_type = tracked.entity_type
            and sightings.field_name = tracked.field_name
),

-- Writing the same value again changes nothing of what is never to change.
immutable_changes as (
    select
        changes.source_system, changes.entity_type, changes.record_id, changes.field_name, changes.changed_at, changes.new_value,
        lag(changes.new_value) over (
            partition by changes.source_system, changes.entity_type, changes.record_id, changes.field_name
            order by changes.changed_at
        ) as value_before
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on changes.entity_type = field_rule.entity_type
            and changes.field_name = field_rule.field_name
            and field_rule.is_immutable
),

-- The last change by whomever matters only to what a check said of a record's value, and to what is never to change.
written as (
    select source_system, entity_type, record_id, field_name, max(changed_at) as written_at
    from (
        select changes.source_system, changes.entity_type, changes.record_id, changes.field_name, changes.changed_at
        from {{ ref('int_field_changes_unioned') }} as changes
        inner join verified
            on changes.source_system = verified.source_system
                and changes.entity_type = verified.entity_type
                and changes.record_id = verified.record_id
                and changes.field_name = verified.field_name
                and verified.record_refuted_at is not null
        union all
        select source_system, entity_type, record_id, field_name, changed_at
        from immutable_changes
        where coalesce(lower(new_value) <> lower(value_before), true)
    ) as changes
    where changed_at < {{ as_of_at() }}
    group by source_system, entity_type, record_id, field_name
),

conflicting as (
    select records.record_no, conflicts.field_name
    from {{ ref('int_value_conflicts') }} as conflicts
    inner join {{ ref('int_crm_records') }} as records on conflicts.subject_key = records.subject_key
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on records.entity_type = field_rule.entity_type
            and conflicts.field_name = field_rule.field_name
            and field_rule.is_single_valued
),

gathered as (
    select
        records.record_no,
        crm_values.field_name,
        field_rule.sla_days,
        field_rule.is_immutable,
        records.stage_order >= required_stages.stage_order as is_required,
        crm_values.field_value is null as is_missing,
        case
            when invalid_values.invalid_reason is not null then invalid_values.invalid_reason
            when field_rule.validity = 'domain' and not {{ matches_fully('lower(crm_values.field_value)', "([a-z0-9-]+[.])+[a-z]{2,}") }}
                then 'syntax'
        end as invalid_reason,
        records.created_at,
        greatest(written.written_at, sighted.replaced_at) as written_at,
        sighted.replaced_at,
        people.changed_at as human_changed_at,
        verified.confirmed_at,
        case when sighted.is_evidence then sighted.sighted_at end as sighted_at,
        -- What is said of a record's value ends when another value is written there, whoever writes it.
        greatest(
            verified.value_refuted_at,
            case
                when verified.record_refuted_at >= coalesce(written.written_at, verified.record_refuted_at)
                    and verified.record_refuted_at >= coalesce(sighted.sighted_at, verified.record_refuted_at)
                    then verified.record_refuted_at
            end
        ) as refuted_at
    from {{ ref('int_crm_values') }} as crm_values
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on crm_values.entity_type = field_rule.entity_type and crm_values.field_name = field_rule.field_name
    inner join {{ ref('stages') }} as required_stages on field_rule.required_from = required_stages.stage
    inner join {{ ref('int_crm_records') }} as records
        on crm_values.source_system = records.source_system
            and crm_values.entity_type = records.entity_type
            and crm_values.record_id = records.record_id
    left join {{ source('tandem', 'contact_value') }} as invalid_values
        on field_rule.validity = invalid_values.kind
            and crm_values.field_value = invalid_values.value
            and invalid_values.invalid_reason is not null
    left join people
        on crm_values.source_system = people.source_system
            and crm_values.entity_type = people.entity_type
            and crm_values.record_id = people.record_id
            and crm_values.field_name = people.field_name
    left join verified
        on crm_values.source_system = verified.source_system
            and crm_values.entity_type = verified.entity_type
            and crm_values.record_id = verified.record_id
            and crm_values.field_name = verified.field_name
    left join sighted
        on crm_values.source_system = sighted.source_system
            and crm_values.entity_type = sighted.entity_type
            and crm_values.record_id = sighted.record_id
            and crm_values.field_name = sighted.field_name
    left join written
        on crm_values.source_system = written.source_system
            and crm_values.entity_type = written.entity_type
            and crm_values.record_id = written.record_id
            and crm_values.field_name = written.field_name
),

dated as (
    select
        *,
        greatest(human_changed_at, confirmed_at, sighted_at) as vouched_at,
        coalesce(greatest(human_changed_at, confirmed_at, sighted_at), created_at) as last_verified_at
    from gathered
),

aged as (
    select
        *,
        case
            when vouched_at is null and created_at is not null then 'D'
            when vouched_at = human_changed_at then 'A'
            when vouched_at = confirmed_at then 'B'
            when vouched_at is not null then 'C'
        end as evidence_level,
        {{ days_between('last_verified_at', as_of_at()) }} as age_days
    from dated
),

judged as (
    select
        aged.*,
        case
            when aged.is_missing then 'missing'
            when aged.invalid_reason is not null or aged.refuted_at >= coalesce(aged.vouched_at, aged.refuted_at) then 'invalid'
            when conflicting.field_name is not null and aged.evidence_level in ('A', 'B') and aged.age_days <= aged.sla_days then 'conflict'
            when aged.is_immutable and coalesce({{ days_between('aged.created_at', 'aged.written_at') }} > 1, aged.replaced_at is not null)
                then 'conflict'
            when aged.last_verified_at is null then 'not_judgeable'
            when aged.age_days > aged.sla_days then 'stale'
            else 'fresh'
        end as status
    from aged
    left join conflicting on aged.record_no = conflicting.record_no and aged.field_name = conflicting.field_name
)

select
    record_no,
    field_name,
    is_required,
    {{ word_of('status', ['fresh', 'stale', 'missing', 'invalid', 'conflict', 'not_judgeable']) }} as status,
    -- Why, where it is neither fresh nor merely old: what the worklist says in words.
    case status
        when 'missing' then 'missing'
        when 'invalid' then coalesce(invalid_reason, 'refuted')
        when 'conflict' then case when is_immutable then 'immutable_changed' else 'records_disagree' end
        when 'not_judgeable' then 'no_dates'
        when 'stale' then 'stale_' || lower(evidence_level)
    end as reason_code,
    last_verified_at,
    {{ word_of('evidence_level', ['A', 'B', 'C', 'D']) }} as evidence_level
from judged
