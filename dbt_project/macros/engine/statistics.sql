{# The exact quantile of a numeric column, interpolated between neighbours. #}
{% macro quantile(column, share) -%}{{ adapter.dispatch('quantile', 'tandem')(column, share) }}{%- endmacro %}
{% macro duckdb__quantile(column, share) -%}quantile_cont({{ column }}, {{ share }}){%- endmacro %}
{% macro spark__quantile(column, share) -%}percentile({{ column }}, {{ share }}){%- endmacro %}
