-- One row per Salesforce opportunity with the times at which it entered its stages, from its own history.
with stages as (
    select
        record_id as opportunity_id,
        stage,
        event,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from {{ ref('int_stage_changes_mapped') }}
    where source_system = 'salesforce' and record_type = 'opportunity'
    group by record_id, stage, event
)

select
    opportunity_id,
    min(case when event = 'entered' and stage in ('sqo', 'customer') then first_at end) as sqo_at,
    max(case when event = 'won' then last_at end) as won_at,
    max(case when event = 'lost' then last_at end) as lost_at
from stages
group by opportunity_id
