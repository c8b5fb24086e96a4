{# Of the rows that share a key the last by these columns; a file may hold one record twice. #}
{% macro last_row_per(relation, key, order_by) -%}
select ranked.*
from (
    select
        {{ relation }}.*,
        row_number() over (
            partition by {{ key | join(', ') }}
            order by {% for column in order_by %}{{ column }} desc nulls last{% if not loop.last %}, {% endif %}{% endfor %}
        ) as row_rank
    from {{ relation }}
) as ranked
where ranked.row_rank = 1
{%- endmacro %}
