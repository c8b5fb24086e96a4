-- One row per stage name of a source's opportunities with its meaning: stage of the joint funnel and event.
select source_system, vendor_stage, stage, event
from {{ ref('int_stage_map_unioned') }}
where record_type = 'opportunity'
union all
select
    'hubspot_connector',
    stage_id,
    case when is_won then 'customer' else 'sqo' end,
    case when is_won then 'won' when is_closed then 'lost' else 'entered' end
from {{ ref('stg_hubspot_connector__deal_pipeline_stage') }}
