-- One row per stage name of a source's opportunities, pipeline (NULL: every one without a meaning of its own) and period, with
-- its meaning: stage of the joint funnel and event. HubSpot's own stages say whether they close, where nobody says more.
select source_system, vendor_stage, pipeline, valid_from, valid_to, stage, event
from {{ ref('int_stage_map_versioned') }}
where record_type = 'opportunity'
union all
select
    'hubspot_connector',
    stages.stage_id,
    null,
    null,
    null,
    case when stages.is_won then 'customer' else 'sqo' end,
    case when stages.is_won then 'won' when stages.is_closed then 'lost' else 'entered' end
from {{ ref('stg_hubspot_connector__deal_pipeline_stage') }} as stages
left join {{ ref('int_stage_map_versioned') }} as mapped
    on mapped.source_system = 'hubspot_connector'
        and mapped.record_type = 'opportunity'
        and mapped.pipeline is null
        and stages.stage_id = mapped.vendor_stage
where mapped.vendor_stage is null
