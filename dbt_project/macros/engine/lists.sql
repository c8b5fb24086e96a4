{# A text without those of its words that are in an array. #}
{% macro without_words(column, words) -%}{{ adapter.dispatch('without_words', 'tandem')(column, words) }}{%- endmacro %}

{% macro duckdb__without_words(column, words) -%}
    array_to_string(list_filter(string_split({{ column }}, ' '), lambda each_word: not list_contains({{ words }}, each_word)), ' ')
{%- endmacro %}

{% macro spark__without_words(column, words) -%}
    array_join(filter(split({{ column }}, ' '), each_word -> not array_contains({{ words }}, each_word)), ' ')
{%- endmacro %}

{# The values of a column as one array: an aggregate. #}
{% macro array_of(column) -%}{{ adapter.dispatch('array_of', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__array_of(column) -%}list({{ column }}){%- endmacro %}
{% macro spark__array_of(column) -%}collect_list({{ column }}){%- endmacro %}

{# The words of a text in alphabetical order. #}
{% macro sorted_words(column) -%}{{ adapter.dispatch('sorted_words', 'tandem')(column) }}{%- endmacro %}
{% macro duckdb__sorted_words(column) -%}array_to_string(list_sort(string_split({{ column }}, ' ')), ' '){%- endmacro %}
{% macro spark__sorted_words(column) -%}array_join(array_sort(split({{ column }}, ' ')), ' '){%- endmacro %}

{# Whether two texts have a word in common. #}
{% macro share_a_word(one, other) -%}{{ adapter.dispatch('share_a_word', 'tandem')(one, other) }}{%- endmacro %}
{% macro duckdb__share_a_word(one, other) -%}
    list_has_any(string_split({{ one }}, ' '), string_split({{ other }}, ' '))
{%- endmacro %}
{% macro spark__share_a_word(one, other) -%}arrays_overlap(split({{ one }}, ' '), split({{ other }}, ' ')){%- endmacro %}

{# In a select list: one row per part of a text. The separator is one character, none that a pattern gives a meaning. #}
{% macro split_to_rows(column, separator) -%}{{ adapter.dispatch('split_to_rows', 'tandem')(column, separator) }}{%- endmacro %}
{% macro duckdb__split_to_rows(column, separator) -%}unnest(string_split({{ column }}, '{{ separator }}')){%- endmacro %}
{% macro spark__split_to_rows(column, separator) -%}explode(split({{ column }}, '{{ separator }}')){%- endmacro %}
