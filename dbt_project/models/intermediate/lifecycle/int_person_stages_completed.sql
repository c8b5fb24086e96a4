-- One row per person, spell and stage reached; a skipped stage gets the next stage's time and is marked imputed.
-- A spell that sales began has neither inquiry nor MQL.
with entries as (
    select
        steps.person_key,
        steps.spell_no,
        steps.stage_order,
        steps.is_undated,
        min(steps.occurred_at) as occurred_at,
        min(steps.recorded_at) as recorded_at,
        min(steps.source_system) as source_system,
        bool_and(steps.is_imputed) as is_imputed
    from {{ ref('int_person_steps_numbered') }} as steps
    inner join {{ ref('int_spells_classified') }} as spells
        on steps.person_key = spells.person_key and steps.spell_no = spells.spell_no
    where (steps.is_entry or steps.event = 'won')
        and (spells.stream = 'marketing_sourced' or steps.stage_order >= 3)
    group by steps.person_key, steps.spell_no, steps.stage_order, steps.is_undated
),

ranked as (
    select
        *,
        row_number() over (
            partition by person_key, spell_no, stage_order order by case when is_undated then 1 else 0 end
        ) as preference,
        min(occurred_at) over (
            partition by person_key, spell_no order by stage_order range between 1 following and unbounded following
        ) as later_stage_at
    from entries
),

-- What is only known to have happened by some day happened before a later stage that is dated.
reached as (
    select person_key, spell_no, stage_order, is_undated, occurred_at, recorded_at, source_system, is_imputed
    from ranked
    where preference = 1 and not (is_undated and coalesce(later_stage_at < occurred_at, false))
),

furthest as (
    select person_key, spell_no, max(stage_order) as last_stage_order
    from reached
    group by person_key, spell_no
),

grid as (
    select furthest.person_key, furthest.spell_no, stages.stage, stages.stage_order
    from furthest
    inner join {{ ref('int_spells_classified') }} as spells
        on furthest.person_key = spells.person_key and furthest.spell_no = spells.spell_no
    inner join {{ ref('stages') }} as stages
        on stages.stage_order <= furthest.last_stage_order
            and (spells.stream = 'marketing_sourced' or stages.stage_order >= 3)
),

next_reached as (
    select
        grid.person_key, grid.spell_no, grid.stage, grid.stage_order,
        min(reached.stage_order) as evidence_order
    from grid
    inner join reached
        on grid.person_key = reached.person_key
            and grid.spell_no = reached.spell_no
            and reached.stage_order >= grid.stage_order
    group by grid.person_key, grid.spell_no, grid.stage, grid.stage_order
)

select
    next_reached.person_key,
    next_reached.spell_no,
    next_reached.stage,
    next_reached.stage_order,
    reached.source_system,
    reached.occurred_at,
    reached.recorded_at,
    next_reached.evidence_order <> next_reached.stage_order or reached.is_imputed as is_imputed,
    next_reached.evidence_order <> next_reached.stage_order as is_skipped,
    reached.is_undated
from next_reached
inner join reached
    on next_reached.person_key = reached.person_key
        and next_reached.spell_no = reached.spell_no
        and next_reached.evidence_order = reached.stage_order
