{# Whole microseconds from one time to another. #}
{% macro microseconds_between(earlier, later) -%}{{ adapter.dispatch('microseconds_between', 'tandem')(earlier, later) }}{%- endmacro %}
{% macro duckdb__microseconds_between(earlier, later) -%}(epoch_us({{ later }}) - epoch_us({{ earlier }})){%- endmacro %}
{% macro spark__microseconds_between(earlier, later) -%}(unix_micros({{ later }}) - unix_micros({{ earlier }})){%- endmacro %}
