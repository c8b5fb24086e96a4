with journeys as (
    select 'sqo' as stage, 1 as stages_before_won, sqo_at as entered_at, won_at from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'sql', 2, sql_at, won_at from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'sal', 3, sal_at, won_at from {{ ref('rpt_lead_to_revenue') }}
    union all
    select 'mql', 4, mql_at, won_at from {{ ref('rpt_lead_to_revenue') }}
),

dated as (
    select
        stage,
        stages_before_won,
        {{ business_month('entered_at') }} as entry_month,
        {{ business_month('won_at') }} as won_month,
        -- Only journeys that have had a year tell how many are won and after how long.
        entered_at < {{ add_days(as_of_at(), -365) }} as is_mature
    from journeys
    where entered_at is not null and entered_at < {{ as_of_at() }}
),

conversions as (
    select stage, stages_before_won, {{ ratio('count(won_month)', 'count(*)') }} as won_share, count(won_month) as n_won
    from dated
    where is_mature
    group by stage, stages_before_won
),

lags as (
    select
        dated.stage,
        cast(extract(year from dated.won_month) * 12 + extract(month from dated.won_month)
            - extract(year from dated.entry_month) * 12 - extract(month from dated.entry_month) as integer) as lag_months,
        cast(count(*) as double) / max(conversions.n_won) as share
    from dated
    inner join conversions on dated.stage = conversions.stage
    where dated.is_mature and dated.won_month is not null and dated.won_month >= dated.entry_month
    group by
        dated.stage,
        extract(year from dated.won_month) * 12 + extract(month from dated.won_month)
            - extract(year from dated.entry_month) * 12 - extract(month from dated.entry_month)
),

-- Signatures dated before their stage would take a part of the whole away.
whole_lags as (
    select
        stage,
        lag_months,
        share / cast(sum(cast(share as decimal(38, 18))) over (partition by stage) as double) as share
    from lags
),

worth as (
    select {{ ratio('sum(won_amount)', 'sum(won)') }} as amount_per_won
    from {{ ref('mart_funnel_daily') }}
    where date_day > {{ add_days(as_of_day(), -365) }}
),

won_targets as (
    select
        pacing.objective_id,
        cast(date_trunc('month', pacing.pacing_date) as date) as won_month,
        cast(sum(cast(pacing.target_that_day as decimal(38, 8))) as double)
            / max(case when objectives.metric = 'won_amount' then worth.amount_per_won else 1.0 end) as won_target
    from {{ ref('mart_objective_pacing_daily') }} as pacing
    inner join {{ source('tandem', 'objective') }} as objectives on pacing.objective_id = objectives.objective_id
    cross join worth
    where objectives.metric in ('won_amount', 'won_count') and objectives.status = 'active' and objectives.narrowed_to = ''
    group by pacing.objective_id, cast(date_trunc('month', pacing.pacing_date) as date)
),

required as (
    select
        won_targets.objective_id,
        whole_lags.stage,
        cast({{ add_months_to('cast(won_targets.won_month as timestamp)', '-whole_lags.lag_months') }} as date) as entry_month,
        cast(sum(cast(won_targets.won_target * whole_lags.share / conversions.won_share as decimal(38, 12))) as double) as required_entries
    from won_targets
    cross join whole_lags
    inner join conversions on whole_lags.stage = conversions.stage and conversions.won_share > 0
    group by
        won_targets.objective_id, whole_lags.stage,
        cast({{ add_months_to('cast(won_targets.won_month as timestamp)', '-whole_lags.lag_months') }} as date)
    union all
    select objective_id, 'won', won_month, won_target from won_targets
),

entered as (
    select cast(date_trunc('month', date_day) as date) as entry_month, sum(mqls) as mql, sum(sals) as sal, sum(sqls) as sql_,
        sum(sqos) as sqo, sum(won) as won
    from {{ ref('mart_funnel_daily') }}
    group by cast(date_trunc('month', date_day) as date)
)

select
    required.objective_id,
    required.stage,
    required.entry_month,
    cast(required.required_entries as double) as required_entries,
    conversions.won_share as won_share,
    cast(case
        when required.entry_month > {{ as_of_day() }} then null
        when required.stage = 'mql' then coalesce(entered.mql, 0)
        when required.stage = 'sal' then coalesce(entered.sal, 0)
        when required.stage = 'sql' then coalesce(entered.sql_, 0)
        when required.stage = 'sqo' then coalesce(entered.sqo, 0)
        else coalesce(entered.won, 0)
    end as bigint) as actual_entries,
    {{ as_of_day() }} as as_of
from required
left join conversions on required.stage = conversions.stage
left join entered on required.entry_month = entered.entry_month
