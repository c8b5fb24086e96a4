with stage_entries as (
    {%- for stage, column in [('inquiry', 'inquiry_at'), ('mql', 'mql_at'), ('sal', 'sal_at'), ('sql', 'sql_at'), ('sqo', 'sqo_at'), ('customer', 'won_at')] %}
    select person_key, spell_no, channel, '{{ stage }}' as stage, {{ column }} as entered_at
    from {{ ref('rpt_lead_to_revenue') }}
    where {{ column }} is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

ends as (
    select person_key, spell_no, coalesce(lost_at, recycled_at) as ended_at
    from {{ ref('rpt_lead_to_revenue') }}
),

pairs as (
    select
        {{ business_month('entries.entered_at') }} as cohort_month,
        transitions.from_stage,
        transitions.to_stage,
        transitions.horizon_days,
        entries.channel,
        entries.entered_at,
        reached.entered_at as reached_at,
        ends.ended_at,
        {{ add_days('entries.entered_at', 'transitions.horizon_days') }} as horizon_at
    from stage_entries as entries
    inner join {{ ref('funnel_transitions') }} as transitions on entries.stage = transitions.from_stage
    inner join ends on entries.person_key = ends.person_key and entries.spell_no = ends.spell_no
    left join stage_entries as reached
        on entries.person_key = reached.person_key
            and entries.spell_no = reached.spell_no
            and transitions.to_stage = reached.stage
),

judged as (
    select
        pairs.*,
        coalesce(reached_at <= horizon_at, false) as is_converted,
        -- Still able to convert within the horizon: neither there, nor gone, nor out of time.
        not coalesce(reached_at <= horizon_at, false)
            and not coalesce(ended_at <= horizon_at, false)
            and horizon_at > {{ as_of_at() }} as is_pending,
        not coalesce(reached_at <= horizon_at, false)
            and not coalesce(ended_at <= horizon_at, false)
            and horizon_at <= {{ as_of_at() }} as is_at_risk_at_horizon
    from pairs
),

segmented as (
    select 'all' as segment, judged.* from judged
    union all
    select 'channel=' || channel, judged.* from judged
),

counted as (
    select
        cohort_month,
        from_stage,
        to_stage,
        segment,
        horizon_days,
        count(*) as n_entered,
        count(*) filter (where is_converted) as n_converted,
        count(*) filter (where is_pending) as n_pending,
        count(*) filter (where is_at_risk_at_horizon) as n_at_risk
    from segmented
    group by cohort_month, from_stage, to_stage, segment, horizon_days
),

matured as (
    select
        *,
        {{ add_days(next_month('cohort_month'), 'horizon_days') }} <= {{ as_of_at() }} as is_mature
    from counted
)

select
    cohort_month,
    from_stage,
    to_stage,
    segment,
    horizon_days,
    n_entered,
    n_converted,
    n_pending,
    case when is_mature then {{ ratio('n_converted', 'n_entered') }} end as rate_fixed_horizon,
    -- Estimated with competing risks by the science room, which this release does not have yet.
    cast(null as double) as rate_cumulative_incidence,
    case when is_mature then {{ wilson_bound('n_converted', 'n_entered', -1) }} end as ci_low,
    case when is_mature then {{ wilson_bound('n_converted', 'n_entered', 1) }} end as ci_high,
    n_at_risk,
    is_mature,
    {{ as_of_day() }} as as_of
from matured
