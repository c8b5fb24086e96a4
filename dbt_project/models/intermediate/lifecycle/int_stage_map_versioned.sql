-- One row per stage name of a source, pipeline and period, and what it means in the joint funnel: the company's own seed first,
-- else the profile's. A row without a pipeline holds for every pipeline that has no row of its own.
with own as (
    select
        source_system, record_type, vendor_stage, stage, event, reason_code, nullif(trim(pipeline), '') as pipeline,
        nullif(trim(motion), '') as motion, valid_from, valid_to
    from {{ ref('stage_map') }}
),

own_in_general as (
    select distinct source_system, record_type, vendor_stage from own where pipeline is null
)

select source_system, record_type, vendor_stage, stage, event, reason_code, pipeline, motion, valid_from, valid_to from own
union all
select
    profiles.source_system, profiles.record_type, profiles.vendor_stage, profiles.stage, profiles.event, profiles.reason_code,
    null, null, null, null
from {{ source('tandem', 'profile_stage') }} as profiles
left join own_in_general as own
    on profiles.source_system = own.source_system
        and profiles.record_type = own.record_type
        and profiles.vendor_stage = own.vendor_stage
where own.source_system is null
