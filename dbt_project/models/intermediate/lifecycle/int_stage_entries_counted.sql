-- One row per day, stage, channel and currency: the stage entries that count in a period, each once: people up to SQL,
-- opportunities from there on, and what a source counts without saying whose it is.
with people_entries as (
    select
        completed.stage, completed.occurred_at, persons.channel, source_system.currency,
        cast(null as decimal(18, 2)) as amount
    from {{ ref('int_person_stages_completed') }} as completed
    inner join {{ ref('int_persons_merged') }} as persons on completed.person_key = persons.person_key
    left join {{ source('tandem', 'source_system') }} as source_system
        on persons.source_system = source_system.source_system
    where completed.stage not in ('sqo', 'customer')
        -- Who comes back after an end did not inquire anew: the stage is imputed, and the lead was counted once.
        and not (completed.stage = 'inquiry' and completed.spell_no > 1 and completed.is_skipped)
),

opportunity_entries as (
    select sqo_at, closed_at, is_won, amount, currency, channel from {{ ref('int_opportunities_unioned') }}
),

entries as (
    select stage, occurred_at, channel, currency, amount from people_entries
    union all
    select 'sqo', sqo_at, channel, currency, amount from opportunity_entries where sqo_at is not null
    union all
    select 'customer', closed_at, channel, currency, amount from opportunity_entries where is_won
    union all
    select stage, occurred_at, channel, currency, amount from {{ ref('int_unlinked_events_unioned') }}
    where event in ('entered', 'won')
),

-- Their days before the night's limit is asked: in one step DuckDB would look the time zone up anew for each row.
dated as (
    select stage, channel, currency, amount, occurred_at, {{ business_day('occurred_at') }} as entered_on
    from entries
)

select
    cast(date_trunc('month', entered_on) as date) as period_month,
    entered_on,
    stage,
    channel,
    currency,
    count(*) as n_entries,
    cast(sum(amount) as decimal(18, 2)) as amount
from dated
where occurred_at < {{ as_of_at() }}
group by entered_on, stage, channel, currency
