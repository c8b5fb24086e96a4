{# Business time by an equi-join: `join_business_time` finds the piece of a calendar in which a time lies, `worked_by` says how
   many microseconds had been worked by then. Minutes between two times are the difference of the two. #}
{% macro join_business_time(alias, calendar, instant) -%}
    left join {{ source('tandem', 'business_time_piece') }} as {{ alias }}
        on {{ calendar }} = {{ alias }}.calendar
            and cast({{ instant }} as date) = {{ alias }}.utc_day
            and {{ instant }} >= {{ alias }}.starts_at
            and {{ instant }} < {{ alias }}.ends_at
{%- endmacro %}

{% macro worked_by(alias, instant) -%}
    ({{ alias }}.worked_before
        + case when {{ alias }}.is_open then {{ microseconds_between(alias ~ '.starts_at', instant) }} else 0 end)
{%- endmacro %}
