-- One row per opportunity and instant at which successive exports show that it changed, came or went.
-- A closing counts from the vendor's own closing date, and states seen open after it are superseded.
with mapped as (
    select
        versions.*,
        coalesce(of_pipeline.event, of_any.event, 'entered') in ('won', 'lost', 'no_decision') as is_closed
    from {{ ref('int_opportunity_row_versions') }} as versions
    {{ join_stage_meaning(ref('int_opportunity_stages_mapped'), 'versions', 'cast(versions.seen_from as date)') }}
),

extracts as (
    select
        source_system,
        entity,
        extracted_at,
        min(case when is_complete then extracted_at end) over (
            partition by source_system, entity order by extracted_at rows between 1 following and unbounded following
        ) as next_extracted_at
    from {{ source('tandem', 'feed_extract') }}
),

followed as (
    select
        mapped.*,
        extracts.next_extracted_at as absent_from,
        lead(mapped.seen_from) over (partition by mapped.opportunity_key order by mapped.seen_from) as next_seen_from
    from mapped
    left join extracts
        on mapped.source_system = extracts.source_system
            and mapped.entity = extracts.entity
            and mapped.seen_to = extracts.extracted_at
),

-- Closed states without an open one between them are one closing, whose date may have been mended.
runs as (
    select
        *,
        count(case when not is_closed then 1 end) over (partition by opportunity_key order by seen_from) as run_no
    from followed
),

dated as (
    select
        *,
        case
            when is_closed and not is_gone and last_closed_at < last_seen_from and last_closed_at >= created_at
                then last_closed_at
            else seen_from
        end as candidate_at
    from (
        select
            *,
            first_value(closed_at) over (
                partition by opportunity_key, run_no, is_closed order by seen_from desc
            ) as last_closed_at,
            first_value(seen_from) over (
                partition by opportunity_key, run_no, is_closed order by seen_from desc
            ) as last_seen_from
        from runs
    ) as closings
),

-- The next complete extract of the feed lacks it, and it is not seen again before that one.
departures as (
    select opportunity_key, absent_from as observed_at
    from followed
    where absent_from is not null and coalesce(next_seen_from > absent_from, true)
)

select
    opportunity_key,
    min(candidate_at) over (
        partition by opportunity_key order by seen_from rows between current row and unbounded following
    ) as observed_at,
    seen_from,
    is_gone,
    pipeline,
    vendor_stage,
    amount,
    currency,
    close_on,
    forecast_category,
    owner_id
from dated
union all
select opportunity_key, observed_at, observed_at, true, null, null, null, null, null, null, null
from departures
