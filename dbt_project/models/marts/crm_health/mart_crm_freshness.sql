with open_pipeline as (
    select people.source_system, people.source_id, sum(opportunities.amount) as amount
    from {{ ref('int_opportunities_unioned') }} as opportunities
    inner join {{ ref('int_people_identified') }} as people on opportunities.person_key = people.person_key
    where opportunities.outcome = 'open' and opportunities.amount is not null
    group by people.source_system, people.source_id
),

counted as (
    select
        field_values.entity_type,
        field_values.field_name,
        field_values.steward_team,
        count(*) as n_records,
        count(*) as n_required,
        count(*) filter (where field_values.status = 'fresh') as n_fresh,
        count(*) filter (where field_values.status = 'stale') as n_stale,
        count(*) filter (where field_values.status = 'missing') as n_missing,
        count(*) filter (where field_values.status = 'invalid') as n_invalid,
        count(*) filter (where field_values.status = 'conflict') as n_conflict,
        count(*) filter (where field_values.status = 'not_judgeable') as n_not_judgeable,
        sum(case when field_values.status in ('stale', 'missing', 'invalid') then open_pipeline.amount end) as pipeline_at_stake
    from {{ ref('int_crm_field_values') }} as field_values
    left join open_pipeline
        on field_values.source_system = open_pipeline.source_system
            and field_values.record_id = open_pipeline.source_id
            and field_values.entity_type <> 'company'
    group by field_values.entity_type, field_values.field_name, field_values.steward_team
)

select
    entity_type,
    field_name,
    steward_team,
    n_records,
    n_required,
    n_fresh,
    n_stale,
    n_missing,
    n_invalid,
    n_conflict,
    n_not_judgeable,
    {{ ratio('n_fresh', 'n_fresh + n_stale') }} as freshness_rate,
    {{ ratio('n_required - n_missing', 'n_required') }} as completeness_rate,
    cast(coalesce(pipeline_at_stake, 0) as decimal(18, 2)) as pipeline_at_stake,
    {{ as_of_day() }} as as_of
from counted
