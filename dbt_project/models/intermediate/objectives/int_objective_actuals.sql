-- One row per objective and day on which its metric has a value, over all history: numerator, and denominator of a rate.
with narrowed as (
    select
        objective_id,
        max(case when dimension = 'channel' then 1 else 0 end) = 1 as by_channel,
        max(case when dimension = 'source_system' then 1 else 0 end) = 1 as by_source
    from {{ source('tandem', 'objective_filter') }}
    group by objective_id
)

select
    objectives.objective_id,
    metrics.metric_date,
    cast(sum(case when metrics.metric = objectives.numerator then metrics.metric_value else 0 end) as decimal(18, 4)) as actual_numerator,
    cast(sum(case when metrics.metric <> objectives.numerator then metrics.metric_value else 0 end) as decimal(18, 4))
        as actual_denominator
from {{ source('tandem', 'objective') }} as objectives
inner join {{ ref('int_metric_values') }} as metrics
    on metrics.metric in (objectives.numerator, objectives.denominator)
        and (objectives.currency is null or metrics.currency is null or metrics.currency = objectives.currency)
left join narrowed on objectives.objective_id = narrowed.objective_id
left join {{ source('tandem', 'objective_filter') }} as channels
    on objectives.objective_id = channels.objective_id and channels.dimension = 'channel' and metrics.channel = channels.value
left join {{ source('tandem', 'objective_filter') }} as sources
    on objectives.objective_id = sources.objective_id
        and sources.dimension = 'source_system'
        and metrics.source_system = sources.value
where metrics.metric_date <= {{ as_of_day() }}
    and (not coalesce(narrowed.by_channel, false) or channels.value is not null)
    and (not coalesce(narrowed.by_source, false) or sources.value is not null)
group by objectives.objective_id, metrics.metric_date
