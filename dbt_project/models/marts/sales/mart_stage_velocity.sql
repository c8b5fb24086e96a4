-- Kaplan-Meier: of all that entered a stage, after how many days half had left it for the next stage or for good, what is
-- still there counted for as long as it was seen. `converted_p50_days` is another question: of those that reach the next
-- stage within its horizon, after how many days half had done so (cumulative incidence with competing ends).
with stays as (
    select * from {{ ref('int_stage_ages') }}
),

kinds as (
    select from_stage, to_stage, channel, source_system, pipeline, max(horizon_days) as horizon_days, count(*) as n_stays
    from stays
    group by from_stage, to_stage, channel, source_system, pipeline
),

-- To which groups stays of a kind belong. A group has a number, because each stay is sorted by it, several times.
-- Stages of opportunities carry their source's own names, which add up to nothing over sources.
memberships as (
    select
        *,
        dense_rank() over (order by from_stage, to_stage, segment) as group_no,
        sum(n_stays) over (partition by from_stage, to_stage, segment) as n_in_group
    from ({{ segments('kinds', ['channel', 'source_system', 'pipeline']) }}) as all_segments
    where segment <> 'all' or to_stage <> 'any'
),

exits as (
    select
        memberships.group_no,
        stays.days,
        max(memberships.n_in_group) as n_in_group,
        max(memberships.horizon_days) as horizon_days,
        count(*) as n_stays,
        count(case when not stays.is_censored then 1 end) as n_exits,
        count(case when stays.is_converted then 1 end) as n_conversions
    from stays
    inner join memberships
        on stays.from_stage = memberships.from_stage
            and stays.to_stage = memberships.to_stage
            and stays.channel is not distinct from memberships.channel
            and stays.source_system is not distinct from memberships.source_system
            and stays.pipeline is not distinct from memberships.pipeline
    group by memberships.group_no, stays.days
),

at_risk as (
    select
        *,
        n_in_group - coalesce(
            sum(n_stays) over (partition by group_no order by days rows between unbounded preceding and 1 preceding), 0
        ) as n_at_risk
    from exits
),

-- When all leave that are left, nothing remains and no later exit exists: its logarithm is not asked for.
factors as (
    select
        *,
        case when n_exits < n_at_risk then ln(1 - cast(n_exits as double) / n_at_risk) else cast(0 as double) end as log_factor
    from at_risk
),

survival as (
    select
        *,
        case
            when n_exits = n_at_risk then cast(0 as double)
            else exp(sum(log_factor) over (
                partition by group_no order by days rows between unbounded preceding and current row
            ))
        end as share_left,
        exp(coalesce(
            sum(log_factor) over (partition by group_no order by days rows between unbounded preceding and 1 preceding), 0
        )) as share_before
    from factors
),

incidence as (
    select
        *,
        sum(share_before * n_conversions / n_at_risk) over (
            partition by group_no order by days rows between unbounded preceding and current row
        ) as share_converted
    from survival
),

horizons as (
    select
        *,
        max(case when days <= horizon_days then share_converted end) over (partition by group_no) as share_converted_in_horizon
    from incidence
),

group_names as (
    select distinct group_no, from_stage, to_stage, segment from memberships
)

-- The shares are products of fractions: a hair of tolerance keeps an exact half a half.
select
    group_names.from_stage,
    group_names.to_stage,
    group_names.segment,
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
inner join group_names on horizons.group_no = group_names.group_no
group by group_names.from_stage, group_names.to_stage, group_names.segment
