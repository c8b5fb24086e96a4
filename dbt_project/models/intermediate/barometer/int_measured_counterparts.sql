-- One row per figure of this warehouse that stands beside a declared one: over the last 365 days where it is counted by day.
-- Sums are of decimals: a sum of floats depends on the order of the rows, and the same night must give the same figure.
with by_metric as (
    select metric, cast(sum(cast(metric_value as decimal(18, 4))) as double) as metric_value
    from {{ ref('int_metric_values') }}
    where metric_date > {{ add_days(as_of_day(), -365) }} and metric_date <= {{ as_of_day() }}
    group by metric
),

sums as (
    select
        max(case when metric = 'sal_count' then metric_value end) as sals,
        max(case when metric = 'decided_count' then metric_value end) as decided,
        max(case when metric = 'mql_count' then metric_value end) as mqls,
        max(case when metric = 'sqo_count' then metric_value end) as sqos,
        max(case when metric = 'campaign_spend' then metric_value end) as spend,
        max(case when metric = 'crm_values_fresh' then metric_value end) as fresh,
        max(case when metric = 'crm_values_stale' then metric_value end) as stale
    from by_metric
),

retention as (
    select
        cast(sum(case when metric = 'retention_mrr_retained' then cast(metric_value as decimal(18, 4)) end) as double) as retained,
        cast(sum(case when metric = 'retention_mrr_start' then cast(metric_value as decimal(18, 4)) end) as double) as started
    from {{ ref('int_metric_values') }}
),

objectives as (
    select count(*) as n_active, count(case when owner_teams like '%,%' then 1 end) as n_shared
    from {{ source('tandem', 'objective') }}
    where status = 'active'
),

activities as (
    select count(*) as n_human from {{ ref('fct_activity') }}
    where is_human and direction = 'outbound' and occurred_at >= {{ add_days(as_of_at(), -365) }}
),

reps as (
    select
        cast(count(*) as double) / nullif(count(distinct owner_key) * 52.0, 0) as mqls_per_rep_week
    from {{ ref('fct_sla_clock') }}
    where obligation_id = (select min(obligation_id) from {{ ref('fct_sla_clock') }})
        and mql_at >= {{ add_days(as_of_at(), -365) }}
),

rejections as (
    select count(*) as n_ended, count(case when reason_code is not null and reason_code <> 'rejected' then 1 end) as n_with_reason
    from {{ ref('rpt_lead_to_revenue') }}
    where outcome in ('lost', 'recycled') and coalesce(lost_at, recycled_at) >= {{ add_days(as_of_at(), -365) }}
),

direct as (
    select cast(sum(case when channel in ('direct_traffic', 'organic_search') then inquiries end) as double) as n_direct, sum(inquiries) as n_all
    from {{ ref('mart_funnel_daily') }}
    where date_day > {{ add_days(as_of_day(), -365) }}
)

select 'shared_objective_coverage' as counterpart, {{ ratio('n_shared', 'n_active') }} as measured_value, 'rate' as unit from objectives
union all
select 'sal_rate', {{ ratio('sals', 'decided') }}, 'rate' from sums
union all
select 'cost_per_mql', {{ ratio('spend', 'mqls') }}, 'money' from sums
union all
select 'crm_freshness', {{ ratio('fresh', 'fresh + stale') }}, 'rate' from sums
union all
select 'grr', {{ ratio('retained', 'started') }}, 'rate' from retention
union all
select 'attempts_per_sqo', {{ ratio('activities.n_human', 'sums.sqos') }}, 'count' from sums cross join activities
union all
select 'mqls_per_rep_week', mqls_per_rep_week, 'count' from reps
union all
select 'reason_share', {{ ratio('n_with_reason', 'n_ended') }}, 'rate' from rejections
union all
select 'direct_share', {{ ratio('n_direct', 'n_all') }}, 'rate' from direct
