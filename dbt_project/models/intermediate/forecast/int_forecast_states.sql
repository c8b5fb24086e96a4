-- One row per opportunity and run of days in one open state, and one per closing: with the life (up to a closing) and the stay
-- in a stage that it belongs to, and its amount in one currency. Opportunities whose dates only stand for unknown ones are out:
-- nothing can be learnt from their days.
with states as (
    select
        states.opportunity_key,
        records.source_system,
        records.pipeline,
        states.from_day,
        states.to_day,
        coalesce(states.vendor_stage, 'unknown') as stage,
        states.is_open,
        states.is_closing,
        states.outcome,
        states.amount,
        coalesce(states.currency, 'unknown') as currency,
        cast(states.amount * rates.rate_to_reporting as decimal(18, 2)) as amount_reporting
    from {{ ref('int_opportunity_day_states') }} as states
    inner join {{ ref('int_opportunity_records') }} as records on states.opportunity_key = records.opportunity_key
    left join {{ ref('int_fx_rate_periods') }} as rates
        on states.currency = rates.currency
            and states.from_day >= rates.valid_from
            and (rates.valid_to is null or states.from_day < rates.valid_to)
    where (states.is_open or states.is_closing)
        and not coalesce(records.is_created_imputed, false)
        and not coalesce(records.is_closed_imputed, false)
),

-- In the reporting currency when every amount has a rate, else in the only currency there is, else not at all.
money as (
    select
        count(amount) = count(amount_reporting) as has_every_rate,
        count(distinct case when amount is not null then currency end) as n_currencies
    from states
),

valued as (
    select
        states.opportunity_key,
        states.source_system,
        states.pipeline,
        states.from_day,
        states.to_day,
        states.stage,
        states.is_open,
        states.is_closing,
        states.outcome,
        case
            when money.has_every_rate then states.amount_reporting
            when money.n_currencies = 1 then states.amount
        end as amount,
        case
            when money.has_every_rate then night.reporting_currency
            when money.n_currencies = 1 then states.currency
        end as currency
    from states
    cross join money
    cross join {{ source('tandem', 'night') }} as night
),

lives as (
    select
        *,
        coalesce(
            sum(case when is_closing then 1 else 0 end) over (
                partition by opportunity_key order by from_day rows between unbounded preceding and 1 preceding
            ),
            0
        ) as life_no
    from valued
),

entries as (
    select
        *,
        case
            when is_open and stage is distinct from lag(case when is_open then stage end) over (
                partition by opportunity_key, life_no order by from_day
            ) then 1
            else 0
        end as is_entry
    from lives
)

select
    opportunity_key,
    cast(life_no as integer) as life_no,
    cast(sum(is_entry) over (
        partition by opportunity_key, life_no order by from_day rows between unbounded preceding and current row
    ) as integer) as stay_no,
    source_system,
    pipeline,
    from_day,
    to_day,
    stage,
    is_open,
    is_closing,
    outcome,
    amount,
    currency
from entries
