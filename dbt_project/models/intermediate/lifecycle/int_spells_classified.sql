-- One row per person and spell: whose stream it is, how it ended and when, and its opportunity.
with firsts as (
    select
        person_key,
        spell_no,
        min(case when stage = 'mql' and is_entry then occurred_at end) as mql_at,
        min(case when stage = 'inquiry' and is_entry then occurred_at end) as inquiry_at,
        bool_or(stage = 'inquiry' and is_entry and is_undated) as has_undated_inquiry,
        min(case when stage_order >= 3 and is_entry then occurred_at end) as sales_at
    from {{ ref('int_person_steps_numbered') }}
    where stage is not null
    group by person_key, spell_no
),

motions as (
    select person_key, spell_no, motion
    from (
        select
            person_key, spell_no, motion,
            row_number() over (partition by person_key, spell_no order by step_no) as sales_step
        from {{ ref('int_person_steps_numbered') }}
        where is_entry and stage_order >= 3
    ) as sales_steps
    where sales_step = 1
),

ends as (
    select
        person_key, spell_no, event, reason_code, occurred_at, recorded_at, is_undated,
        row_number() over (
            partition by person_key, spell_no order by case when event = 'won' then 0 else 1 end, step_no
        ) as preference
    from {{ ref('int_person_steps_numbered') }}
    where is_end and (is_closing or event = 'won')
),

opportunities as (
    select
        steps.person_key, steps.spell_no, opportunities.opportunity_key, opportunities.amount, opportunities.currency,
        row_number() over (
            partition by steps.person_key, steps.spell_no
            order by
                case when max(case when steps.event = 'won' then 1 else 0 end) = 1 then 0 else 1 end,
                max(opportunities.created_at) desc, opportunities.opportunity_key
        ) as preference
    from {{ ref('int_person_steps_numbered') }} as steps
    inner join {{ ref('int_opportunities_unioned') }} as opportunities on steps.opportunity_key = opportunities.opportunity_key
    group by steps.person_key, steps.spell_no, opportunities.opportunity_key, opportunities.amount, opportunities.currency
)

select
    firsts.person_key,
    firsts.spell_no,
    -- Whose work began the journey: marketing's when an MQL or an inquiry came before sales' first stage.
    case
        when firsts.sales_at is null or firsts.mql_at <= firsts.sales_at then 'marketing_sourced'
        when motions.motion = 'sales_sourced' then 'sales_sourced'
        when firsts.has_undated_inquiry or firsts.inquiry_at <= firsts.sales_at then 'marketing_sourced'
        else 'sales_sourced'
    end as stream,
    case
        when ends.event is null then 'open'
        when ends.event in ('won', 'recycled') then ends.event
        else 'lost'
    end as outcome,
    case
        when ends.event is null or ends.event in ('won', 'recycled') then null
        when ends.reason_code in ('junk', 'sla_expired') then ends.reason_code
        when ends.event = 'lost' then 'closed_lost'
        else ends.event
    end as outcome_reason,
    ends.reason_code,
    ends.occurred_at as ended_at,
    ends.recorded_at as end_recorded_at,
    coalesce(ends.is_undated, false) as is_end_undated,
    opportunities.opportunity_key,
    opportunities.amount,
    opportunities.currency
from firsts
left join motions on firsts.person_key = motions.person_key and firsts.spell_no = motions.spell_no
left join ends on firsts.person_key = ends.person_key and firsts.spell_no = ends.spell_no and ends.preference = 1
left join opportunities
    on firsts.person_key = opportunities.person_key
        and firsts.spell_no = opportunities.spell_no
        and opportunities.preference = 1
