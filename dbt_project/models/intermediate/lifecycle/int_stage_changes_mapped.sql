-- One row per stage or status that a record took, in the words of the joint funnel: by the meaning that the stage had that day in
-- the record's pipeline, else in pipelines without a meaning of their own; HubSpot's own deal stages say whether they close.
with ends as (
    select 'won' as event union all select 'lost' union all select 'no_decision' union all select 'rejected'
    union all select 'disqualified' union all select 'recycled'
),

meant as (
    select
        changes.source_system,
        changes.source_entity,
        changes.record_type,
        changes.record_id,
        coalesce(
            of_pipeline.stage,
            of_any.stage,
            case when hubspot.is_won then 'customer' when hubspot.stage_id is not null then 'sqo' end
        ) as stage,
        coalesce(
            of_pipeline.event,
            of_any.event,
            case
                when hubspot.is_won then 'won'
                when hubspot.is_closed then 'lost'
                when hubspot.stage_id is not null then 'entered'
            end
        ) as event,
        coalesce(changes.reason_text, of_pipeline.reason_code, of_any.reason_code) as reason_text,
        case when of_pipeline.stage is not null then of_pipeline.motion else of_any.motion end as motion,
        changes.changed_at,
        changes.closed_at,
        -- Until a record closes its close date is an expectation, and one after the export that shows the end still is.
        coalesce(cast(changes.closed_at as date) <= cast(changes.changed_at as date), false) as has_close_date,
        changes.recorded_at,
        changes.actor_id,
        changes.is_imputed,
        changes.is_first_sight,
        changes.earlier_recorded_at
    from {{ ref('int_stage_changes_unioned') }} as changes
    left join {{ ref('int_stage_map_versioned') }} as of_pipeline
        on changes.source_system = of_pipeline.source_system
            and changes.record_type = of_pipeline.record_type
            and changes.vendor_stage = of_pipeline.vendor_stage
            and changes.pipeline = of_pipeline.pipeline
            and coalesce(of_pipeline.valid_from <= cast(changes.changed_at as date), true)
            and coalesce(of_pipeline.valid_to > cast(changes.changed_at as date), true)
    left join {{ ref('int_stage_map_versioned') }} as of_any
        on changes.source_system = of_any.source_system
            and changes.record_type = of_any.record_type
            and changes.vendor_stage = of_any.vendor_stage
            and of_any.pipeline is null
            and coalesce(of_any.valid_from <= cast(changes.changed_at as date), true)
            and coalesce(of_any.valid_to > cast(changes.changed_at as date), true)
    left join {{ ref('stg_hubspot_connector__deal_pipeline_stage') }} as hubspot
        on changes.source_system = 'hubspot_connector'
            and changes.record_type = 'opportunity'
            and changes.vendor_stage = hubspot.stage_id
    where changes.changed_at is not null
)

select
    meant.source_system,
    meant.source_entity,
    meant.record_type,
    meant.record_id,
    meant.stage,
    meant.event,
    ends.event is not null as is_end,
    case when meant.has_close_date and ends.event is not null then meant.closed_at else meant.changed_at end as occurred_at,
    meant.recorded_at,
    meant.actor_id,
    case when ends.event is not null then {{ reason_code('meant.reason_text', 'reasons.reason_code') }} end as reason_code,
    meant.motion,
    meant.is_imputed and not (ends.event is not null and meant.has_close_date) as is_imputed,
    meant.is_first_sight and not (ends.event is not null and meant.has_close_date) as is_undated,
    meant.earlier_recorded_at
from meant
left join ends on meant.event = ends.event
left join {{ ref('reason_codes') }} as reasons on {{ channel_lookup_key('meant.reason_text') }} = reasons.source_value
where meant.stage is not null
