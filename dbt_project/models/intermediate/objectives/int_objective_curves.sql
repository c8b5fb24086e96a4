-- One row per objective and day of its period: the share of the target that is expected by its end, as its pacing says.
{#- Decimals add up to the same in any order. #}
{%- set whole = 'cast(sum(cast(total as decimal(38, 12))) as double)' -%}
{%- set came = 'cast(sum(cast(total * share_to_date as decimal(38, 12))) as double)' %}
{%- set squares = 'cast(sum(cast(total * share_to_date * share_to_date as decimal(38, 12))) as double)' %}
with reached as (
    -- Of each earlier period the share that had come when it was as far as this one is: read by weighed days, so that neither
    -- weekends nor holidays shift it. Half a day is the grain of the comparison.
    select
        days.objective_id,
        days.pacing_date,
        past.periods_back,
        past.total,
        max(past.share_to_date) as share_to_date
    from {{ ref('int_objective_days') }} as days
    inner join {{ ref('int_objective_past_shares') }} as past
        on days.objective_id = past.objective_id and past.weighed_share <= days.weighed_share + cast(0.5 as double) / days.n_days
    group by days.objective_id, days.pacing_date, past.periods_back, past.total
),

learnt as (
    -- The median of curves that never fall never falls.
    select
        objective_id,
        pacing_date,
        count(*) as n_periods,
        {{ quantile('share_to_date', 0.5) }} as seasonal_share,
        -- Large periods say more of the share than small ones.
        {{ came }} / {{ whole }} as weighed_mean,
        {{ squares }} / {{ whole }} - power({{ came }} / {{ whole }}, 2) as share_variance,
        count(*) / {{ whole }} as noise_per_event
    from reached
    group by objective_id, pacing_date
),

-- What must be there by now, so that what journeys still bring makes up the target; from now on the rest comes as they do.
lagged as (
    select
        objectives.objective_id,
        coming.pacing_date,
        case
            when coming.pacing_date <= {{ as_of_day() }}
                then 1 - coming.still_to_come / cast(objectives.target as double)
            else 1 - (1 - coalesce(done.share, 0)) * coalesce(coming.still_to_come / nullif(now_.still_to_come, 0), 0)
        end as lagged_share
    from {{ source('tandem', 'objective') }} as objectives
    inner join {{ ref('int_objective_still_to_come') }} as coming on objectives.objective_id = coming.objective_id
    -- As of the night, or of the day before a period that has not begun.
    left join {{ ref('int_objective_still_to_come') }} as now_
        on objectives.objective_id = now_.objective_id
            and now_.pacing_date = greatest({{ as_of_day() }}, {{ add_days('objectives.period_first', -1) }})
    left join (
        select
            known.objective_id,
            max(least(1.0, greatest(0.0, 1 - known.still_to_come / cast(objectives.target as double)))) as share
        from {{ ref('int_objective_still_to_come') }} as known
        inner join {{ source('tandem', 'objective') }} as objectives on known.objective_id = objectives.objective_id
        where known.pacing_date <= {{ as_of_day() }} and known.pacing_date >= objectives.period_first and objectives.target > 0
        group by known.objective_id
    ) as done on objectives.objective_id = done.objective_id
    where objectives.pacing = 'cohort_lagged' and objectives.target > 0
),

shares as (
    select
        days.*,
        objectives.pacing,
        learnt.n_periods,
        learnt.weighed_mean,
        learnt.share_variance,
        learnt.noise_per_event,
        learnt.seasonal_share,
        lagged.lagged_share,
        case
            when objectives.pacing = 'seasonal' and coalesce(max(learnt.n_periods) over (partition by days.objective_id), 0) < 3
                then 'business_days'
            when objectives.pacing = 'cohort_lagged' and max(lagged.lagged_share) over (partition by days.objective_id) is null
                then 'business_days'
            else objectives.pacing
        end as pacing_used
    from {{ ref('int_objective_days') }} as days
    inner join {{ source('tandem', 'objective') }} as objectives on days.objective_id = objectives.objective_id
    left join learnt on days.objective_id = learnt.objective_id and days.pacing_date = learnt.pacing_date
    left join lagged on days.objective_id = lagged.objective_id and days.pacing_date = lagged.pacing_date
),

chosen as (
    select
        *,
        case pacing_used
            when 'linear' then linear_share
            when 'seasonal' then seasonal_share
            when 'cohort_lagged' then lagged_share
            else business_share
        end as share
    from shares
)

select
    objective_id,
    pacing_date,
    pacing_used,
    is_business_day,
    day_no,
    business_day_no,
    business_days_left,
    linear_share,
    -- What is expected of the rest of the period does not depend on how the target was spread.
    case when coalesce(n_periods, 0) >= 3 then weighed_mean else weighed_share end as history_share,
    case when coalesce(n_periods, 0) >= 3 then share_variance else 0.01 end as share_variance,
    case when coalesce(n_periods, 0) >= 3 then noise_per_event else 0 end as noise_per_event,
    -- 0 before the first day and 1 at the end of the last, never falling between.
    case
        when lead(pacing_date) over (partition by objective_id order by pacing_date) is null then 1.0
        else least(1.0, greatest(0.0, max(share) over (
            partition by objective_id order by pacing_date rows between unbounded preceding and current row
        )))
    end as share_to_date
from chosen
