-- One row per cohort-lagged objective and day: the share of what earlier stage entries let expect in the period, by that day.
-- Entries of the stage before: those before the period as they came, those in it at the pace of the 90 days before.
with lagged as (
    select
        objective_id, period_first, period_last,
        case
            when numerator like 'won%' then 'sqo'
            else 'mql'
        end as from_stage,
        case
            when numerator like 'won%' then 'won'
            when numerator like 'sqo%' then 'sqo'
            when numerator like 'sql%' then 'sql'
            when numerator like 'sal%' then 'sal'
        end as to_stage
    from {{ source('tandem', 'objective') }}
    where pacing = 'cohort_lagged'
),

steps as (
    select 'sqo' as from_stage, 'won' as to_stage, sqo_at as entered_at, won_at as reached_at, has_imputed_stage,
        has_dates_out_of_order
    from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'mql', 'sqo', mql_at, sqo_at, has_imputed_stage, has_dates_out_of_order from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'mql', 'sql', mql_at, sql_at, has_imputed_stage, has_dates_out_of_order from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'mql', 'sal', mql_at, sal_at, has_imputed_stage, has_dates_out_of_order from {{ ref('rpt_lead_to_revenue') }}
),

dated as (
    select
        lagged.objective_id,
        lagged.period_first,
        {{ business_day('steps.entered_at') }} as entered_on,
        {{ business_day('steps.reached_at') }} as reached_on,
        not steps.has_imputed_stage and not steps.has_dates_out_of_order as is_timed
    from lagged
    inner join steps on lagged.from_stage = steps.from_stage and lagged.to_stage = steps.to_stage
    where steps.entered_at is not null
),

-- Learnt from entries that had a year before the period began: a younger one would show only its short lags.
lags as (
    select
        objective_id,
        {{ date_diff_days('entered_on', 'reached_on') }} as lag_days,
        count(*) as n
    from dated
    where is_timed and reached_on is not null and reached_on < period_first
        and {{ date_diff_days('entered_on', 'period_first') }} >= 365
    group by objective_id, {{ date_diff_days('entered_on', 'reached_on') }}
),

entries as (
    select objective_id, entered_on, cast(count(*) as double) as n
    from dated
    where entered_on < period_first and {{ date_diff_days('entered_on', 'period_first') }} <= 400
    group by objective_id, entered_on
    union all
    select days.objective_id, days.pacing_date, cast(pace.n as double) / 90
    from {{ ref('int_objective_days') }} as days
    inner join (
        select objective_id, count(*) as n
        from dated
        where entered_on < period_first and {{ date_diff_days('entered_on', 'period_first') }} <= 90
        group by objective_id
    ) as pace on days.objective_id = pace.objective_id
),

expected as (
    select
        days.objective_id,
        days.pacing_date,
        sum(entries.n * lags.n) as expected_that_day
    from {{ ref('int_objective_days') }} as days
    inner join lags on days.objective_id = lags.objective_id
    inner join entries
        on days.objective_id = entries.objective_id
            and entries.entered_on = {{ add_days('days.pacing_date', '-lags.lag_days') }}
    group by days.objective_id, days.pacing_date
)

select
    objective_id,
    pacing_date,
    sum(expected_that_day) over (
        partition by objective_id order by pacing_date rows between unbounded preceding and current row
    ) / sum(expected_that_day) over (partition by objective_id) as lagged_share
from expected
