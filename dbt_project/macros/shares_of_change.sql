{# What each of four factors of a product contributes to its change: the mean over all orders in which they may change (Shapley).
   The four parts add up to the change whatever the order, and a factor that did not change contributes nothing. #}
{% macro share_of_change(factor, others) -%}
    {%- set before = [] -%}{%- set after = [] -%}
    {%- for other in others -%}{%- do before.append(other ~ '_before') -%}{%- do after.append(other ~ '_now') -%}{%- endfor -%}
    (({{ factor }}_now - {{ factor }}_before) * (
        ({{ before | join(' * ') }} + {{ after | join(' * ') }}) / 4.0
        + (
            {%- for one in range(3) %}
            {%- set two = (one + 1) % 3 -%}{%- set three = (one + 2) % 3 %}
            {{ after[one] }} * {{ before[two] }} * {{ before[three] }} + {{ before[one] }} * {{ after[two] }} * {{ after[three] }}
            {%- if not loop.last %} +{% endif %}
            {%- endfor %}
        ) / 12.0
    ))
{%- endmacro %}
