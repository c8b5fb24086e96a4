-- One row per person, spell and stage reached; a skipped stage gets the next stage's time and is marked imputed.
with reached as (
    select
        entered.person_key,
        entered.spell_no,
        stages.stage_order,
        min(entered.occurred_at) as occurred_at,
        min(entered.recorded_at) as recorded_at,
        min(entered.source_system) as source_system,
        bool_and(entered.is_imputed) as is_imputed
    from {{ ref('int_person_stages_entered') }} as entered
    inner join {{ ref('stages') }} as stages on entered.stage = stages.stage
    where entered.event in ('entered', 'won')
    group by entered.person_key, entered.spell_no, stages.stage_order
),

furthest as (
    select person_key, spell_no, max(stage_order) as last_stage_order
    from reached
    group by person_key, spell_no
),

grid as (
    select furthest.person_key, furthest.spell_no, stages.stage, stages.stage_order
    from furthest
    inner join {{ ref('stages') }} as stages on stages.stage_order <= furthest.last_stage_order
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
    next_reached.evidence_order <> next_reached.stage_order as is_skipped
from next_reached
inner join reached
    on next_reached.person_key = reached.person_key
        and next_reached.spell_no = reached.spell_no
        and next_reached.evidence_order = reached.stage_order
