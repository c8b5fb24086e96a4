-- One row per CRM record and field of the field contract, judged: is its value there, can it be right, and when did somebody
-- last vouch for it. Evidence is only what tells of the value: a record's modified time is not, and what syncs and workflows
-- write is none. The best kind that is there counts: A a person's change, B a check, C a change between two exports of a
-- source without history, and where there is nothing else D the record's creation; without any date nothing can be judged.
-- Kept narrow, because on a large CRM writing it is most of the work, and joined by numbers: int_crm_field_values says whose
-- record it is, which field, and why.
{%- set statuses = ['fresh', 'stale', 'missing', 'invalid', 'conflict', 'not_judgeable'] %}
{%- set levels = ['A', 'B', 'C', 'D'] %}
with rules as (
    select
        field_rule.rule_no, field_rule.entity_type, field_rule.field_name, field_rule.validity, field_rule.is_immutable,
        field_rule.is_single_valued, required_stages.stage_order,
        {{ add_days(as_of_at(), '-field_rule.sla_days') }} as stale_before
    from {{ source('tandem', 'field_rule') }} as field_rule
    inner join {{ ref('stages') }} as required_stages on field_rule.required_from = required_stages.stage
),

changed_by_people as (
    select
        records.record_no, rules.rule_no,
        max(case when not changes.is_cleared then changes.changed_at end) as changed_at,
        max(case when changes.is_cleared then changes.changed_at end) as cleared_at
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join rules on changes.entity_type = rules.entity_type and changes.field_name = rules.field_name
    inner join {{ ref('int_crm_records') }} as records
        on changes.source_system = records.source_system
            and changes.entity_type = records.entity_type
            and changes.record_id = records.record_id
    where changes.is_human and changes.changed_at < {{ as_of_at() }}
    group by records.record_no, rules.rule_no
),

