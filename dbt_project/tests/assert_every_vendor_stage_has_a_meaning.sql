-- A stage name that nobody explained counts as an open qualified opportunity: say what it means in seeds/stage_map.csv.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'stg_canonical__deal'}}}) }}
select deals.source_system, deals.vendor_stage, count(*) as n_deals
from {{ ref('stg_canonical__deal') }} as deals
left join {{ ref('int_stage_map_unioned') }} as stage_map
    on deals.source_system = stage_map.source_system
        and stage_map.record_type = 'opportunity'
        and deals.vendor_stage = stage_map.vendor_stage
where stage_map.stage is null
group by deals.source_system, deals.vendor_stage
