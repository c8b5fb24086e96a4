with last_days as (
    select metric, max(metric_date) as last_data_on
    from {{ ref('int_metric_values') }}
    where metric_date <= {{ as_of_day() }}
    group by metric
),

by_mart as (
    select definitions.mart_name, max(last_days.last_data_on) as last_data_on
    from {{ source('tandem', 'metric_definition') }} as definitions
    inner join last_days on definitions.metric = last_days.metric
    group by definitions.mart_name
)

select
    definitions.metric,
    definitions.metric_type,
    definitions.label_en,
    definitions.label_fr,
    definitions.formula,
    definitions.unit,
    definitions.direction,
    definitions.owner_team,
    definitions.mart_name,
    definitions.dimensions,
    definitions.maturity_days,
    definitions.is_estimated,
    -- Marts that nothing is counted on by day are as new as the newest extract.
    coalesce(last_days.last_data_on, by_mart.last_data_on, (
        select cast(max(last_extract_at) as date) from {{ source('tandem', 'feed_status') }}
    )) as last_data_on,
    definitions.caveats,
    {{ as_of_day() }} as as_of
from {{ source('tandem', 'metric_definition') }} as definitions
left join last_days on definitions.metric = last_days.metric
left join by_mart on definitions.mart_name = by_mart.mart_name
