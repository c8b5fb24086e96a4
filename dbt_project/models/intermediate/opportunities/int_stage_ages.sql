-- One row per stay in a stage and thing it is measured by, with its length in days: of a journey between two stages of the
-- funnel, and of an opportunity in a stage of its source. `is_censored`: still there at as_of. What is imputed has no length.
with journeys as (
    select
        person_key, spell_no, channel, source_system,
        coalesce(lost_at, recycled_at) as ended_at
    from {{ ref('rpt_lead_to_revenue') }}
    where not has_dates_out_of_order
),

journey_stays as (
    select
        transitions.from_stage,
        transitions.to_stage,
        transitions.horizon_days,
        journeys.channel,
        journeys.source_system,
        cast(null as string) as pipeline,
        entered.occurred_at as entered_at,
        reached.occurred_at is not null as is_converted,
        coalesce(reached.occurred_at, journeys.ended_at) as exited_at
    from {{ ref('int_person_stages_completed') }} as entered
    inner join {{ ref('funnel_transitions') }} as transitions on entered.stage = transitions.from_stage
    inner join journeys on entered.person_key = journeys.person_key and entered.spell_no = journeys.spell_no
    left join {{ ref('int_person_stages_completed') }} as reached
        on entered.person_key = reached.person_key
            and entered.spell_no = reached.spell_no
            and transitions.to_stage = reached.stage
    where not entered.is_imputed and not coalesce(reached.is_imputed, false)
),

sales_states as (
    select
        versions.opportunity_key,
        versions.source_system,
        versions.valid_from,
        versions.valid_to,
        versions.vendor_stage,
        versions.is_open,
        records.pipeline,
        records.is_created_imputed and versions.version_no = 1 as is_undated,
        case
            when versions.vendor_stage is distinct from lag(versions.vendor_stage) over lives
                or versions.is_open is distinct from lag(versions.is_open) over lives
                then 1
            else 0
        end as is_entry
    from {{ ref('int_opportunity_versions') }} as versions
    inner join {{ ref('int_opportunity_records') }} as records on versions.opportunity_key = records.opportunity_key
    window lives as (partition by versions.opportunity_key order by versions.valid_from)
),

sales_numbered as (
    select *, sum(is_entry) over (partition by opportunity_key order by valid_from) as stay_no
    from sales_states
),

sales_stays as (
    select
        vendor_stage as from_stage,
        'any' as to_stage,
        cast(null as integer) as horizon_days,
        cast(null as string) as channel,
        source_system,
        pipeline,
        min(valid_from) as entered_at,
        true as is_converted,
        case when max(case when valid_to is null then 1 else 0 end) = 0 then max(valid_to) end as exited_at
    from sales_numbered
    where is_open and vendor_stage is not null
    group by opportunity_key, stay_no, vendor_stage, source_system, pipeline
    having max(case when is_undated then 1 else 0 end) = 0
),

stays as (
    select * from journey_stays
    union all
    select * from sales_stays
),

measured as (
    select
        stays.*,
        exited_at is null as is_censored,
        {{ days_between('entered_at', "coalesce(exited_at, " ~ as_of_at() ~ ")") }} as days
    from stays
)

select
    from_stage,
    to_stage,
    horizon_days,
    channel,
    source_system,
    pipeline,
    is_censored,
    is_converted and not is_censored as is_converted,
    days
from measured
where days >= 0
