{# A relation's rows once for each segment to which they belong, with the column `segment`: all, or dimension=value. `dimensions`
   are columns, or pairs of a dimension's name and its column; a row without a value is in `all` alone. #}
{% macro segments(relation, dimensions) -%}
    select 'all' as segment, {{ relation }}.* from {{ relation }}
    {%- for dimension in dimensions %}
    {%- set name, column = (dimension, dimension) if dimension is string else dimension %}
    union all
    select '{{ name }}=' || {{ column }}, {{ relation }}.* from {{ relation }} where {{ column }} is not null
    {%- endfor %}
{%- endmacro %}

{# The segments of the funnel's journeys. #}
{% macro funnel_segments(relation) -%}{{ segments(relation, ['channel', 'stream', 'source_system']) }}{%- endmacro %}
