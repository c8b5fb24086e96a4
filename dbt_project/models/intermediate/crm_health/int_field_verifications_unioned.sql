-- One row per event that tells of a value as it stands now, whoever wrote it: it was confirmed, or it was refuted.
-- What happened to another value than the present one says nothing of it and is not here.
with merged_records as (
    select source_system, source_entity as entity_type, merged_id, final_id from {{ ref('int_records_merged') }}
),

email_values as (
    select source_system, entity_type, record_id, field_value
    from {{ ref('int_crm_values') }}
    where field_name = 'email' and field_value is not null
),

enriched_fields as (
    select distinct source_system, entity_type, record_id, field_name
    from {{ ref('int_field_changes_unioned') }}
    where actor = 'enrichment'
),

enrichments as (
    select
        changes.source_system, changes.entity_type, changes.record_id, changes.field_name, changes.changed_at, changes.actor,
        changes.new_value,
        lag(changes.new_value) over (
            partition by changes.source_system, changes.entity_type, changes.record_id, changes.field_name
            order by changes.changed_at
        ) as value_before
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join enriched_fields
        on changes.source_system = enriched_fields.source_system
            and changes.entity_type = enriched_fields.entity_type
            and changes.record_id = enriched_fields.record_id
            and changes.field_name = enriched_fields.field_name
),

-- What was checked of a record that was merged away may speak for the surviving one, if its value is that one's too.
checks as (
    select
        checks.source_system, checks.entity_type, coalesce(merged_records.final_id, checks.record_id) as record_id,
        {{ canonical_field_name('checks.field_name') }} as field_name, checks.verified_at, checks.method, checks.outcome,
        checks.checked_value, merged_records.final_id is not null as is_inherited, checks.extracted_at
    from {{ ref('stg_canonical__field_verification') }} as checks
    left join merged_records
        on checks.source_system = merged_records.source_system
            and checks.entity_type = merged_records.entity_type
            and checks.record_id = merged_records.merged_id
),

events as (
    -- The address decides, not the record that the e-mail was sent to.
    select
        email_values.source_system, email_values.entity_type, email_values.record_id, 'email' as field_name,
        outcomes.occurred_at as verified_at, outcomes.outcome as method,
        case when outcomes.outcome = 'delivered' then 'confirmed' else 'refuted' end as outcome,
        true as is_about_value, outcomes.extracted_at
    from {{ ref('stg_hubspot_connector__email_outcome') }} as outcomes
    inner join email_values on outcomes.recipient = email_values.field_value
    where outcomes.outcome = 'delivered'
        or coalesce(upper(outcomes.bounce_category), 'UNKNOWN_USER') not in (
            'THROTTLED', 'MAILBOX_FULL', 'TIMEOUT', 'GREYLISTING', 'POLICY', 'SPAM', 'CONTENT', 'IP_REPUTATION',
            'DOMAIN_REPUTATION', 'DMARC', 'SENDING_DOMAIN_MISCONFIGURATION'
        )
    union all
    select 'salesforce', 'lead', lead_id, 'email', email_bounced_at, 'bounced', 'refuted', false, extracted_at
    from {{ ref('stg_salesforce__lead') }}
    where email_bounced_at is not null
    union all
    -- Only calls have a disposition.
    select 'salesforce', 'lead', calls.who_id, 'phone', calls.created_at, 'call', call_outcomes.outcome, false, calls.extracted_at
    from {{ ref('stg_salesforce__task') }} as calls
    inner join {{ ref('call_outcomes') }} as call_outcomes on lower(calls.call_disposition) = call_outcomes.source_value
    where calls.who_id like '00Q%'
    union all
    select 'hubspot', 'contact', calls.contact_ids, 'phone', calls.called_at, 'call', call_outcomes.outcome, false, calls.extracted_at
    from {{ ref('stg_hubspot__call') }} as calls
    inner join {{ ref('call_outcomes') }} as call_outcomes on lower(calls.outcome) = call_outcomes.source_value
    union all
    select 'hubspot_connector', 'contact', contact_id, 'email', submitted_at, 'own_form', 'confirmed', false, extracted_at
    from {{ ref('stg_hubspot_connector__form_submission') }}
    union all
    select
        enrichments.source_system, enrichments.entity_type, enrichments.record_id, enrichments.field_name,
        enrichments.changed_at, 'enrichment', 'confirmed', true, cast(null as timestamp)
    from enrichments
    where enrichments.actor = 'enrichment'
        and {{ comparable_value('enrichments.field_name', 'enrichments.new_value') }}
            = {{ comparable_value('enrichments.field_name', 'enrichments.value_before') }}
    union all
    select
        checks.source_system, checks.entity_type, checks.record_id, checks.field_name, checks.verified_at, checks.method,
        case
            when checks.outcome in ('confirmed', 'valid', 'ok', 'confirmé', 'valide') then 'confirmed'
            when checks.outcome in ('refuted', 'invalid', 'bounced', 'wrong', 'infirmé', 'invalide', 'erroné') then 'refuted'
        end,
        checks.checked_value is not null, checks.extracted_at
    from checks
    left join {{ ref('int_crm_values') }} as crm_values
        on checks.source_system = crm_values.source_system
            and checks.entity_type = crm_values.entity_type
            and checks.record_id = crm_values.record_id
            and checks.field_name = crm_values.field_name
    where (checks.checked_value is null and not checks.is_inherited)
        or {{ comparable_value('checks.field_name', 'checks.checked_value') }}
            = {{ comparable_value('checks.field_name', 'crm_values.field_value') }}
),

-- Of a record that was merged away only what stood in the surviving one as well may speak for it.
inherited as (
    select
        changes.source_system, changes.entity_type, merged_records.final_id as record_id, changes.field_name,
        changes.changed_at as verified_at, 'merged_record' as method, 'confirmed' as outcome, true as is_about_value,
        changes.extracted_at
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join merged_records
        on changes.source_system = merged_records.source_system
            and changes.entity_type = merged_records.entity_type
            and changes.record_id = merged_records.merged_id
    inner join {{ ref('int_crm_values') }} as crm_values
        on changes.source_system = crm_values.source_system
            and changes.entity_type = crm_values.entity_type
            and merged_records.final_id = crm_values.record_id
            and changes.field_name = crm_values.field_name
            and {{ comparable_value('changes.field_name', 'changes.new_value') }}
                = {{ comparable_value('changes.field_name', 'crm_values.field_value') }}
    where changes.is_human
)

select * from events where outcome is not null and verified_at < {{ as_of_at() }}
union all
select * from inherited where verified_at < {{ as_of_at() }}
