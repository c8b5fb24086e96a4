{# What the night's one row says in a column: as_of, as_of_at, business_timezone, reporting_currency. #}
{% macro night(column) -%}{{ adapter.dispatch('night', 'tandem')(column) }}{%- endmacro %}

{% macro duckdb__night(column) -%}
    (select {{ column }} from {{ source('tandem', 'night') }})
{%- endmacro %}

{# Spark reads the row once and calls it a variable: a subquery in a join's condition may be asked before it is answered. #}
{% macro spark__night(column) -%}
    {%- do source('tandem', 'night') -%} night_{{ column }}
{%- endmacro %}
