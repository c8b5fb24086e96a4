{# The code of a reason's text: as seeds/reason_codes.csv maps it, else other. A text that only repeats the end is no reason. #}
{% macro reason_code(text, mapped) -%}
    case
        when {{ mapped }} is not null then {{ mapped }}
        when {{ text }} is null or trim({{ text }}) = '' then null
        when {{ channel_lookup_key(text) }} in ('won', 'lost', 'closed lost', 'no decision', 'rejected', 'disqualified', 'recycled') then null
        else 'other'
    end
{%- endmacro %}
