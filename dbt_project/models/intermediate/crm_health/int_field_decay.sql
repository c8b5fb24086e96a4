-- One row per contracted field: the rate per day at which its values become wrong, from the contract's prior and from what the
-- company's own checks found. A change is seen only when somebody looks, so it lies somewhere between two looks: exponential
-- lifetimes, interval-censored, by expectation and maximisation; the prior weighs as much as 20 changes seen.
-- Time nobody looked into counts for nothing, and where no check ever confirms, changes alone say nothing and the prior stays.
{%- set prior_changes = 20 %}
{%- set rounds = 15 %}
with priors as (
    select
        entity_type,
        field_name,
        annual_decay as annual_decay_prior,
        -ln(1 - annual_decay) / 365.25 as daily_rate
    from {{ source('tandem', 'field_rule') }}
    where annual_decay > 0
),

confirmed_fields as (
    select distinct source_system, entity_type, field_name
    from {{ ref('int_field_verifications_unioned') }}
    where outcome = 'confirmed' and method <> 'merged_record'
),

looks as (
    select source_system, entity_type, record_id, field_name, verified_at as looked_at, outcome = 'refuted' as was_wrong
    from {{ ref('int_field_verifications_unioned') }}
    where method <> 'merged_record'
    union all
    select changes.source_system, changes.entity_type, changes.record_id, changes.field_name, changes.changed_at, true
    from {{ ref('int_field_changes_unioned') }} as changes
    inner join confirmed_fields
        on changes.source_system = confirmed_fields.source_system
            and changes.entity_type = confirmed_fields.entity_type
            and changes.field_name = confirmed_fields.field_name
    where changes.is_human and not changes.is_cleared and changes.changed_at < {{ as_of_at() }}
),

intervals as (
    select
        looks.entity_type,
        looks.field_name,
        looks.was_wrong,
        {{ days_between('coalesce(lag(looks.looked_at) over (partition by looks.source_system, looks.entity_type, looks.record_id, looks.field_name order by looks.looked_at, looks.was_wrong), records.created_at)', 'looks.looked_at') }} as days
    from looks
    left join {{ ref('int_crm_records') }} as records
        on looks.source_system = records.source_system
            and looks.entity_type = records.entity_type
            and looks.record_id = records.record_id
),

-- Whole days keep it small; the half is their middle.
binned as (
    select
        entity_type,
        field_name,
        floor(days) + 0.5 as days,
        count(*) filter (where not was_wrong) as n_confirmed,
        count(*) filter (where was_wrong) as n_wrong
    from intervals
    where days > 0
    group by entity_type, field_name, floor(days)
),

rates_0 as (
    select entity_type, field_name, daily_rate from priors
)
{%- for round in range(1, rounds + 1) %},

rates_{{ round }} as (
    select
        priors.entity_type,
        priors.field_name,
        ({{ prior_changes }} + coalesce(sum(binned.n_wrong), 0)) / (
            {{ prior_changes }} / min(priors.daily_rate)
            + coalesce(sum(binned.n_confirmed * binned.days), 0)
            -- Decimals add up to the same in any order.
            + coalesce(cast(sum(cast(
                binned.n_wrong * (1 / rates.daily_rate - binned.days / (exp(rates.daily_rate * binned.days) - 1)) as decimal(38, 9)
            )) as double), 0)
        ) as daily_rate
    from priors
    inner join rates_{{ round - 1 }} as rates
        on priors.entity_type = rates.entity_type and priors.field_name = rates.field_name
    left join binned on priors.entity_type = binned.entity_type and priors.field_name = binned.field_name
    group by priors.entity_type, priors.field_name
)
{%- endfor %},

counted as (
    select entity_type, field_name, sum(n_confirmed + n_wrong) as n_looks, sum(n_wrong) as n_wrong
    from binned
    group by entity_type, field_name
)

select
    priors.entity_type,
    priors.field_name,
    priors.annual_decay_prior,
    1 - exp(-365.25 * rates.daily_rate) as annual_decay,
    rates.daily_rate,
    cast(coalesce(counted.n_looks, 0) as bigint) as n_looks,
    cast(coalesce(counted.n_wrong, 0) as bigint) as n_wrong
from priors
inner join rates_{{ rounds }} as rates on priors.entity_type = rates.entity_type and priors.field_name = rates.field_name
left join counted on priors.entity_type = counted.entity_type and priors.field_name = counted.field_name
