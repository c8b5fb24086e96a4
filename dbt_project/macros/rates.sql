{% macro ratio(numerator, denominator) -%}
    case when ({{ denominator }}) > 0 then cast({{ numerator }} as double) / ({{ denominator }}) end
{%- endmacro %}

{# Wilson score interval at 95 %: bound is -1 for the lower and 1 for the upper end. #}
{% macro wilson_bound(successes, trials, bound) -%}
    {# The bounds lie in 0-1; only rounding takes them a hair beyond. #}
    case when {{ trials }} > 0 then greatest(0.0, least(1.0,
        (cast({{ successes }} as double) / {{ trials }} + 1.9207294103470936 / {{ trials }}
            + {{ bound }} * 1.959963984540054 * sqrt(
                cast({{ successes }} as double) / {{ trials }} * (1 - cast({{ successes }} as double) / {{ trials }}) / {{ trials }}
                + 0.9603647051735468 / ({{ trials }} * cast({{ trials }} as double))))
        / (1 + 3.841458820694187 / {{ trials }})))
    end
{%- endmacro %}
