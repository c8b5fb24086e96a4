-- One row per opportunity with its days, its cycle and its amount in the reporting currency.
with opportunities as (
    select
        opportunities.opportunity_key,
        opportunities.source_system,
        opportunities.pipeline,
        opportunities.channel,
        opportunities.outcome,
        opportunities.is_closed,
        opportunities.is_won,
        opportunities.amount,
        opportunities.currency,
        opportunities.sqo_at is not null as is_qualified,
        {{ business_day('opportunities.created_at') }} as created_on,
        {{ business_day('opportunities.closed_at') }} as closed_on,
        coalesce({{ business_day('opportunities.closed_at') }}, {{ as_of_day() }}) as rate_day,
        -- A day that stands for an unknown one is in no duration.
        case
            when opportunities.is_won and not opportunities.is_created_imputed and not opportunities.is_closed_imputed
                and opportunities.closed_at >= opportunities.created_at
                then {{ days_between('opportunities.created_at', 'opportunities.closed_at') }}
        end as cycle_days
    from {{ ref('fct_opportunity') }} as opportunities
)

select
    opportunities.*,
    cast(opportunities.amount * rates.rate_to_reporting as decimal(18, 2)) as amount_reporting
from opportunities
left join {{ ref('int_fx_rate_periods') }} as rates
    on opportunities.currency = rates.currency
        and opportunities.rate_day >= rates.valid_from
        and (rates.valid_to is null or opportunities.rate_day < rates.valid_to)
