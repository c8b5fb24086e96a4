{% macro as_of_at() -%}
    (select as_of_at from {{ source('tandem', 'night') }})
{%- endmacro %}

{% macro as_of_day() -%}
    (select as_of from {{ source('tandem', 'night') }})
{%- endmacro %}
