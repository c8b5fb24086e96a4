{# Cumulative incidence with competing risks (Aalen & Johansen 1978) in plain windows: the same figures on every engine as
   orchestration/science/survival.py, where the columns and the risk sets are explained. The relation holds one row per spell:
   its group's columns, days until its end or the last day seen, and the cause (0 open, 1 reached, 2 terminal, 3 recycled);
   `entry_days`, when named, is the time in stage at which a spell was first observed (0 or NULL: from its start). Gives a
   subquery with one row per group and day on which a spell ended (`every_day`: or joined or left, as clustered_spread needs):
   the group's columns, day, n_at_risk, survival, incidence_reached, incidence_terminal, incidence_recycled; with `every_day`
   also n_ended, n_reached and survival_before. #}
{% macro aalen_johansen(relation, group_columns, exit_days='exit_days', cause='cause', entry_days=none, every_day=false) -%}
{%- set groups = group_columns | join(', ') -%}
{%- set until_here = 'partition by ' ~ groups ~ ' order by day rows between unbounded preceding and current row' -%}
{%- set before_here = 'partition by ' ~ groups ~ ' order by day rows between unbounded preceding and 1 preceding' -%}
(
    with alike as (
        select
            {{ groups }}, {{ exit_days }} as exit_day,
            {% if entry_days -%}
            -- Whoever was seen from the start is at risk from day 0 on; whoever was seen late, from the day after.
            case when {{ entry_days }} > 0 then {{ entry_days }} else -1 end as entry_day,
            {%- else -%}
            -1 as entry_day,
            {%- endif %}
            {{ cause }} as cause, count(*) as n
        from {{ relation }}
        {%- if entry_days %}
        where coalesce({{ entry_days }}, 0) = 0 or {{ entry_days }} < {{ exit_days }}
        {%- endif %}
        group by {{ groups }}, exit_day, entry_day, cause
    ),

    moves as (
        select
            {{ groups }}, exit_day as day, 0 as joined, n as departed,
            case when cause = 1 then n else 0 end as reached,
            case when cause = 2 then n else 0 end as terminal,
            case when cause = 3 then n else 0 end as recycled
        from alike
        union all
        select {{ groups }}, entry_day, n, 0, 0, 0, 0 from alike
    ),

    days as (
        select
            {{ groups }}, day, sum(joined) as joined, sum(departed) as departed,
            sum(reached) as reached, sum(terminal) as terminal, sum(recycled) as recycled
        from moves
        group by {{ groups }}, day
    ),

    risk_sets as (
        select
            {{ groups }}, day, reached, terminal, recycled, reached + terminal + recycled as ended,
            coalesce(sum(joined - departed) over ({{ before_here }}), 0) as n_at_risk
        from days
    ),

    -- A logarithm of zero stops the product: its day is marked instead, and survival is zero from there on.
    factors as (
        select
            *,
            case when ended > 0 and ended < n_at_risk then ln(1 - cast(ended as double) / n_at_risk) else cast(0 as double) end
                as log_factor,
            case when ended > 0 and ended >= n_at_risk then 1 else 0 end as is_emptied
        from risk_sets
    ),

    survivals as (
        select
            *,
            case when max(is_emptied) over ({{ until_here }}) = 1 then cast(0 as double)
                else exp(sum(log_factor) over ({{ until_here }})) end as survival,
            case when coalesce(max(is_emptied) over ({{ before_here }}), 0) = 1 then cast(0 as double)
                else exp(coalesce(sum(log_factor) over ({{ before_here }}), 0)) end as survival_before
        from factors
    ),

    steps as (
        select
            *,
            {%- for cause in ['reached', 'terminal', 'recycled'] %}
            case when ended > 0 then survival_before * {{ cause }} / n_at_risk else cast(0 as double) end as step_{{ cause }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from survivals
        {%- if not every_day %}
        where ended > 0
        {%- endif %}
    )

    select
        {{ groups }}, day, cast(n_at_risk as bigint) as n_at_risk, survival,
        {%- if every_day %}
        cast(ended as bigint) as n_ended, cast(reached as bigint) as n_reached, survival_before,
        {%- endif %}
        sum(step_reached) over ({{ until_here }}) as incidence_reached,
        sum(step_terminal) over ({{ until_here }}) as incidence_terminal,
        sum(step_recycled) over ({{ until_here }}) as incidence_recycled
    from steps
)
{%- endmacro %}

{# The curves of aalen_johansen(...) read at horizons: one row per spells' group and row of the relation of horizons, which has
   `horizon_days` and the columns named in horizon_columns to match the group's (a horizon for each transition, say). #}
{% macro incidence_at_horizons(spells, curves, horizons, group_columns, horizon_columns=[], exit_days='exit_days', entry_days=none) -%}
(
    with at_risk as (
        select
            {% for column in group_columns %}spells.{{ column }}, {% endfor %}horizons.horizon_days,
            count(*) as n_entered,
            cast(sum(case when spells.{{ exit_days }} >= horizons.horizon_days
                {%- if entry_days %}
                and (coalesce(spells.{{ entry_days }}, 0) = 0 or spells.{{ entry_days }} < horizons.horizon_days)
                {%- endif %} then 1 else 0 end) as bigint) as n_at_risk
        from {{ spells }} as spells
        inner join {{ horizons }} as horizons
            on {% for column in horizon_columns %}spells.{{ column }} = horizons.{{ column }} and {% endfor %}true
        group by {% for column in group_columns %}spells.{{ column }}, {% endfor %}horizons.horizon_days
    )

    -- Incidence only rises and survival only falls: the last value is the largest and the least. Sums may pass 1 by rounding.
    select
        {% for column in group_columns %}at_risk.{{ column }}, {% endfor %}at_risk.horizon_days,
        at_risk.n_entered,
        at_risk.n_at_risk,
        least(coalesce(max(curves.incidence_reached), 0), cast(1 as double)) as incidence_reached,
        least(coalesce(max(curves.incidence_terminal), 0), cast(1 as double)) as incidence_terminal,
        least(coalesce(max(curves.incidence_recycled), 0), cast(1 as double)) as incidence_recycled,
        coalesce(min(curves.survival), 1) as survival
    from at_risk
    left join {{ curves }} as curves
        on {% for column in group_columns %}at_risk.{{ column }} = curves.{{ column }} and {% endfor %}curves.day <= at_risk.horizon_days
    group by {% for column in group_columns %}at_risk.{{ column }}, {% endfor %}at_risk.horizon_days, at_risk.n_entered, at_risk.n_at_risk
)
{%- endmacro %}
