with entries as (
    select
        entered_on as date_day,
        channel,
        coalesce(currency, (select reporting_currency from {{ source('tandem', 'night') }})) as currency,
        stage,
        amount
    from {{ ref('int_stage_entries_counted') }}
    union all
    -- What sales gave back before it accepted: without it a rate of acceptance would count silence as a no.
    select
        {{ business_day('journeys.lost_at') }},
        journeys.channel,
        coalesce(source_system.currency, (select reporting_currency from {{ source('tandem', 'night') }})),
        'rejected',
        cast(null as decimal(18, 2))
    from {{ ref('rpt_lead_to_revenue') }} as journeys
    left join {{ source('tandem', 'source_system') }} as source_system on journeys.source_system = source_system.source_system
    where journeys.outcome_reason = 'rejected' and journeys.lost_at is not null
)

select
    date_day,
    channel,
    currency,
    count(case when stage = 'inquiry' then 1 end) as inquiries,
    count(case when stage = 'mql' then 1 end) as mqls,
    count(case when stage = 'rejected' then 1 end) as rejected,
    count(case when stage = 'sal' then 1 end) as sals,
    count(case when stage = 'sql' then 1 end) as sqls,
    count(case when stage = 'sqo' then 1 end) as sqos,
    count(case when stage = 'customer' then 1 end) as won,
    cast(coalesce(sum(case when stage = 'sqo' then amount end), 0) as decimal(18, 2)) as sqo_amount,
    cast(coalesce(sum(case when stage = 'customer' then amount end), 0) as decimal(18, 2)) as won_amount,
    {{ as_of_day() }} as as_of
from entries
where date_day is not null
group by date_day, channel, currency
