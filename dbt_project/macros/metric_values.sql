{# Every simple metric of the semantic layer that stands on one of these marts, counted by day: its own measure, its own time.
   What a metric is stands beside its mart and nowhere else; the graph is read when the model is compiled. #}
{% macro metric_values(marts) -%}
    {%- if not execute -%}
    select cast(null as string) as metric, cast(null as date) as metric_date, cast(null as string) as channel,
        cast(null as string) as source_system, cast(null as string) as currency, cast(null as decimal(18, 4)) as metric_value
    {%- else -%}
    {%- set measures = {} -%}
    {%- for semantic in graph.semantic_models.values() -%}
        {%- set mart = semantic.model.split("'")[1] -%}
        {%- if mart in marts -%}
            {%- for measure in semantic.measures if measure.agg == 'sum' and not measure.non_additive_dimension -%}
                {%- do measures.update({measure.name: {'mart': mart, 'semantic': semantic, 'measure': measure}}) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for metric in graph.metrics.values() | sort(attribute='name')
        if metric.type == 'simple' and not metric.filter and metric.type_params.measure.name in measures %}
    {%- set found = measures[metric.type_params.measure.name] -%}
    {%- set dimensions = {} -%}
    {%- for dimension in found.semantic.dimensions -%}
        {%- do dimensions.update({dimension.name: dimension.expr or dimension.name}) -%}
    {%- endfor -%}
    {%- set time = found.measure.agg_time_dimension or found.semantic.defaults.agg_time_dimension -%}
    {%- if not loop.first %}
    union all
    {% endif %}
    select
        '{{ metric.name }}' as metric,
        cast({{ dimensions[time] }} as date) as metric_date,
        {% for name in ('channel', 'source_system', 'currency') -%}
        {{ dimensions[name] if name in dimensions else 'cast(null as string)' }} as {{ name }},
        {% endfor -%}
        cast(sum({{ found.measure.expr }}) as decimal(18, 4)) as metric_value
    from {{ ref(found.mart) }}
    where {{ dimensions[time] }} is not null
    {%- if 'segment' in dimensions %} and {{ dimensions['segment'] }} = 'all'{% endif %}
    group by cast({{ dimensions[time] }} as date)
        {%- for name in ('channel', 'source_system', 'currency') if name in dimensions %}, {{ dimensions[name] }}{% endfor %}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
