-- One row per stage name of a source: what it means at as_of in pipelines without a meaning of their own.
select source_system, record_type, vendor_stage, stage, event, reason_code
from {{ ref('int_stage_map_versioned') }}
where pipeline is null
    and (valid_from is null or valid_from <= {{ as_of_day() }})
    and (valid_to is null or valid_to > {{ as_of_day() }})
