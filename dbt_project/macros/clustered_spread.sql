{# The standard deviation of incidence_reached at horizons when whole clusters (accounts) are what is drawn: the infinitesimal
   jackknife (Efron 1982), which is what the clustered bootstrap of orchestration/science/survival.py tends to, without its
   replicates and set-based on every engine. Takes the spells, aalen_johansen(..., every_day=true)
   as a relation, the relation of horizons as incidence_at_horizons does, and the column of the cluster. Gives a subquery with one
   row per group and horizon: n_clusters and spread (NULL with one cluster).

   What one spell moves the estimate by, with n at risk, d ended, S survival, F incidence: at its own end, S(t-)/n if it reached,
   less (F(h) - F(t)) / (n - d); and on every day on which it was at risk, less S(t-) d1/n^2, plus (F(h) - F(t)) d / (n (n - d)).
   Sums of decimals, so that their order has no effect. #}
{% macro clustered_spread(spells, curves, horizons, group_columns, cluster, horizon_columns=[], exit_days='exit_days', cause='cause', entry_days=none) -%}
{%- set groups = group_columns | join(', ') -%}
{%- set until_here = 'partition by ' ~ groups ~ ' order by day rows between unbounded preceding and current row' -%}
(
    with curve_steps as (
        select
            *,
            case when n_ended > 0 then survival_before * n_reached / n_at_risk / n_at_risk else cast(0 as double) end as own,
            -- When all at risk end, survival is zero and nothing moves any more.
            case
                when n_ended > 0 and n_ended < n_at_risk then cast(n_ended as double) / n_at_risk / (n_at_risk - n_ended)
                else cast(0 as double)
            end as hazard
        from {{ curves }}
    ),

    cumulated as (
        select
            {{ groups }}, day, n_at_risk, n_ended, survival_before, incidence_reached,
            sum(own) over ({{ until_here }}) as owns,
            sum(hazard) over ({{ until_here }}) as hazards,
            sum(hazard * incidence_reached) over ({{ until_here }}) as weighted
        from curve_steps
    ),

    at_horizons as (
        select
            {% for column in group_columns %}cumulated.{{ column }}, {% endfor %}horizons.horizon_days,
            max(cumulated.incidence_reached) as incidence_reached,
            max(cumulated.owns) as owns,
            max(cumulated.hazards) as hazards,
            max(cumulated.weighted) as weighted
        from cumulated
        inner join {{ horizons }} as horizons
            on {% for column in horizon_columns %}cumulated.{{ column }} = horizons.{{ column }} and {% endfor %}cumulated.day <= horizons.horizon_days
        group by {% for column in group_columns %}cumulated.{{ column }}, {% endfor %}horizons.horizon_days
    ),

    moved as (
        select
            {% for column in group_columns %}spells.{{ column }}, {% endfor %}at_horizons.horizon_days,
            spells.{{ cluster }} as cluster_key,
            case
                when spells.{{ cause }} = 0 or spells.{{ exit_days }} > at_horizons.horizon_days then cast(0 as double)
                else
                    case when spells.{{ cause }} = 1 then gone.survival_before / gone.n_at_risk else cast(0 as double) end
                    - case
                        when gone.n_ended < gone.n_at_risk
                            then (at_horizons.incidence_reached - gone.incidence_reached) / (gone.n_at_risk - gone.n_ended)
                        else cast(0 as double)
                    end
            end
            {%- for sign, factor, sum in [('-', '', 'owns'), ('+', 'at_horizons.incidence_reached * ', 'hazards'), ('-', '', 'weighted')] %}
            {{ sign }} {{ factor }}(
                case when spells.{{ exit_days }} > at_horizons.horizon_days then at_horizons.{{ sum }} else gone.{{ sum }} end
                {%- if entry_days %} - coalesce(come.{{ sum }}, 0){% endif %}
            )
            {%- endfor %} as influence
        from {{ spells }} as spells
        inner join at_horizons
            on {% for column in group_columns %}spells.{{ column }} = at_horizons.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
        inner join cumulated as gone
            on {% for column in group_columns %}spells.{{ column }} = gone.{{ column }} and {% endfor %}gone.day = spells.{{ exit_days }}
        {%- if entry_days %}
        left join cumulated as come
            on {% for column in group_columns %}spells.{{ column }} = come.{{ column }} and {% endfor %}come.day = case when spells.{{ entry_days }} > 0 then spells.{{ entry_days }} end
        where coalesce(spells.{{ entry_days }}, 0) = 0
            or (spells.{{ entry_days }} < spells.{{ exit_days }} and spells.{{ entry_days }} < at_horizons.horizon_days)
        {%- endif %}
    ),

    by_cluster as (
        select {{ groups }}, horizon_days, cluster_key, cast(sum(cast(influence as decimal(18, 15))) as double) as influence
        from moved
        group by {{ groups }}, horizon_days, cluster_key
    )

    -- Of n clusters the jackknife sees the variance around their own mean: n - 1 of n parts.
    select
        {{ groups }}, horizon_days, count(*) as n_clusters,
        case when count(*) > 1 then
            sqrt(cast(sum(cast(influence * influence as decimal(38, 30))) as double) * count(*) / (count(*) - 1))
        end as spread
    from by_cluster
    group by {{ groups }}, horizon_days
)
{%- endmacro %}

{# An end of the 95 % interval of an incidence: log(-log), with Student's t over the clusters; at 0 or 1, where nothing is
   spread, Wilson's bound for as many trials as clusters at risk. `bound` is -1 for the lower end and 1 for the upper one. #}
{% macro incidence_bound(rate, spread, n_clusters, n_at_risk, bound) -%}
    case
        when {{ spread }} is null or {{ rate }} is null then null
        when {{ rate }} > 1e-12 and {{ rate }} < 1 - 1e-12 then
            power({{ rate }}, exp({{ -bound }} * {{ t_quantile_975(n_clusters ~ ' - 1') }} * {{ spread }}
                / ({{ rate }} * abs(ln({{ rate }})))))
        {% if bound < 0 -%}
        when {{ rate }} <= 1e-12 then cast(0 as double)
        else 1 - 3.841458820694124 / (least({{ n_clusters }}, {{ n_at_risk }}) + 3.841458820694124)
        {%- else -%}
        when {{ rate }} >= 1 - 1e-12 then cast(1 as double)
        else 3.841458820694124 / (least({{ n_clusters }}, {{ n_at_risk }}) + 3.841458820694124)
        {%- endif %}
    end
{%- endmacro %}

{# Student's t at 97.5 %: closed form for 1 and 2 degrees, else the Cornish-Fisher series (Abramowitz & Stegun 26.7.5). #}
{% macro t_quantile_975(degrees) -%}
    {%- set z = 1.959963984540054 -%}
    case
        when ({{ degrees }}) = 1 then 12.706204736174698
        when ({{ degrees }}) = 2 then 4.302652729749462
        when ({{ degrees }}) > 2 then
            {{ z }} + {{ (z**3 + z) / 4 }} / ({{ degrees }})
            + {{ (5 * z**5 + 16 * z**3 + 3 * z) / 96 }} / power({{ degrees }}, 2)
            + {{ (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384 }} / power({{ degrees }}, 3)
            + {{ (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160 }} / power({{ degrees }}, 4)
    end
{%- endmacro %}
