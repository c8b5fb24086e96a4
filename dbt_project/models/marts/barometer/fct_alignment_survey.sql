with answers as (
    select survey_on, team, item_id, is_yes from {{ ref('stg_alignment_survey__answers') }} where is_yes is not null
    union all
    select survey_on, 'all', item_id, is_yes from {{ ref('stg_alignment_survey__answers') }} where is_yes is not null
),

counted as (
    select survey_on, team, item_id, count(*) as n_answers, count(case when is_yes then 1 end) as n_yes
    from answers
    group by survey_on, team, item_id
)

select
    survey_on,
    team,
    item_id,
    n_answers,
    -- Of fewer than five people one could tell who said what.
    case when n_answers >= 5 then n_yes end as n_yes,
    case when n_answers >= 5 then {{ ratio('n_yes', 'n_answers') }} end as yes_rate,
    case when n_answers >= 5 then {{ wilson_bound('n_yes', 'n_answers', -1) }} end as ci_low,
    case when n_answers >= 5 then {{ wilson_bound('n_yes', 'n_answers', 1) }} end as ci_high,
    {{ as_of_day() }} as as_of
from counted
where survey_on <= {{ as_of_day() }}
