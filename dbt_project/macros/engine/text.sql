{% macro regexp_replace_all(column, pattern, replacement) -%}
    {{ adapter.dispatch('regexp_replace_all', 'tandem')(column, pattern, replacement) }}
{%- endmacro %}

{% macro duckdb__regexp_replace_all(column, pattern, replacement) -%}
    regexp_replace({{ column }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__regexp_replace_all(column, pattern, replacement) -%}
    regexp_replace({{ column }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{# Whether the whole text matches. #}
{% macro matches_fully(column, pattern) -%}{{ adapter.dispatch('matches_fully', 'tandem')(column, pattern) }}{%- endmacro %}

{% macro duckdb__matches_fully(column, pattern) -%}
    regexp_full_match({{ column }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_fully(column, pattern) -%}
    ({{ column }} rlike '^({{ pattern }})$')
{%- endmacro %}

{# Every run of characters that are neither letters nor digits of any script becomes one space. #}
{% macro words_only(column) -%}{{ adapter.dispatch('words_only', 'tandem')(column) }}{%- endmacro %}

{% macro duckdb__words_only(column) -%}
    trim(regexp_replace({{ column }}, '[^\p{L}\p{N}]+', ' ', 'g'))
{%- endmacro %}

{% macro spark__words_only(column) -%}
    trim(regexp_replace({{ column }}, '[^\\p{L}\\p{N}]+', ' '))
{%- endmacro %}

{# Latin small letters without their accents; any other character stays. #}
{% macro without_accents(column) -%}{{ adapter.dispatch('without_accents', 'tandem')(column) }}{%- endmacro %}

{# What DuckDB's strip_accents knows of them too; it knows those of other scripts besides, so it has no say in such texts. #}
{% macro accented_letters() -%}
    àáâãäåçèéêëìíîïñòóôõöùúûüýÿāăąćĉċčďēĕėęěĝğġģĥĩīĭįĵķĺļľńņňōŏőŕŗřśŝşšţťũūŭůűųŵŷźżž
{%- endmacro %}

{% macro duckdb__without_accents(column) -%}
    {#- `translate` builds its table anew for each row: it takes ten times as long. -#}
    case
        when regexp_full_match({{ column }}, '[ -~{{ accented_letters() }}]*') then strip_accents({{ column }})
        else {{ spark__without_accents(column) }}
    end
{%- endmacro %}

{% macro spark__without_accents(column) -%}
    translate(
        {{ column }},
        '{{ accented_letters() }}ſøđłħıŧð',
        'aaaaaaceeeeiiiinooooouuuuyyaaaccccdeeeeegggghiiiijklllnnnooorrrssssttuuuuuuwyzzzsodlhitd'
    )
{%- endmacro %}

{# A text that is one of a few words: where the engine can, kept as the word's number, which is read as the word. #}
{% macro word_of(column, words) -%}{{ adapter.dispatch('word_of', 'tandem')(column, words) }}{%- endmacro %}
{% macro duckdb__word_of(column, words) -%}cast({{ column }} as enum('{{ words | join("', '") }}')){%- endmacro %}
{% macro spark__word_of(column, words) -%}cast({{ column }} as string){%- endmacro %}
