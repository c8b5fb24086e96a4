with clocks as (
    select
        clocks.*,
        cast(date_trunc('week', {{ business_day('clocks.mql_at') }}) as date) as week_start,
        -- Who was never answered waits longer than anyone: a quantile that falls among them has no number.
        case when clocks.is_due then case when clocks.is_responded then clocks.business_minutes else 1e12 end end as waited,
        clocks.mql_at < {{ add_days(as_of_at(), -30) }} as has_had_30_days
    from {{ ref('fct_sla_clock') }} as clocks
    inner join (
        select distinct sla_name, obligation_id from {{ source('tandem', 'sla_obligation') }} where event = 'human_outbound'
    ) as touches
        on clocks.sla_name = touches.sla_name and clocks.obligation_id = touches.obligation_id
),

counted as (
    select
        week_start,
        team,
        tier,
        count(case when is_due then 1 end) as n_due,
        count(case when is_met then 1 end) as n_met,
        count(case when is_pending then 1 end) as n_pending,
        count(case when has_had_30_days then 1 end) as n_judged_worked,
        count(case when has_had_30_days and n_attempts = 0 and not is_responded then 1 end) as n_never_worked,
        count(case when is_due and is_followup_effective then 1 end) as n_effective,
        count(case when is_hollow then 1 end) as n_hollow,
        count(case when liability = 'sales_fault' then 1 end) as n_sales_fault,
        count(case when liability = 'marketing_fault' then 1 end) as n_marketing_fault,
        count(case when liability = 'system_fault' then 1 end) as n_system_fault,
        {{ quantile('waited', 0.5) }} as waited_p50,
        {{ quantile('waited', 0.9) }} as waited_p90,
        {{ quantile('system_minutes', 0.5) }} as system_minutes_p50
    from clocks
    group by week_start, team, tier
)

select
    week_start,
    team,
    tier,
    n_due,
    n_met,
    n_pending,
    {{ ratio('n_met', 'n_due') }} as sla_met_rate,
    {{ ratio('n_never_worked', 'n_judged_worked') }} as never_worked_rate,
    {{ ratio('n_effective', 'n_due') }} as effective_followup_rate,
    case when waited_p50 < 1e9 then cast(waited_p50 as double) end as business_minutes_p50,
    case when waited_p90 < 1e9 then cast(waited_p90 as double) end as business_minutes_p90,
    cast(system_minutes_p50 as double) as system_minutes_p50,
    n_judged_worked,
    n_never_worked,
    n_effective,
    n_hollow,
    n_sales_fault,
    n_marketing_fault,
    n_system_fault,
    {{ as_of_day() }} as as_of
from counted
