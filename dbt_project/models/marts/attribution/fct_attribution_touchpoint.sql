-- Interest of a committee fades faster before an opportunity is qualified than while it is negotiated: half-lives by outcome.
with outcomes as (
    select
        opportunity_key, person_key, account_key, amount, currency, 'sqo' as outcome, sqo_at as outcome_at, 30 as half_life_days
    from {{ ref('fct_opportunity') }}
    where sqo_at < {{ as_of_at() }}
    union all
    select opportunity_key, person_key, account_key, amount, currency, 'won', closed_at, 90
    from {{ ref('fct_opportunity') }}
    where is_won and closed_at < {{ as_of_at() }}
),

-- Whose touches may count: everybody of the account, and the person whom the opportunity names, of whatever account.
buying_group as (
    select outcomes.opportunity_key, outcomes.outcome, persons.person_key
    from outcomes
    inner join {{ ref('dim_person') }} as persons on outcomes.account_key = persons.account_key
    union
    select opportunity_key, outcome, person_key from outcomes where person_key is not null
),

paths as (
    select
        outcomes.opportunity_key,
        outcomes.outcome,
        touchpoints.touchpoint_key,
        touchpoints.person_key,
        touchpoints.channel,
        touchpoints.occurred_at,
        outcomes.outcome_at,
        outcomes.amount,
        outcomes.currency,
        -- Decimal, so that the order in which a path is summed has no effect.
        cast(power(
            cast(2 as double), -{{ days_between('touchpoints.occurred_at', 'outcomes.outcome_at') }} / outcomes.half_life_days
        ) as decimal(18, 15)) as weight
    from {{ ref('fct_touchpoint') }} as touchpoints
    inner join buying_group on touchpoints.person_key = buying_group.person_key
    inner join outcomes
        on buying_group.opportunity_key = outcomes.opportunity_key and buying_group.outcome = outcomes.outcome
    where touchpoints.occurred_at <= outcomes.outcome_at
        and touchpoints.occurred_at >= {{ add_days('outcomes.outcome_at', -365) }}
),

placed as (
    select
        *,
        cast(row_number() over (in_time) as bigint) as position_no,
        count(*) over (path) as n_touches,
        sum(weight) over (path) as path_weight
    from paths
    window path as (partition by opportunity_key, outcome),
        in_time as (partition by opportunity_key, outcome order by occurred_at, touchpoint_key)
)

select
    opportunity_key,
    outcome,
    touchpoint_key,
    person_key,
    channel,
    position_no,
    n_touches,
    cast(case when position_no = 1 then 1 else 0 end as double) as credit_first_touch,
    cast(case when position_no = n_touches then 1 else 0 end as double) as credit_last_touch,
    cast(1 as double) / n_touches as credit_linear,
    cast(case
        when n_touches <= 2 then cast(1 as double) / n_touches
        when position_no in (1, n_touches) then 0.4
        else cast(0.2 as double) / (n_touches - 2)
    end as double) as credit_position_based,
    cast(weight as double) / cast(path_weight as double) as credit_time_decay,
    occurred_at,
    outcome_at,
    amount,
    currency,
    {{ as_of_day() }} as as_of
from placed
