-- One row per CRM record and field of the field contract that its source can hold: the value, NULL when it is empty.
-- Addresses and numbers of people stand here in clear, so nothing of it may leave the candidate.
{%- set person_fields = {'email': 'email_normalised', 'phone': 'phone', 'job_title': 'job_title', 'company': 'company_name', 'lead_source': 'origin_channel'} %}
{%- set company_fields = {'domain': 'domain', 'industry': 'industry'} %}
{%- set vendor_relations = [
    ('salesforce', 'lead', 'stg_salesforce__lead', 'lead_id', dict(person_fields, industry='industry')),
    ('hubspot', 'contact', 'stg_hubspot__contacts', 'contact_id', person_fields),
    ('hubspot_connector', 'contact', 'stg_hubspot_connector__contact', 'contact_id',
     {'email': 'email_normalised', 'job_title': 'job_title', 'company': 'company_name'}),
    ('hubspot', 'company', 'stg_hubspot__companies', 'company_id', company_fields),
    ('hubspot_connector', 'company', 'stg_hubspot_connector__company', 'company_id', {'industry': 'industry'}),
] %}
{#- What a profile maps: canonical column by column, under the names of the canonical entities. #}
{%- set canonical_relations = [
    ('stg_canonical__lead', 'lead_id', person_entity_type('records.source_entity'),
     {'email': ('email', 'email_normalised'), 'phone': ('phone', 'phone'), 'job_title': ('job_title', 'job_title'),
      'company': ('company_name', 'company_name'), 'lead_source': ('origin_channel', 'origin_channel')}),
    ('stg_canonical__account', 'account_id', "'company'", {'domain': ('domain', 'domain'), 'industry': ('industry', 'industry')}),
] %}
with crm_values as (
    {%- for source_system, entity_type, relation, id, fields in vendor_relations %}
    {%- for name, column in fields.items() %}
    select
        '{{ source_system }}' as source_system, '{{ entity_type }}' as entity_type, {{ id }} as record_id,
        '{{ name }}' as field_name, {{ filled_value(column) }} as field_value
    from {{ ref(relation) }}
    union all
    {%- endfor %}
    {%- endfor %}
    {%- for relation, id, entity_type, fields in canonical_relations %}
    {%- set outer_loop = loop %}
    {%- for name, (canonical_column, column) in fields.items() %}
    select records.source_system, {{ entity_type }}, records.{{ id }}, '{{ name }}', {{ filled_value('records.' ~ column) }}
    from {{ ref(relation) }} as records
    inner join {{ source('tandem', 'profile_field') }} as profile_field
        on records.source_system = profile_field.source_system
            and records.source_entity = profile_field.source_entity
            and profile_field.canonical_column = '{{ canonical_column }}'
    {{ 'union all' if not (loop.last and outer_loop.last) }}
    {%- endfor %}
    {%- endfor %}
)

select crm_values.*, field_rule.rule_no
from crm_values
inner join {{ source('tandem', 'field_rule') }} as field_rule
    on crm_values.entity_type = field_rule.entity_type and crm_values.field_name = field_rule.field_name
