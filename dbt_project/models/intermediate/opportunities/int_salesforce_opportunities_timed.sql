-- One row per Salesforce opportunity with the times at which it entered its stages, from its own history.
with stages as (
    select
        history.opportunity_id,
        stage_map.event,
        min(history.changed_at) as first_at,
        max(history.changed_at) as last_at
    from {{ ref('stg_salesforce__opportunity_history') }} as history
    inner join {{ ref('int_stage_map_unioned') }} as stage_map
        on stage_map.source_system = 'salesforce'
            and stage_map.record_type = 'opportunity'
            and history.vendor_stage = stage_map.vendor_stage
    group by history.opportunity_id, stage_map.event
)

select
    opportunity_id,
    min(case when event = 'entered' then first_at end) as sqo_at,
    max(case when event = 'won' then last_at end) as won_at,
    max(case when event = 'lost' then last_at end) as lost_at
from stages
group by opportunity_id
