{{ config(materialized='view') }}
-- One row per CRM record and field of the field contract: the verdict, and whose record it is. Without the database's name,
-- so that it can be read whatever its file is called.
select
    records.source_system,
    records.entity_type,
    records.record_id,
    verdicts.field_name,
    verdicts.is_required,
    cast(verdicts.status as string) as status,
    verdicts.reason_code,
    verdicts.last_verified_at,
    cast(verdicts.evidence_level as string) as evidence_level,
    records.subject_key,
    records.open_pipeline,
    records.expected_pipeline
from {{ ref('int_crm_verdicts').include(database=false) }} as verdicts
inner join {{ ref('int_crm_records').include(database=false) }} as records on verdicts.record_no = records.record_no
