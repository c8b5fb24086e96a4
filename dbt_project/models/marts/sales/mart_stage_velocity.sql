-- Kaplan-Meier: of all that entered a stage, after how many days half had left it for the next stage or for good, what is
-- still there counted for as long as it was seen. `converted_p50_days` is another question: of those that reach the next
-- stage within its horizon, after how many days half had done so (cumulative incidence with competing ends).
with stays as (
    select * from {{ ref('int_stage_ages') }}
),

-- Stages of opportunities carry their source's own names, which add up to nothing over sources.
segmented as (
    select all_segments.*
    from ({{ segments('stays', ['channel', 'source_system', 'pipeline']) }}) as all_segments
    where segment <> 'all' or to_stage <> 'any'
),

exits as (
    select
        from_stage,
        to_stage,
        segment,
        days,
        max(horizon_days) as horizon_days,
        count(*) as n_stays,
        count(case when not is_censored then 1 end) as n_exits,
        count(case when is_converted then 1 end) as n_conversions
    from segmented
    group by from_stage, to_stage, segment, days
),

at_risk as (
    select
        *,
        sum(n_stays) over (partition by from_stage, to_stage, segment order by days desc) as n_at_risk
    from exits
),

survival as (
    select
        *,
        -- When all leave that are left, nothing remains; no later exit exists.
        case
            when n_exits = n_at_risk then 0.0
            else exp(sum(case when n_exits < n_at_risk then ln(1 - cast(n_exits as double) / n_at_risk) else 0.0 end) over (
                partition by from_stage, to_stage, segment order by days
            ))
        end as share_left
    from at_risk
),

incidence as (
    select
        *,
        sum(share_before * n_conversions / n_at_risk) over (
            partition by from_stage, to_stage, segment order by days
        ) as share_converted
    from (
        select
            *,
            coalesce(lag(share_left) over (partition by from_stage, to_stage, segment order by days), 1.0) as share_before
        from survival
    ) as shares
),

horizons as (
    select
        *,
        max(case when days <= horizon_days then share_converted end) over (
            partition by from_stage, to_stage, segment
        ) as share_converted_in_horizon
    from incidence
)

-- The shares are products of fractions: a hair of tolerance keeps an exact half a half.
select
    from_stage,
    to_stage,
    segment,
    min(case when share_left <= 0.5 + 1e-9 then days end) as p50_days,
    min(case when share_left <= 0.25 + 1e-9 then days end) as p75_days,
    min(case when share_left <= 0.1 + 1e-9 then days end) as p90_days,
    cast(sum(n_stays) as bigint) as n,
    cast(sum(n_stays - n_exits) as bigint) as n_censored,
    cast(sum(n_conversions) as bigint) as n_converted,
    min(
        case
            when share_converted_in_horizon > 0 and share_converted >= 0.5 * share_converted_in_horizon - 1e-9 then days
        end
    ) as converted_p50_days,
    {{ as_of_day() }} as as_of
from horizons
group by from_stage, to_stage, segment
