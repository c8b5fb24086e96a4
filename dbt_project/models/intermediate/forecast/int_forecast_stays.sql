-- One row per stay of an opportunity in a stage, with the day and cause (1 won, 2 otherwise, 0 still open) of its end: what
-- forecasts learn from. What closed on the day on which it was created has one stay of no length.
with endings as (
    select
        opportunity_key,
        life_no,
        max(case when is_open then 1 else 0 end) as was_open,
        max(case when is_closing then from_day end) as ended_on,
        max(case when is_closing and outcome = 'won' then 1 else 0 end) as is_won,
        max(case when is_closing and outcome = 'won' then amount end) as won_amount
    from {{ ref('int_forecast_states') }}
    group by opportunity_key, life_no
),

stays as (
    select
        opportunity_key,
        life_no,
        stay_no,
        min(from_day) as entered_on,
        case when max(case when to_day is null then 1 else 0 end) = 0 then max(to_day) end as left_on,
        min(stage) as stage
    from {{ ref('int_forecast_states') }}
    where is_open
    group by opportunity_key, life_no, stay_no
    union all
    select states.opportunity_key, states.life_no, states.stay_no, states.from_day, states.from_day, 'unknown'
    from {{ ref('int_forecast_states') }} as states
    inner join endings on states.opportunity_key = endings.opportunity_key and states.life_no = endings.life_no
    where endings.was_open = 0
)

select
    stays.opportunity_key,
    stays.life_no,
    stays.stay_no,
    entries.source_system || '/' || coalesce(entries.pipeline, '') as kind,
    entries.source_system,
    entries.pipeline,
    stays.stage,
    stays.entered_on,
    stays.left_on,
    endings.ended_on,
    case when endings.ended_on is null then 0 when endings.is_won = 1 then 1 else 2 end as cause,
    entries.amount,
    endings.won_amount,
    entries.currency
from stays
inner join endings on stays.opportunity_key = endings.opportunity_key and stays.life_no = endings.life_no
inner join {{ ref('int_forecast_states') }} as entries
    on stays.opportunity_key = entries.opportunity_key and stays.entered_on = entries.from_day
