-- One row per day on which a forecast is made or made again (as_of, and every 30 days back from it) and opportunity open then
-- with an amount, as it stood at the end of that day.
with days as (
    select distinct series.day
    from {{ day_series(add_days(as_of_day(), -720), as_of_day()) }} as series
),

origins as (
    select cast(day as date) as snapshot_on
    from days
    where mod({{ date_diff_days('day', as_of_day()) }}, 30) = 0
)

select
    origins.snapshot_on,
    states.opportunity_key,
    stays.kind,
    stays.source_system,
    stays.pipeline,
    stays.stage,
    {{ date_diff_days('stays.entered_on', 'origins.snapshot_on') }} as age_days,
    states.amount,
    states.currency
from origins
inner join {{ ref('int_forecast_states') }} as states
    on states.from_day <= origins.snapshot_on and (states.to_day is null or states.to_day > origins.snapshot_on)
inner join {{ ref('int_forecast_stays') }} as stays
    on states.opportunity_key = stays.opportunity_key
        and states.life_no = stays.life_no
        and states.stay_no = stays.stay_no
where states.is_open and states.amount is not null
