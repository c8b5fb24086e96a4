with surveys as (
    select
        item_id, survey_on, n_answers, yes_rate,
        row_number() over (partition by item_id order by survey_on desc) as place
    from {{ ref('fct_alignment_survey') }}
    where team = 'all'
)

-- Two kinds of knowledge side by side: nothing here is the difference of the two.
select
    barometer.item_id,
    barometer.wording_en,
    barometer.wording_fr,
    barometer.base as declared_base,
    barometer.declared_value,
    barometer.ci_low as declared_ci_low,
    barometer.ci_high as declared_ci_high,
    barometer.source_note,
    barometer.counterpart_metric as measured_figure,
    cast(measured.measured_value as double) as measured_value,
    measured.unit as measured_unit,
    surveys.survey_on,
    surveys.n_answers as survey_answers,
    surveys.yes_rate as survey_rate,
    {{ as_of_day() }} as as_of
from {{ ref('barometer_2026') }} as barometer
left join {{ ref('int_measured_counterparts') }} as measured on barometer.counterpart_metric = measured.counterpart
left join surveys on barometer.item_id = surveys.item_id and surveys.place = 1
