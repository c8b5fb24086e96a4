{%- set stage_before = {'mql_count': 0, 'sal_count': 1, 'sql_count': 2, 'sqo_count': 3, 'sqo_amount': 3} %}
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
    where objectives.metric in ('won_amount', 'won_count', '{{ stage_before | join("', '") }}')
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

stages as (
    {%- for metric, stage in stage_before.items() %}
    select '{{ metric }}' as metric, {{ stage }} as stage_before{% if not loop.last %} union all{% endif %}
    {%- endfor %}
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
            as won_amount,
        cast(null as decimal(18, 2)) as reached
    from spans
    left join deals
        on deals.created_on <= spans.last_day
            and (not deals.is_closed or deals.closed_on >= spans.first_day)
            and (spans.currency is null or deals.currency = spans.currency)
    where spans.metric in ('won_amount', 'won_count')
    group by spans.objective_id, spans.span, spans.metric
    union all
    -- Of a stage: journeys in the stage before, those that left it, those that moved on, and what the metric counted.
    select
        moves.objective_id, moves.span, moves.metric, moves.in_play, moves.closed, moves.won, null,
        cast(coalesce(sum(actuals.actual_numerator), 0) as decimal(18, 2))
    from (
        select
            spans.objective_id, spans.span, spans.metric, spans.first_day, spans.last_day,
            cast(coalesce(sum(journeys.n), 0) as double) as in_play,
            cast(coalesce(sum(case when journeys.left_on <= spans.last_day then journeys.n end), 0) as double) as closed,
            cast(coalesce(sum(case when journeys.left_on <= spans.last_day and journeys.has_moved then journeys.n end), 0) as double) as won
        from spans
        inner join stages on spans.metric = stages.metric
        left join {{ ref('int_objective_journeys') }} as journeys
            on stages.stage_before = journeys.stage_no
                and journeys.entered_on <= spans.last_day
                and (journeys.left_on is null or journeys.left_on >= spans.first_day)
        group by spans.objective_id, spans.span, spans.metric, spans.first_day, spans.last_day
    ) as moves
    left join {{ ref('int_objective_actuals') }} as actuals
        on moves.objective_id = actuals.objective_id and actuals.metric_date between moves.first_day and moves.last_day
    group by moves.objective_id, moves.span, moves.metric, moves.in_play, moves.closed, moves.won
),

factors as (
    select
        objective_id,
        span,
        in_play as volume,
        coalesce(closed / nullif(in_play, 0), 0) as speed,
        coalesce(won / nullif(closed, 0), 0) as quality,
        case
            when metric = 'won_count' then 1.0
            else coalesce(cast(coalesce(reached, won_amount) as double) / nullif(won, 0), 0)
        end as worth,
        case when metric = 'won_count' then cast(won as decimal(18, 2)) else coalesce(reached, won_amount) end as reached
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
