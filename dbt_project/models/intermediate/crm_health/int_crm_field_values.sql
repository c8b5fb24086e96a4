-- One row per CRM record and field that the stewardship contract names: filled, valid, and as of when it was verified.
-- Values themselves stay in staging.
{% set email_pattern = "[^@ ]+@[^@ ]+[.][^@ ]+" %}
with field_values as (
    {%- for field in ['email_normalised as email', 'phone as phone', 'job_title as job_title', 'industry as industry', 'company_name as company'] %}
    {%- set column, name = field.split(' as ') %}
    select
        'salesforce' as source_system, 'lead' as entity_type, lead_id as record_id, '{{ name }}' as field_name,
        {{ column }} is not null as is_filled,
        {{ matches_fully(column, email_pattern) if name == 'email' else 'true' }} as is_valid,
        created_at
    from {{ ref('stg_salesforce__lead') }}
    union all
    {%- endfor %}
    {%- for field in ['email_normalised as email', 'phone as phone', 'job_title as job_title', 'company_name as company'] %}
    {%- set column, name = field.split(' as ') %}
    select
        'hubspot', 'contact', contact_id, '{{ name }}', {{ column }} is not null,
        {{ matches_fully(column, email_pattern) if name == 'email' else 'true' }}, created_at
    from {{ ref('stg_hubspot__contacts') }}
    union all
    {%- endfor %}
    {%- for field in ['email_normalised as email', 'job_title as job_title', 'company_name as company'] %}
    {%- set column, name = field.split(' as ') %}
    select 'hubspot_connector', 'contact', contact_id, '{{ name }}', {{ column }} is not null, true, created_at
    from {{ ref('stg_hubspot_connector__contact') }}
    union all
    {%- endfor %}
    select 'hubspot', 'company', company_id, 'domain', domain is not null, true, created_at
    from {{ ref('stg_hubspot__companies') }}
    union all
    select 'hubspot', 'company', company_id, 'industry', industry is not null, true, created_at
    from {{ ref('stg_hubspot__companies') }}
),

last_human_changes as (
    select source_system, entity_type, record_id, field_name, max(changed_at) as changed_at
    from {{ ref('int_field_changes_unioned') }}
    where is_human and changed_at < {{ as_of_at() }}
    group by source_system, entity_type, record_id, field_name
),

tracked_fields as (
    select distinct source_system, entity_type, field_name
    from {{ ref('int_field_changes_unioned') }}
),

judged as (
    select
        field_values.source_system,
        field_values.entity_type,
        field_values.record_id,
        field_values.field_name,
        field_rule.steward_team,
        field_rule.sla_days,
        field_values.is_filled,
        coalesce(field_values.is_valid, true) as is_valid,
        tracked_fields.field_name is not null as has_history,
        -- Where a field's history is kept and tells of no change, the value dates from the record's creation.
        case
            when tracked_fields.field_name is not null
                then coalesce(last_human_changes.changed_at, field_values.created_at)
        end as last_verified_at
    from field_values
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on field_values.entity_type = field_rule.entity_type
            and field_values.field_name = field_rule.field_name
    left join tracked_fields
        on field_values.source_system = tracked_fields.source_system
            and field_values.entity_type = tracked_fields.entity_type
            and field_values.field_name = tracked_fields.field_name
    left join last_human_changes
        on field_values.source_system = last_human_changes.source_system
            and field_values.entity_type = last_human_changes.entity_type
            and field_values.record_id = last_human_changes.record_id
            and field_values.field_name = last_human_changes.field_name
)

select
    *,
    case
        when not is_filled then 'missing'
        when not is_valid then 'invalid'
        when last_verified_at is null then 'not_judgeable'
        when {{ days_between('last_verified_at', as_of_at()) }} > sla_days then 'stale'
        else 'fresh'
    end as status
from judged
