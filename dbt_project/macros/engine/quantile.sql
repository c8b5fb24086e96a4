{# The exact quantile of a column, between two values their weighted mean. #}
{% macro quantile(column, share) -%}{{ adapter.dispatch('quantile', 'tandem')(column, share) }}{%- endmacro %}
{% macro duckdb__quantile(column, share) -%}quantile_cont({{ column }}, {{ share }}){%- endmacro %}
{% macro spark__quantile(column, share) -%}percentile({{ column }}, {{ share }}){%- endmacro %}
