with counted as (
    select
        judged.entity_type,
        judged.field_name,
        count(*) as n_records,
        count(*) filter (where is_required) as n_required,
        count(*) filter (where is_required and status = 'fresh') as n_fresh,
        count(*) filter (where is_required and status = 'stale') as n_stale,
        count(*) filter (where is_required and status = 'missing') as n_missing,
        count(*) filter (where is_required and status = 'invalid') as n_invalid,
        count(*) filter (where is_required and status = 'conflict') as n_conflict,
        count(*) filter (where is_required and status = 'not_judgeable') as n_not_judgeable,
        -- Decimals add up to the same in any order.
        cast(sum(case when is_required
            then cast({{ probability_valid('status', 'last_verified_at', 'decay.daily_rate') }} as decimal(38, 12)) end) as double)
            as expected_valid
    from {{ ref('int_crm_field_values') }} as judged
    left join {{ ref('int_field_decay') }} as decay
        on judged.entity_type = decay.entity_type and judged.field_name = decay.field_name
    group by judged.entity_type, judged.field_name
),

-- Two records of one person stand for the same opportunities: they count once.
at_stake as (
    select entity_type, field_name, sum(open_pipeline) as pipeline_at_stake
    from (
        select distinct entity_type, field_name, subject_key, open_pipeline
        from {{ ref('int_crm_field_values') }}
        where is_required and status in ('stale', 'missing', 'invalid', 'conflict') and open_pipeline > 0
    ) as subjects
    group by entity_type, field_name
)

select
    counted.entity_type,
    counted.field_name,
    field_rule.steward_team,
    counted.n_records,
    counted.n_required,
    counted.n_fresh,
    counted.n_stale,
    counted.n_missing,
    counted.n_invalid,
    counted.n_conflict,
    counted.n_not_judgeable,
    {{ ratio('counted.n_fresh', 'counted.n_fresh + counted.n_stale') }} as freshness_rate,
    {{ ratio('counted.n_required - counted.n_missing', 'counted.n_required') }} as completeness_rate,
    {{ ratio('counted.expected_valid', 'counted.n_required - counted.n_not_judgeable') }} as expected_valid_rate,
    decay.annual_decay as annual_decay_rate,
    decay.annual_decay_prior as annual_decay_prior_rate,
    cast(coalesce(decay.n_looks, 0) as bigint) as n_looks,
    cast(coalesce(at_stake.pipeline_at_stake, 0) as decimal(18, 2)) as pipeline_at_stake,
    {{ as_of_day() }} as as_of
from counted
inner join {{ source('tandem', 'field_rule') }} as field_rule
    on counted.entity_type = field_rule.entity_type and counted.field_name = field_rule.field_name
left join at_stake
    on counted.entity_type = at_stake.entity_type and counted.field_name = at_stake.field_name
left join {{ ref('int_field_decay') }} as decay
    on counted.entity_type = decay.entity_type and counted.field_name = decay.field_name