-- Who empties a field says that what stood there was wrong: whatever stands there now is another value.
people as (
    select record_no, rule_no, changed_at
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
        case when tracked.field_name is null then sightings.changed_at end as evidence_seen_at
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
    inner join rules
        on changes.entity_type = rules.entity_type and changes.field_name = rules.field_name and rules.is_immutable
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

-- Form matters to few fields, so it is looked at apart.
malformed as (
    select
        crm_values.source_system, crm_values.entity_type, crm_values.record_id, crm_values.field_name,
        coalesce(invalid_values.invalid_reason, 'syntax') as invalid_reason
    from {{ ref('int_crm_values') }} as crm_values
    inner join rules on crm_values.rule_no = rules.rule_no and rules.validity <> 'any'
    left join {{ source('tandem', 'contact_value') }} as invalid_values
        on rules.validity = invalid_values.kind
            and crm_values.field_value = invalid_values.value
            and invalid_values.invalid_reason is not null
    where invalid_values.invalid_reason is not null
        or (
            rules.validity = 'domain'
            and not {{ matches_fully('lower(crm_values.field_value)', "([a-z0-9-]+[.])+[a-z]{2,}") }}
        )
),

pieces as (
    {%- set columns = ['confirmed_at', 'value_refuted_at', 'record_refuted_at', 'sighted_at', 'evidence_seen_at', 'replaced_at', 'written_at'] %}
    {%- for relation, own in {
        'verified': ['confirmed_at', 'value_refuted_at', 'record_refuted_at'],
        'sighted': ['sighted_at', 'evidence_seen_at', 'replaced_at'],
        'written': ['written_at'],
        'malformed': ['invalid_reason'],
    }.items() %}
    select
        source_system, entity_type, record_id, field_name,
        {%- for column in columns %}
        {{ column if column in own else 'cast(null as timestamp) as ' ~ column }},
        {%- endfor %}
        {{ 'invalid_reason' if 'invalid_reason' in own else 'cast(null as string) as invalid_reason' }}
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- What is told of few values: one row per value that anything is told of.
told as (
    select
        records.record_no,
        rules.rule_no,
        max(pieces.confirmed_at) as confirmed_at,
        max(pieces.value_refuted_at) as value_refuted_at,
        max(pieces.record_refuted_at) as record_refuted_at,
        max(pieces.sighted_at) as sighted_at,
        max(pieces.evidence_seen_at) as evidence_seen_at,
        max(pieces.replaced_at) as replaced_at,
        max(pieces.written_at) as written_at,
        max(pieces.invalid_reason) as invalid_reason
    from pieces
    inner join rules on pieces.entity_type = rules.entity_type and pieces.field_name = rules.field_name
    inner join {{ ref('int_crm_records') }} as records
        on pieces.source_system = records.source_system
            and pieces.entity_type = records.entity_type
            and pieces.record_id = records.record_id
    group by records.record_no, rules.rule_no
),

conflicting as (
    select records.record_no, rules.rule_no
    from {{ ref('int_value_conflicts') }} as conflicts
    inner join {{ ref('int_crm_records') }} as records on conflicts.subject_key = records.subject_key
    inner join rules
        on records.entity_type = rules.entity_type and conflicts.field_name = rules.field_name and rules.is_single_valued
),

gathered as (
    select
        records.record_no,
        rules.rule_no,
        rules.stale_before,
        rules.is_immutable,
        records.stage_order >= rules.stage_order as is_required,
        crm_values.field_value is null as is_missing,
        told.invalid_reason,
        records.created_at,
        greatest(told.written_at, told.replaced_at) as written_at,
        told.replaced_at,
        people.changed_at as human_changed_at,
        told.confirmed_at,
        told.evidence_seen_at as sighted_at,
        -- What is said of a record's value ends when another value is written there, whoever writes it.
        greatest(
            told.value_refuted_at,
            case
                when told.record_refuted_at >= coalesce(told.written_at, told.record_refuted_at)
                    and told.record_refuted_at >= coalesce(told.sighted_at, told.record_refuted_at)
                    then told.record_refuted_at
            end
        ) as refuted_at,
        conflicting.rule_no is not null as is_conflicting
    from {{ ref('int_crm_values') }} as crm_values
    inner join rules on crm_values.rule_no = rules.rule_no
    inner join {{ ref('int_crm_records') }} as records
        on crm_values.source_system = records.source_system
            and crm_values.entity_type = records.entity_type
            and crm_values.record_id = records.record_id
    left join people on records.record_no = people.record_no and crm_values.rule_no = people.rule_no
    left join told on records.record_no = told.record_no and crm_values.rule_no = told.rule_no
    left join conflicting on records.record_no = conflicting.record_no and crm_values.rule_no = conflicting.rule_no
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
            when vouched_at is null and created_at is not null then {{ word_of("'D'", levels) }}
            when vouched_at = human_changed_at then {{ word_of("'A'", levels) }}
            when vouched_at = confirmed_at then {{ word_of("'B'", levels) }}
            when vouched_at is not null then {{ word_of("'C'", levels) }}
        end as evidence_level
    from dated
)

select
    record_no,
    rule_no,
    is_required,
    case
        when is_missing then {{ word_of("'missing'", statuses) }}
        when invalid_reason is not null or refuted_at >= coalesce(vouched_at, refuted_at) then {{ word_of("'invalid'", statuses) }}
        when is_conflicting and last_verified_at >= stale_before and evidence_level in ('A', 'B')
            then {{ word_of("'conflict'", statuses) }}
        when is_immutable and coalesce({{ days_between('created_at', 'written_at') }} > 1, replaced_at is not null)
            then {{ word_of("'conflict'", statuses) }}
        when last_verified_at is null then {{ word_of("'not_judgeable'", statuses) }}
        when last_verified_at < stale_before then {{ word_of("'stale'", statuses) }}
        else {{ word_of("'fresh'", statuses) }}
    end as status,
    case when not is_missing then invalid_reason end as invalid_reason,
    last_verified_at,
    evidence_level
from aged
