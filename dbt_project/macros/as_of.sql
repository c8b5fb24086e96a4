{% macro as_of_at() -%}{{ night('as_of_at') }}{%- endmacro %}

{% macro as_of_day() -%}{{ night('as_of') }}{%- endmacro %}
