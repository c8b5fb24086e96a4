{# A UTC time's calendar day in the business time zone. #}
{% macro business_day(column) -%}{{ adapter.dispatch('business_day', 'tandem')(column) }}{%- endmacro %}

{% macro duckdb__business_day(column) -%}
    cast(timezone({{ night('business_timezone') }}, timezone('UTC', {{ column }})) as date)
{%- endmacro %}

{% macro spark__business_day(column) -%}
    to_date(from_utc_timestamp({{ column }}, {{ night('business_timezone') }}))
{%- endmacro %}

{% macro business_month(column) -%}
    cast(date_trunc('month', {{ business_day(column) }}) as date)
{%- endmacro %}

{# Days from one time to another, with fractions. #}
{% macro days_between(earlier, later) -%}{{ adapter.dispatch('days_between', 'tandem')(earlier, later) }}{%- endmacro %}

{% macro duckdb__days_between(earlier, later) -%}
    ((epoch({{ later }}) - epoch({{ earlier }})) / 86400.0)
{%- endmacro %}

{% macro spark__days_between(earlier, later) -%}
    ((unix_micros({{ later }}) - unix_micros({{ earlier }})) / cast(86400000000 as double))
{%- endmacro %}

{% macro add_days(column, days) -%}{{ adapter.dispatch('add_days', 'tandem')(column, days) }}{%- endmacro %}

{% macro duckdb__add_days(column, days) -%}
    ({{ column }} + to_days(cast({{ days }} as integer)))
{%- endmacro %}

{% macro spark__add_days(column, days) -%}
    ({{ column }} + make_dt_interval(cast({{ days }} as int)))
{%- endmacro %}

{# First day of the month after a date. #}
{% macro next_month(column) -%}{{ adapter.dispatch('next_month', 'tandem')(column) }}{%- endmacro %}

{% macro duckdb__next_month(column) -%}
    cast({{ column }} + interval 1 month as date)
{%- endmacro %}

{% macro spark__next_month(column) -%}
    add_months({{ column }}, 1)
{%- endmacro %}

{# One row per day, both ends included: a relation with the column `day`. #}
{% macro day_series(first, last) -%}{{ adapter.dispatch('day_series', 'tandem')(first, last) }}{%- endmacro %}

{% macro duckdb__day_series(first, last) -%}
    (select cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day)) as date) as day)
{%- endmacro %}

{% macro spark__day_series(first, last) -%}
    (select explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as day)
{%- endmacro %}

{% macro iso_week(column) -%}{{ adapter.dispatch('iso_week', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__iso_week(column) -%}cast(week({{ column }}) as integer){%- endmacro %}
{% macro spark__iso_week(column) -%}weekofyear({{ column }}){%- endmacro %}

{% macro iso_weekday(column) -%}{{ adapter.dispatch('iso_weekday', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__iso_weekday(column) -%}cast(isodow({{ column }}) as integer){%- endmacro %}
{% macro spark__iso_weekday(column) -%}(weekday({{ column }}) + 1){%- endmacro %}

{# The UTC time of a text that counts milliseconds since 1970. #}
{% macro time_of_milliseconds(column) -%}{{ adapter.dispatch('time_of_milliseconds', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__time_of_milliseconds(column) -%}make_timestamp(1000 * try_cast({{ column }} as bigint)){%- endmacro %}
{% macro spark__time_of_milliseconds(column) -%}timestamp_millis(try_cast({{ column }} as bigint)){%- endmacro %}

{# A text as a time: milliseconds since 1970, else as it is written. #}
{% macro time_of_text(column) -%}
    coalesce({{ time_of_milliseconds(column) }}, try_cast({{ column }} as timestamp))
{%- endmacro %}

{# In a select list: one row per day from the first to the last, none when the last is earlier. #}
{% macro explode_days(first, last) -%}{{ adapter.dispatch('explode_days', 'tandem')(first, last) }}{%- endmacro %}

{% macro duckdb__explode_days(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day)) as date)
{%- endmacro %}

{% macro spark__explode_days(first, last) -%}
    explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}, interval 1 day) else array() end)
{%- endmacro %}

{# A time some calendar months later. #}
{% macro add_months_to(column, months) -%}{{ adapter.dispatch('add_months_to', 'tandem')(column, months) }}{%- endmacro %}

{% macro duckdb__add_months_to(column, months) -%}
    ({{ column }} + to_months({{ months }}))
{%- endmacro %}

{% macro spark__add_months_to(column, months) -%}
    ({{ column }} + make_ym_interval(0, {{ months }}))
{%- endmacro %}

{# Whole days from one date to another. #}
{% macro date_diff_days(earlier, later) -%}{{ adapter.dispatch('date_diff_days', 'tandem')(earlier, later) }}{%- endmacro %}
{% macro duckdb__date_diff_days(earlier, later) -%}cast({{ later }} - {{ earlier }} as integer){%- endmacro %}
{% macro spark__date_diff_days(earlier, later) -%}datediff({{ later }}, {{ earlier }}){%- endmacro %}
