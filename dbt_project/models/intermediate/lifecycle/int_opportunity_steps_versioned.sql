-- One row per step of an opportunity: stages entered, ends, reopenings. Leaving an end opens a new version of the opportunity.
-- From its history where there is one; what the record itself says is added where the history lacks it.
with changes as (
    select
        opportunities.opportunity_key, changes.stage, changes.event, changes.is_end, changes.occurred_at, changes.recorded_at,
        case
            when changes.actor_id is not null then {{ surrogate_key(["'user'", "changes.source_system", "changes.actor_id"]) }}
        end as actor_key,
        changes.reason_code, changes.motion, changes.is_imputed, changes.is_undated
    from {{ ref('int_stage_changes_mapped') }} as changes
    inner join {{ ref('int_opportunities_unioned') }} as opportunities
        on changes.source_system = opportunities.source_system and changes.record_id = opportunities.opportunity_id
    where changes.record_type = 'opportunity'
),

histories as (
    select
        opportunity_key,
        min(recorded_at) as first_recorded_at,
        min(case when stage in ('sqo', 'customer') then occurred_at end) as first_sqo_at,
        min(case when stage not in ('sqo', 'customer') and not is_end then occurred_at end) as first_early_at,
        max(case when event = 'won' then 1 else 0 end) as has_won,
        max(case when event = 'lost' then 1 else 0 end) as has_lost,
        max(case when event = 'no_decision' then 1 else 0 end) as has_no_decision
    from changes
    group by opportunity_key
),

recorded as (
    select * from changes
    union all
    -- The entry that the record itself dates, unless its history shows an earlier stage before.
    select
        opportunities.opportunity_key, 'sqo', 'entered', false, opportunities.sqo_at,
        coalesce(histories.first_recorded_at, opportunities.extracted_at),
        opportunities.owner_key, null, null, opportunities.is_created_imputed or opportunities.source_system = 'odoo',
        opportunities.is_created_imputed or opportunities.source_system = 'odoo'
    from {{ ref('int_opportunities_unioned') }} as opportunities
    left join histories on opportunities.opportunity_key = histories.opportunity_key
    where opportunities.sqo_at is not null
        -- Olist dates the win alone.
        and opportunities.source_system <> 'olist'
        and not coalesce(histories.first_early_at < histories.first_sqo_at, false)
    union all
    select
        opportunities.opportunity_key, case when opportunities.is_won then 'customer' else 'sqo' end, opportunities.outcome, true,
        opportunities.closed_at, opportunities.extracted_at, opportunities.owner_key, null, null,
        opportunities.is_closed_imputed, opportunities.is_closed_imputed
    from {{ ref('int_opportunities_unioned') }} as opportunities
    left join histories on opportunities.opportunity_key = histories.opportunity_key
    where opportunities.is_closed
        and not coalesce(
            case opportunities.outcome
                when 'won' then histories.has_won
                when 'lost' then histories.has_lost
                else histories.has_no_decision
            end = 1,
            false
        )
),

known as (
    select
        recorded.*,
        stages.stage_order,
        -- An end that is dated by the day alone came after what else happened that day.
        case when is_end and occurred_at = date_trunc('day', occurred_at) then 1 else 0 end as is_end_of_day
    from recorded
    inner join {{ ref('stages') }} as stages on recorded.stage = stages.stage
    where recorded.occurred_at < {{ as_of_at() }}
),

ordered as (
    select
        *,
        row_number() over (
            partition by opportunity_key
            order by
                cast(occurred_at as date), is_end_of_day, occurred_at, is_end, stage_order, event, is_imputed, recorded_at,
                coalesce(reason_code, ''), coalesce(actor_key, '')
        ) as step_no
    from known
),

compared as (
    select
        *,
        lag(event) over (partition by opportunity_key order by step_no) as earlier_event,
        coalesce(lag(is_end) over (partition by opportunity_key order by step_no), false) as is_after_end
    from ordered
),

told_once as (
    select *, is_after_end as is_reopening
    from compared
    where not (is_end and is_after_end and earlier_event = event)
),

numbered as (
    select
        *,
        cast(1 + sum(case when is_reopening then 1 else 0 end) over (
            partition by opportunity_key order by step_no rows between unbounded preceding and current row
        ) as integer) as version_no
    from told_once
),

steps as (
    select
        opportunity_key, version_no, step_no,
        case when is_reopening and not is_end then 'reopened' else event end as event, stage, stage_order, is_end, occurred_at, recorded_at, actor_key, reason_code, motion, is_imputed, is_undated
    from numbered
    union all
    -- From one end straight to another: reopened and closed at once.
    select
        numbered.opportunity_key, numbered.version_no, numbered.step_no, 'reopened', stages.stage, stages.stage_order, false,
        numbered.occurred_at, numbered.recorded_at, numbered.actor_key, null, numbered.motion, numbered.is_imputed,
        numbered.is_undated
    from numbered
    inner join {{ ref('stages') }} as stages on stages.stage = 'sqo'
    where numbered.is_end and numbered.is_reopening
)

select
    steps.opportunity_key,
    steps.version_no,
    steps.step_no,
    opportunities.person_key,
    opportunities.source_system,
    steps.stage,
    steps.stage_order,
    steps.event,
    steps.is_end,
    steps.occurred_at,
    steps.recorded_at,
    steps.actor_key,
    steps.reason_code,
    steps.motion,
    steps.is_imputed,
    steps.is_undated
from steps
inner join {{ ref('int_opportunities_unioned') }} as opportunities on steps.opportunity_key = opportunities.opportunity_key
