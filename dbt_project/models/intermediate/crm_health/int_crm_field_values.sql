-- One row per CRM record and field of the field contract: the verdict, and whose record it is. Without the database's name,
-- so that it can be read whatever its file is called.
select
    records.source_system,
    records.entity_type,
    records.record_id,
    field_rule.field_name,
    verdicts.is_required,
    cast(verdicts.status as string) as status,
    -- Why, where it is neither fresh nor merely old: what the worklist says in words.
    case verdicts.status
        when 'missing' then 'missing'
        when 'invalid' then coalesce(verdicts.invalid_reason, 'refuted')
        when 'conflict' then case when field_rule.is_immutable then 'immutable_changed' else 'records_disagree' end
        when 'not_judgeable' then 'no_dates'
        when 'stale' then 'stale_' || lower(cast(verdicts.evidence_level as string))
    end as reason_code,
    verdicts.last_verified_at,
    cast(verdicts.evidence_level as string) as evidence_level,
    records.subject_key,
    records.open_pipeline,
    records.expected_pipeline
from {{ ref('int_crm_verdicts').include(database=false) }} as verdicts
inner join {{ ref('int_crm_records').include(database=false) }} as records on verdicts.record_no = records.record_no
inner join {{ source('tandem', 'field_rule').include(database=false) }} as field_rule on verdicts.rule_no = field_rule.rule_no
