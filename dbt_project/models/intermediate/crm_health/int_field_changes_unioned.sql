-- One row per change of a field that a source's history tells, with who made it. Only a person's change, or the person's own
-- form, says that somebody looked; what a source is not known for counts as a sync.
with changes as (
    select
        'salesforce' as source_system, 'lead' as entity_type, history.lead_id as record_id, history.field_name,
        history.changed_at, nullif(trim(history.new_value), '') as new_value, true as tells_values,
        case when users.is_human then 'person' else 'sync' end as actor, history.extracted_at
    from {{ ref('stg_salesforce__lead_history') }} as history
    left join {{ ref('stg_salesforce__user') }} as users on history.actor_id = users.user_id
    {%- for entity in ['contact', 'company', 'deal'] %}
    union all
    select
        'hubspot_connector', '{{ entity }}', history.record_id, {{ canonical_field_name('history.field_name') }},
        history.changed_at, history.new_value, true, coalesce(change_sources.actor, 'sync'), history.extracted_at
    from {{ ref('stg_hubspot_connector__' ~ entity ~ '_property_history') }} as history
    left join {{ ref('change_sources') }} as change_sources
        on change_sources.source_system = 'hubspot_connector'
            and lower(history.change_source) = change_sources.change_source
    {%- endfor %}
    union all
    select
        source_system, entity_type, record_id, {{ canonical_field_name('field_name') }}, changed_at, new_value,
        new_value is not null, case when is_human then 'person' else 'sync' end, extracted_at
    from {{ ref('stg_canonical__field_change') }}
)

select
    source_system,
    entity_type,
    record_id,
    field_name,
    changed_at,
    new_value,
    actor,
    actor in ('person', 'own_form') as is_human,
    -- Who empties a field has verified nothing of what stands there later.
    tells_values and new_value is null as is_cleared,
    extracted_at
from changes
