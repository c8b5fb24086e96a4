with answers as (
    select survey_on, team, item_id, is_yes from {{ ref('stg_alignment_survey__answers') }} where is_yes is not null
    union all
    select survey_on, 'all', item_id, is_yes from {{ ref('stg_alignment_survey__answers') }} where is_yes is not null
),

counted as (
    select survey_on, team, item_id, count(*) as n_answers, count(case when is_yes then 1 end) as n_yes
    from answers
    group by survey_on, team, item_id
),

-- Of fewer than five people one could tell who said what: also by taking the other teams away from all.
told as (
    select
        *,
        n_answers >= 5 and (team = 'all' or n_hidden = 0 or n_hidden >= 5) as is_told
    from (
        select
            *,
            sum(case when team <> 'all' and n_answers < 5 then n_answers else 0 end) over (partition by survey_on, item_id) as n_hidden
        from counted
    ) as hidden
)

select
    survey_on,
    team,
    item_id,
    n_answers,
    case when is_told then n_yes end as n_yes,
    case when is_told then {{ ratio('n_yes', 'n_answers') }} end as yes_rate,
    case when is_told then {{ wilson_bound('n_yes', 'n_answers', -1) }} end as ci_low,
    case when is_told then {{ wilson_bound('n_yes', 'n_answers', 1) }} end as ci_high,
    {{ as_of_day() }} as as_of
from told
where survey_on <= {{ as_of_day() }}
