{# A relation's rows once for each segment of the funnel to which they belong, with the column `segment`: all, or dimension=value. #}
{% macro funnel_segments(relation) -%}
    select 'all' as segment, {{ relation }}.* from {{ relation }}
    {%- for dimension in ['channel', 'stream', 'source_system'] %}
    union all
    select '{{ dimension }}=' || {{ dimension }}, {{ relation }}.* from {{ relation }}
    {%- endfor %}
{%- endmacro %}
