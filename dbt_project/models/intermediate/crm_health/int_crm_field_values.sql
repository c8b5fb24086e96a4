-- One row per CRM record and field of the field contract, judged: is its value there, can it be right, and when did somebody
-- last vouch for it. Evidence is only what tells of the value: a record's modified time is not, and what syncs and workflows
-- write is none. The best kind that is there counts: A a person's change, B a check, C a change between two exports of a
-- source without history, and where there is nothing else D the record's creation; without any date nothing can be judged.
with changed as (
    select
        source_system, entity_type, record_id, field_name,
        max(case when is_human and not is_cleared then changed_at end) as human_changed_at,
        max(changed_at) as changed_at
    from {{ ref('int_field_changes_unioned') }}
    where changed_at < {{ as_of_at() }}
    group by source_system, entity_type, record_id, field_name
),

tracked as (
    select distinct source_system, entity_type, field_name
    from {{ ref('int_field_changes_unioned') }}
    where changed_at < {{ as_of_at() }}
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

gathered as (
    select
        crm_values.source_system,
        crm_values.entity_type,
        crm_values.record_id,
        crm_values.field_name,
        records.subject_key,
        field_rule.sla_days,
        field_rule.is_immutable,
        field_rule.is_single_valued,
        records.stage_order >= required_stages.stage_order as is_required,
        crm_values.field_value,
        case
            when field_rule.validity in ('email', 'phone') then verdicts.invalid_reason
            when field_rule.validity = 'domain' and not {{ matches_fully('lower(crm_values.field_value)', "([a-z0-9-]+[.])+[a-z]{2,}") }}
                then 'syntax'
        end as invalid_reason,
        records.created_at,
        changed.human_changed_at,
        changed.changed_at,
        verified.confirmed_at,
        case when tracked.field_name is null then sightings.changed_at end as sighted_at,
        -- What is said of a record's value ends when another value is written there, whoever writes it.
        greatest(
            verified.value_refuted_at,
            case
                when verified.record_refuted_at >= coalesce(changed.changed_at, verified.record_refuted_at)
                    and verified.record_refuted_at >= coalesce(sightings.changed_at, verified.record_refuted_at)
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
    left join {{ source('tandem', 'contact_value') }} as verdicts
        on field_rule.validity = verdicts.kind and crm_values.field_value = verdicts.value
    left join changed
        on crm_values.source_system = changed.source_system
            and crm_values.entity_type = changed.entity_type
            and crm_values.record_id = changed.record_id
            and crm_values.field_name = changed.field_name
    left join verified
        on crm_values.source_system = verified.source_system
            and crm_values.entity_type = verified.entity_type
            and crm_values.record_id = verified.record_id
            and crm_values.field_name = verified.field_name
    left join {{ ref('int_value_sightings') }} as sightings
        on crm_values.source_system = sightings.source_system
            and crm_values.entity_type = sightings.entity_type
            and crm_values.record_id = sightings.record_id
            and crm_values.field_name = sightings.field_name
    left join tracked
        on crm_values.source_system = tracked.source_system
            and crm_values.entity_type = tracked.entity_type
            and crm_values.field_name = tracked.field_name
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
            when aged.field_value is null then 'missing'
            when aged.invalid_reason is not null or aged.refuted_at >= coalesce(aged.vouched_at, aged.refuted_at) then 'invalid'
            when conflicts.field_name is not null and aged.evidence_level in ('A', 'B') and aged.age_days <= aged.sla_days then 'conflict'
            when aged.is_immutable and {{ days_between('aged.created_at', 'aged.changed_at') }} > 1 then 'conflict'
            when aged.last_verified_at is null then 'not_judgeable'
            when aged.age_days > aged.sla_days then 'stale'
            else 'fresh'
        end as status
    from aged
    left join {{ ref('int_value_conflicts') }} as conflicts
        on aged.is_single_valued and aged.subject_key = conflicts.subject_key and aged.field_name = conflicts.field_name
)

-- Kept narrow: on a large CRM writing it is most of the work. Age, limit and probability follow from what stands here.
select
    source_system,
    entity_type,
    record_id,
    field_name,
    is_required,
    status,
    -- Why, where it is not fresh: what the worklist says in words.
    case status
        when 'missing' then 'missing'
        when 'invalid' then coalesce(invalid_reason, 'refuted')
        when 'conflict' then case when is_immutable then 'immutable_changed' else 'records_disagree' end
        when 'not_judgeable' then 'no_dates'
        when 'stale' then 'stale_' || lower(evidence_level)
    end as reason_code,
    last_verified_at,
    evidence_level
from judged
