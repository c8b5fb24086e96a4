{# A key of surrogate_key in the half of its room, in the same order: for models that carry many keys of many rows through a sort. #}
{% macro packed_key(column) -%}{{ adapter.dispatch('packed_key', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__packed_key(column) -%}cast({{ column }} as uuid){%- endmacro %}
{% macro spark__packed_key(column) -%}{{ column }}{%- endmacro %}

{# The key that packed_key has packed. #}
{% macro unpacked_key(column) -%}{{ adapter.dispatch('unpacked_key', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__unpacked_key(column) -%}replace(cast({{ column }} as string), '-', ''){%- endmacro %}
{% macro spark__unpacked_key(column) -%}{{ column }}{%- endmacro %}
