-- What is to mend, most value for a minute's work first. An entry leaves the list when evidence says so, never because
-- somebody touched the record.
{%- set base_value = 1.0 %}
with entries as (
    select
        {{ surrogate_key(["judged.entity_type", "judged.source_system", "judged.record_id"]) }} as entity_key,
        judged.field_name,
        judged.entity_type,
        judged.source_system,
        judged.record_id,
        field_rule.steward_team,
        judged.status,
        judged.reason_code,
        judged.last_verified_at,
        judged.evidence_level,
        cast(floor({{ days_between('judged.last_verified_at', as_of_at()) }}) as integer) as age_days,
        field_rule.sla_days,
        {{ probability_valid('judged.status', 'judged.last_verified_at', 'decay.daily_rate') }} as p_valid,
        -- A record without open pipeline is worth a little, so that it has a place behind those that have.
        (1 - {{ probability_valid('judged.status', 'judged.last_verified_at', 'decay.daily_rate') }})
            * field_rule.weight * ({{ base_value }} + judged.expected_pipeline) as severity,
        field_rule.minutes_to_mend,
        judged.open_pipeline as pipeline_at_stake
    from {{ ref('int_crm_field_values') }} as judged
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on judged.entity_type = field_rule.entity_type and judged.field_name = field_rule.field_name
    left join {{ ref('int_field_decay') }} as decay
        on judged.entity_type = decay.entity_type and judged.field_name = decay.field_name
    where judged.is_required and judged.status in ('stale', 'missing', 'invalid', 'conflict')
    union all
    -- Sales sent the lead back for its data, and nobody has put any of it right since.
    select
        {{ surrogate_key(["records.entity_type", "records.source_system", "records.record_id"]) }},
        'contact_data',
        records.entity_type,
        records.source_system,
        records.record_id,
        'marketing',
        'invalid',
        'rejected_bad_data',
        cast(null as timestamp),
        cast(null as string),
        cast(floor({{ days_between('dispositions.disposed_at', as_of_at()) }}) as integer),
        cast(null as integer),
        0.0,
        3.0 * ({{ base_value }} + records.expected_pipeline),
        5.0,
        records.open_pipeline
    from (
        select person_key, max(disposed_at) as disposed_at
        from {{ ref('fct_lead_disposition') }}
        where reason_code = 'bad_data' and mended_at is null
        group by person_key
    ) as dispositions
    inner join {{ ref('int_crm_records') }} as records
        on dispositions.person_key = records.subject_key and records.entity_type in ('lead', 'contact')
)

select
    entity_key,
    field_name,
    cast(row_number() over (order by severity / minutes_to_mend desc, pipeline_at_stake desc, entity_key, field_name) as bigint)
        as worklist_rank,
    entity_type,
    source_system,
    record_id,
    steward_team,
    status,
    reason_code,
    last_verified_at,
    evidence_level,
    age_days,
    sla_days,
    p_valid,
    cast(severity as double) as severity,
    cast(minutes_to_mend as double) as minutes_to_mend,
    pipeline_at_stake,
    {{ as_of_day() }} as as_of
from entries
