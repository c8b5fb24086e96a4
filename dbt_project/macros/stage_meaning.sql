{# Two joins that say what a record's stage meant on a day: `of_pipeline` in the record's pipeline, `of_any` where that has
   no meaning of its own. `stages` has one row per stage name, pipeline (NULL: in general) and period. #}
{% macro join_stage_meaning(stages, record, day) -%}
    {%- for alias in ['of_pipeline', 'of_any'] %}
    left join {{ stages }} as {{ alias }}
        on {{ record }}.source_system = {{ alias }}.source_system
            and {{ record }}.vendor_stage = {{ alias }}.vendor_stage
            {%- if alias == 'of_pipeline' %}
            and {{ record }}.pipeline = {{ alias }}.pipeline
            {%- else %}
            and {{ alias }}.pipeline is null
            {%- endif %}
            and coalesce({{ alias }}.valid_from <= {{ day }}, true)
            and coalesce({{ alias }}.valid_to > {{ day }}, true)
    {%- endfor %}
{%- endmacro %}
