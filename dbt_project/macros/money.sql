{# A total of amounts that may be in several currencies: converted when every amount has a rate, else in their own currency
   when it is one, else NULL. Where `converted` is NULL there is no rate. #}
{% macro total_amount(amount, converted, currency) -%}
    cast(case
        when count({{ amount }}) = count({{ converted }}) then sum({{ converted }})
        when count(distinct case when {{ amount }} is not null then coalesce({{ currency }}, 'unknown') end) = 1 then sum({{ amount }})
    end as decimal(18, 2))
{%- endmacro %}

{# The currency of `total_amount`. #}
{% macro total_currency(amount, converted, currency) -%}
    case
        when count({{ amount }}) = 0 then null
        when count({{ amount }}) = count({{ converted }}) then (select reporting_currency from {{ source('tandem', 'night') }})
        when count(distinct case when {{ amount }} is not null then coalesce({{ currency }}, 'unknown') end) = 1
            then max(case when {{ amount }} is not null then coalesce({{ currency }}, 'unknown') end)
    end
{%- endmacro %}
