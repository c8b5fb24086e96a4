with converted_entries as (
    select period_month, stage, channel, currency, n_entries, amount
    from {{ ref('int_stage_entries_counted') }}
    where stage in ('inquiry', 'mql', 'sqo', 'customer')
),

measures as (
    select
        period_month,
        channel,
        currency,
        cast(null as decimal(18, 2)) as spend,
        case when stage = 'inquiry' then n_entries else 0 end as leads,
        case when stage = 'mql' then n_entries else 0 end as mqls,
        case when stage = 'sqo' then n_entries else 0 end as opportunities,
        case when stage = 'customer' then n_entries else 0 end as won,
        case when stage = 'sqo' then amount end as pipeline_amount,
        case when stage = 'customer' then amount end as won_amount
    from converted_entries
    union all
    select
        cast(date_trunc('month', spend_date) as date), channel, currency, spend, 0, 0, 0, 0, null, null
    from {{ ref('fct_campaign_spend_daily') }}
),

-- Spend without a day is in the all-months rows only.
by_period as (
    select * from measures where period_month is not null
    union all
    select
        cast(null as date), channel, currency, spend, leads, mqls, opportunities, won, pipeline_amount, won_amount
    from measures
),

summed as (
    select
        period_month,
        channel,
        currency,
        cast(sum(spend) as decimal(18, 2)) as spend,
        cast(sum(leads) as bigint) as leads,
        cast(sum(mqls) as bigint) as mqls,
        cast(sum(opportunities) as bigint) as opportunities,
        cast(sum(won) as bigint) as won,
        cast(sum(pipeline_amount) as decimal(18, 2)) as pipeline_amount,
        cast(sum(won_amount) as decimal(18, 2)) as won_amount
    from by_period
    group by period_month, channel, currency
)

select
    period_month,
    channel,
    currency,
    spend,
    leads,
    mqls,
    opportunities,
    won,
    pipeline_amount,
    won_amount,
    case when leads > 0 then cast(spend as double) / leads end as cost_per_lead,
    case when mqls > 0 then cast(spend as double) / mqls end as cost_per_mql,
    case when won > 0 then cast(spend as double) / won end as cost_per_won,
    case when spend > 0 then (cast(coalesce(won_amount, 0) as double) - cast(spend as double)) / cast(spend as double) end as roi,
    {{ as_of_day() }} as as_of
from summed
