with rules as (
    select field_rule.rule_no, field_rule.entity_type, field_rule.field_name, field_rule.steward_team, decay.daily_rate
    from {{ source('tandem', 'field_rule') }} as field_rule
    left join {{ ref('int_field_decay') }} as decay
        on field_rule.entity_type = decay.entity_type and field_rule.field_name = decay.field_name
),

counted as (
    select
        judged.rule_no,
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
            then cast({{ probability_valid('status', 'last_verified_at', 'rules.daily_rate') }} as decimal(38, 12)) end) as double)
            as expected_valid
    from {{ ref('int_crm_verdicts') }} as judged
    inner join rules on judged.rule_no = rules.rule_no
    group by judged.rule_no
),

-- Two records of one person stand for the same opportunities: they count once.
at_stake as (
    select rule_no, sum(open_pipeline) as pipeline_at_stake
    from (
        select distinct judged.rule_no, records.subject_key, records.open_pipeline
        from {{ ref('int_crm_verdicts') }} as judged
        inner join {{ ref('int_crm_records') }} as records on judged.record_no = records.record_no
        where judged.is_required and judged.status in ('stale', 'missing', 'invalid', 'conflict') and records.open_pipeline > 0
    ) as subjects
    group by rule_no
)

select
    rules.entity_type,
    rules.field_name,
    rules.steward_team,
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
inner join rules on counted.rule_no = rules.rule_no
left join at_stake on counted.rule_no = at_stake.rule_no
left join {{ ref('int_field_decay') }} as decay
    on rules.entity_type = decay.entity_type and rules.field_name = decay.field_name
