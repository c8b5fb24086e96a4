with stage_times as (
    select
        person_key,
        spell_no,
        max(case when stage = 'inquiry' then occurred_at end) as inquiry_at,
        max(case when stage = 'mql' then occurred_at end) as mql_at,
        max(case when stage = 'sal' then occurred_at end) as sal_at,
        max(case when stage = 'sql' then occurred_at end) as sql_at,
        max(case when stage = 'sqo' then occurred_at end) as sqo_at,
        max(case when stage = 'customer' then occurred_at end) as won_at,
        bool_or(is_skipped) as has_imputed_stage
    from {{ ref('int_person_stages_completed') }}
    group by person_key, spell_no
),

ranked_ends as (
    select
        person_key,
        spell_no,
        event,
        reason_code,
        occurred_at,
        row_number() over (partition by person_key, spell_no order by occurred_at desc, event, stage) as recency
    from {{ ref('int_person_stages_entered') }}
    where event in ('lost', 'no_decision', 'rejected', 'disqualified', 'recycled')
),

ranked_opportunities as (
    select
        person_key,
        opportunity_key,
        amount,
        currency,
        outcome,
        row_number() over (
            partition by person_key
            order by case when is_won then 0 else 1 end, created_at desc, opportunity_key
        ) as preference
    from {{ ref('int_opportunities_unioned') }}
    where person_key is not null and created_at < {{ as_of_at() }}
),

journeys as (
    select
        stage_times.*,
        ends.event as end_event,
        ends.reason_code as end_reason,
        ends.occurred_at as ended_at,
        opportunities.opportunity_key,
        opportunities.amount,
        opportunities.currency,
        -- A later open opportunity keeps a journey open whatever ended before.
        coalesce(opportunities.outcome = 'open', false) as has_open_opportunity
    from stage_times
    left join ranked_ends as ends
        on stage_times.person_key = ends.person_key and stage_times.spell_no = ends.spell_no and ends.recency = 1
    left join ranked_opportunities as opportunities
        on stage_times.person_key = opportunities.person_key and opportunities.preference = 1
)

select
    journeys.person_key,
    journeys.spell_no,
    persons.account_key,
    persons.source_system,
    persons.origin_channel,
    persons.channel,
    cast(null as string) as campaign_key,
    journeys.inquiry_at,
    journeys.mql_at,
    journeys.sal_at,
    journeys.sql_at,
    journeys.sqo_at,
    journeys.won_at,
    case
        when journeys.won_at is null
            and not journeys.has_open_opportunity
            and journeys.end_event is not null
            and journeys.end_event <> 'recycled'
            then journeys.ended_at
    end as lost_at,
    case
        when journeys.won_at is null and not journeys.has_open_opportunity and journeys.end_event = 'recycled'
            then journeys.ended_at
    end as recycled_at,
    case
        when journeys.won_at is not null then 'won'
        when journeys.has_open_opportunity or journeys.end_event is null then 'open'
        when journeys.end_event = 'recycled' then 'recycled'
        else 'lost'
    end as outcome,
    case
        when journeys.won_at is null and not journeys.has_open_opportunity and journeys.end_event <> 'recycled'
            then coalesce(journeys.end_reason, journeys.end_event)
    end as outcome_reason,
    journeys.opportunity_key,
    journeys.amount,
    journeys.currency,
    journeys.has_imputed_stage,
    -- Kept and flagged: such a journey is in every count and in no duration.
    coalesce(journeys.won_at < journeys.mql_at, false)
        or coalesce(journeys.won_at < journeys.inquiry_at, false)
        or coalesce(journeys.sqo_at < journeys.mql_at, false)
        or coalesce(journeys.won_at < journeys.sqo_at, false) as has_dates_out_of_order,
    {{ as_of_day() }} as as_of
from journeys
inner join {{ ref('dim_person') }} as persons on journeys.person_key = persons.person_key
