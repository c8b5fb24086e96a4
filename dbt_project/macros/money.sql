{# A total of amounts that may be in several currencies: converted when every amount has a rate, else in their own currency
   when it is one, else NULL. Where `converted` is NULL there is no rate. #}
{% macro total_amount(amount, converted, currency) -%}
    {%- set told = "case when " ~ amount ~ " is not null then coalesce(" ~ currency ~ ", 'unknown') end" -%}
    cast(case
        when count({{ amount }}) = count({{ converted }}) then sum({{ converted }})
        when min({{ told }}) = max({{ told }}) then sum({{ amount }})
    end as decimal(18, 2))
{%- endmacro %}

{# The currency of `total_amount`. #}
{% macro total_currency(amount, converted, currency) -%}
    {%- set told = "case when " ~ amount ~ " is not null then coalesce(" ~ currency ~ ", 'unknown') end" -%}
    case
        when count({{ amount }}) = 0 then null
        when count({{ amount }}) = count({{ converted }}) then {{ night('reporting_currency') }}
        when min({{ told }}) = max({{ told }}) then max({{ told }})
    end
{%- endmacro %}
