with entries as (
    select
        entered_on as date_day,
        channel,
        coalesce(currency, {{ night('reporting_currency') }}) as currency,
        stage,
        n_entries,
        amount
    from {{ ref('int_stage_entries_counted') }}
    union all
    -- What sales gave back before it accepted: without it a rate of acceptance would count silence as a no.
    select
        {{ business_day('journeys.lost_at') }},
        journeys.channel,
        coalesce(source_system.currency, {{ night('reporting_currency') }}),
        'rejected',
        1,
        cast(null as decimal(18, 2))
    from {{ ref('rpt_lead_to_revenue') }} as journeys
    left join {{ source('tandem', 'source_system') }} as source_system on journeys.source_system = source_system.source_system
    where journeys.outcome_reason = 'rejected' and journeys.lost_at is not null
)

select
    date_day,
    channel,
    currency,
    cast(sum(case when stage = 'inquiry' then n_entries else 0 end) as bigint) as inquiries,
    cast(sum(case when stage = 'mql' then n_entries else 0 end) as bigint) as mqls,
    cast(sum(case when stage = 'rejected' then n_entries else 0 end) as bigint) as rejected,
    cast(sum(case when stage = 'sal' then n_entries else 0 end) as bigint) as sals,
    cast(sum(case when stage = 'sql' then n_entries else 0 end) as bigint) as sqls,
    cast(sum(case when stage = 'sqo' then n_entries else 0 end) as bigint) as sqos,
    cast(sum(case when stage = 'customer' then n_entries else 0 end) as bigint) as won,
    cast(coalesce(sum(case when stage = 'sqo' then amount end), 0) as decimal(18, 2)) as sqo_amount,
    cast(coalesce(sum(case when stage = 'customer' then amount end), 0) as decimal(18, 2)) as won_amount,
    {{ as_of_day() }} as as_of
from entries
where date_day is not null
group by date_day, channel, currency
