with latest as (
    select
        pacing.objective_id,
        objectives.metric,
        objectives.currency,
        objectives.period_first,
        pacing.pacing_date,
        pacing.as_of,
        objectives.period_months,
        cast({{ add_months_to('cast(objectives.period_first as timestamp)', '-objectives.period_months') }} as date) as past_first,
        cast(pacing.expected_to_date as decimal(18, 2)) as expected_to_date,
        {{ date_diff_days('objectives.period_first', 'pacing.pacing_date') }} as days_on
    from {{ ref('mart_objective_pacing_daily') }} as pacing
    inner join {{ source('tandem', 'objective') }} as objectives on pacing.objective_id = objectives.objective_id
    where objectives.metric in ('won_amount', 'won_count')
        and pacing.pacing_date = least(pacing.as_of, objectives.period_last)
        and objectives.narrowed_to = ''
),

spans as (
    select objective_id, metric, currency, 'now' as span, period_first as first_day, pacing_date as last_day from latest
    union all
    select objective_id, metric, currency, 'before', past_first, cast({{ add_days('past_first', 'days_on') }} as date) from latest
),

deals as (
    select
        {{ business_day('created_at') }} as created_on,
        {{ business_day('closed_at') }} as closed_on,
        is_closed,
        is_won,
        amount,
        currency
    from {{ ref('fct_opportunity') }}
),

counted as (
    select
        spans.objective_id,
        spans.span,
        spans.metric,
        cast(count(deals.created_on) as double) as in_play,
        cast(sum(case when deals.is_closed and deals.closed_on <= spans.last_day then 1 else 0 end) as double) as closed,
        cast(sum(case when deals.is_won and deals.closed_on <= spans.last_day then 1 else 0 end) as double) as won,
        cast(coalesce(sum(case when deals.is_won and deals.closed_on <= spans.last_day then deals.amount end), 0) as decimal(18, 2))
            as won_amount
    from spans
    left join deals
        on deals.created_on <= spans.last_day
            and (not deals.is_closed or deals.closed_on >= spans.first_day)
            and (spans.currency is null or deals.currency = spans.currency)
    group by spans.objective_id, spans.span, spans.metric
),

factors as (
    select
        objective_id,
        span,
        in_play as volume,
        coalesce(closed / nullif(in_play, 0), 0) as speed,
        coalesce(won / nullif(closed, 0), 0) as quality,
        case when metric = 'won_count' then 1.0 else coalesce(cast(won_amount as double) / nullif(won, 0), 0) end as worth,
        case when metric = 'won_count' then cast(won as decimal(18, 2)) else won_amount end as reached
    from counted
),

beside as (
    select
        latest.*,
        now_.volume as volume_now, now_.speed as speed_now, now_.quality as quality_now, now_.worth as worth_now,
        before_.volume as volume_before, before_.speed as speed_before, before_.quality as quality_before,
        before_.worth as worth_before,
        now_.reached,
        before_.reached as reached_before
    from latest
    inner join factors as now_ on latest.objective_id = now_.objective_id and now_.span = 'now'
    inner join factors as before_ on latest.objective_id = before_.objective_id and before_.span = 'before'
),

parted as (
    select
        *,
        cast({{ share_of_change('volume', ['speed', 'quality', 'worth']) }} as decimal(18, 2)) as by_volume,
        cast({{ share_of_change('speed', ['volume', 'quality', 'worth']) }} as decimal(18, 2)) as by_speed,
        cast({{ share_of_change('quality', ['volume', 'speed', 'worth']) }} as decimal(18, 2)) as by_quality
    from beside
)

select
    objective_id,
    pacing_date,
    metric,
    currency,
    expected_to_date,
    reached as actual_to_date,
    reached_before as actual_before,
    cast(reached - expected_to_date as decimal(18, 2)) as gap,
    by_volume as gap_by_volume,
    by_speed as gap_by_speed,
    by_quality as gap_by_quality,
    -- The last one takes the cents that rounding the others left, so that the parts are the gap.
    cast(reached - reached_before - by_volume - by_speed - by_quality as decimal(18, 2)) as gap_by_value,
    cast(reached_before - expected_to_date as decimal(18, 2)) as gap_by_ambition,
    volume_now, volume_before, speed_now, speed_before, quality_now, quality_before, worth_now, worth_before,
    as_of
from parted
