-- One row per record and field whose value was another one in an earlier export: when exports first showed the present one.
-- It tells that something was written, not by whom: the third-best evidence, for sources that keep no history. An empty cell that
-- was filled replaced nothing, and a number that is only written another way is the same one.
{%- set fields = {'email': 'email_normalised', 'phone': 'phone', 'job_title': 'job_title', 'company': 'company_name', 'lead_source': 'origin_channel'} %}
with versions as (
    select
        'hubspot' as source_system, 'contact' as entity_type, contact_id as record_id, seen_from,
        {{ fields.values() | join(', ') }}
    from {{ ref('stg_hubspot__contact_version') }}
    union all
    select source_system, {{ person_entity_type('source_entity') }}, lead_id, seen_from, {{ fields.values() | join(', ') }}
    from {{ ref('stg_canonical__lead_version') }}
),

compared as (
    select
        source_system, entity_type, record_id, seen_from,
        row_number() over (partition by source_system, entity_type, record_id order by seen_from) as version_no,
        {%- for name, column in fields.items() %}
        {%- set comparable = comparable_value("'" ~ name ~ "'", column) %}
        {{ comparable }} as {{ column }},
        lag({{ comparable }}) over (partition by source_system, entity_type, record_id order by seen_from) as {{ column }}_before
        {{- ',' if not loop.last }}
        {%- endfor %}
    from versions
)

{% for name, column in fields.items() -%}
select source_system, entity_type, record_id, '{{ name }}' as field_name, max(seen_from) as changed_at,
    max(case when {{ column }}_before is not null then seen_from end) as replaced_at
from compared
where version_no > 1 and {{ column }} is not null and coalesce({{ column }}_before, '') <> {{ column }}
    and seen_from < {{ as_of_at() }}
group by source_system, entity_type, record_id
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
