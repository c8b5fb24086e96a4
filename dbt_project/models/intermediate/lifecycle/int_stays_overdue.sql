-- One row per spell or opportunity version that has been in its present stage for more than twice the time in which 95 % of the
-- ended stays there ended: nobody will close it, so it awaits a no_decision. A hint, never an end. An inquiry awaits no decision.
with stays as (
    select *, {{ days_between('occurred_at', 'exited_at') }} as days
    from {{ ref('int_stage_stays') }}
    where stage <> 'inquiry'
),

limits as (
    select entity_type, stage, 2 * {{ quantile('days', 0.95) }} as limit_days
    from stays
    where days >= 0 and not is_imputed
    group by entity_type, stage
    having count(*) >= 20
)

select stays.entity_type, stays.entity_key, stays.spell_no, max(limits.limit_days) as limit_days
from stays
inner join limits on stays.entity_type = limits.entity_type and stays.stage = limits.stage
where stays.exited_at is null and {{ days_between('stays.occurred_at', as_of_at()) }} > limits.limit_days
group by stays.entity_type, stays.entity_key, stays.spell_no
