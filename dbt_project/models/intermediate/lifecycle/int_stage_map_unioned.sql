-- One row per stage name of a source and what it means in the joint funnel: the company's own seed first, else the profile's.
with own as (
    select source_system, record_type, vendor_stage, stage, event, reason_code from {{ ref('stage_map') }}
)

select source_system, record_type, vendor_stage, stage, event, reason_code from own
union all
select profiles.source_system, profiles.record_type, profiles.vendor_stage, profiles.stage, profiles.event, profiles.reason_code
from {{ source('tandem', 'profile_stage') }} as profiles
left join own
    on profiles.source_system = own.source_system
        and profiles.record_type = own.record_type
        and profiles.vendor_stage = own.vendor_stage
where own.source_system is null
