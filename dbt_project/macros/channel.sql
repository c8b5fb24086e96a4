{# Fold what vendors vary in a channel's name, so that channel_map needs each name once. #}
{% macro channel_lookup_key(column) -%}
    trim({{ regexp_replace_all("lower(trim(" ~ column ~ "))", "[-_ ]+", " ") }})
{%- endmacro %}
