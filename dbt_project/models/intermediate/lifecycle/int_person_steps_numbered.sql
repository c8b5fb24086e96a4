-- One row per step of a person, from records and opportunities, with the spell that it belongs to.
-- An end closes a spell, a later entry opens the next. A loss while another opportunity of the person is open closes nothing, nor
-- does it that one of the person's records was a duplicate; an opportunity's end belongs to the spell in which it was opened.
with opportunity_openings as (
    select
        steps.person_key, steps.opportunity_key, steps.version_no, min(steps.source_system) as source_system,
        least(
            min(steps.occurred_at),
            case when steps.version_no = 1 then min(opportunities.created_at) else min(steps.occurred_at) end
        ) as opened_at
    from {{ ref('int_opportunity_steps_versioned') }} as steps
    inner join {{ ref('int_opportunities_unioned') }} as opportunities on steps.opportunity_key = opportunities.opportunity_key
    where steps.person_key is not null
    group by steps.person_key, steps.opportunity_key, steps.version_no
),

recorded as (
    select
        people.person_key, events.source_system, events.stage, events.event,
        events.event <> 'entered' as is_end, events.occurred_at, events.recorded_at,
        case
            when events.actor_id is not null then {{ surrogate_key(["'user'", "events.source_system", "events.actor_id"]) }}
        end as actor_key,
        events.reason_code, events.motion, events.is_imputed, events.is_undated, events.is_first_record,
        coalesce(people.n_records > 1 and events.reason_code = 'duplicate', false) as is_only_a_duplicate,
        cast(null as string) as opportunity_key, cast(null as integer) as version_no
    from {{ ref('int_person_events_unioned') }} as events
    inner join {{ ref('int_people_identified') }} as people
        on events.source_system = people.source_system
            and events.source_entity = people.source_entity
            and events.source_id = people.source_id
    union all
    select
        person_key, source_system, stage, case when event = 'reopened' then 'entered' else event end, is_end, occurred_at,
        recorded_at, actor_key, reason_code, motion, is_imputed, is_undated, false, false, opportunity_key, version_no
    from {{ ref('int_opportunity_steps_versioned') }}
    where person_key is not null
    union all
    -- That an opportunity exists is no stage; it keeps a spell open.
    select
        person_key, source_system, null, 'opened', false, opened_at, null, null, null, null, false, false, false, false, opportunity_key,
        version_no
    from opportunity_openings
),

placed as (
    select
        recorded.*,
        stages.stage_order,
        case when recorded.event = 'opened' then 0 when recorded.is_end then 2 else 1 end as kind,
        case
            -- Stands first by itself.
            when recorded.is_first_record then cast(null as timestamp)
            -- No opportunity ends before it began.
            when recorded.is_end and openings.opened_at > recorded.occurred_at then openings.opened_at
            else recorded.occurred_at
        end as sequenced_at
    from recorded
    left join {{ ref('stages') }} as stages on recorded.stage = stages.stage
    left join opportunity_openings as openings
        on recorded.opportunity_key = openings.opportunity_key and recorded.version_no = openings.version_no
    where recorded.occurred_at < {{ as_of_at() }}
),

ordered as (
    select
        *,
        row_number() over (
            partition by person_key
            order by
                -- Nobody is in the funnel before the first record, whatever its date says.
                case when is_first_record then 0 else 1 end,
                cast(sequenced_at as date),
                -- An end that is dated by the day alone came after what else happened that day.
                case when is_end and sequenced_at = date_trunc('day', sequenced_at) then 1 else 0 end,
                sequenced_at, kind, coalesce(stage_order, 0), event, is_imputed, recorded_at, source_system,
                coalesce(opportunity_key, ''), coalesce(reason_code, ''), coalesce(actor_key, ''), coalesce(motion, ''), is_undated,
                coalesce(version_no, 0)
        ) as step_no,
        max(case when is_end then 1 else 0 end) over (partition by person_key) as has_end
    from placed
),

-- All that a person without an end did is one spell. Of the others the spells are found from these columns alone: more would
-- be sorted along six times.
steps as (
    select
        person_key, opportunity_key, version_no, step_no, kind, is_end, is_undated,
        event = 'opened' as is_opening, event = 'won' as is_won, is_only_a_duplicate
    from ordered
    where has_end = 1
),

counted as (
    select
        *,
        -- After this step: how many of the person's opportunities are open.
        sum(case when is_opening then 1 when is_end and opportunity_key is not null then -1 else 0 end) over (
            partition by person_key order by step_no rows between unbounded preceding and current row
        ) as n_open,
        coalesce(
            min(case when kind = 1 then step_no end) over (partition by person_key, opportunity_key, version_no),
            min(step_no) over (partition by person_key, opportunity_key, version_no)
        ) as opened_no
    from steps
),

candidates as (
    select *, is_end and not is_only_a_duplicate and (is_won or n_open = 0) as may_close
    from counted
),

ends_judged as (
    select
        *,
        coalesce(
            max(case when may_close then step_no end) over (
                partition by person_key order by step_no rows between unbounded preceding and 1 preceding
            ),
            0
        ) as earlier_close_no
    from candidates
),

closings as (
    select
        *,
        may_close and (opportunity_key is null or earlier_close_no < opened_no) as is_closing
    from ends_judged
),

lookbacks as (
    select
        *,
        kind = 1 and not is_undated as is_dated_entry,
        max(case when is_closing then step_no end) over (
            partition by person_key order by step_no rows between unbounded preceding and 1 preceding
        ) as last_closing_no,
        max(case when kind = 1 and not is_undated then step_no end) over (
            partition by person_key order by step_no rows between unbounded preceding and 1 preceding
        ) as last_entry_no,
        min(case when kind = 1 then step_no end) over (partition by person_key) as first_entry_no
    from closings
),

numbered as (
    select
        *,
        cast(1 + sum(
            case
                when is_dated_entry and last_closing_no > first_entry_no and last_closing_no > coalesce(last_entry_no, 0) then 1
                else 0
            end
        ) over (partition by person_key order by step_no rows between unbounded preceding and current row) as integer)
            as spell_by_time
    from lookbacks
),

spells as (
    select
        person_key,
        step_no,
        case
            when opportunity_key is null or kind = 1 then spell_by_time
            else min(case when step_no = opened_no then spell_by_time end) over (partition by person_key, opportunity_key, version_no)
        end as spell_no,
        is_closing
    from numbered
)

select
    ordered.person_key,
    coalesce(spells.spell_no, 1) as spell_no,
    ordered.step_no,
    ordered.source_system,
    ordered.stage,
    ordered.stage_order,
    ordered.event,
    ordered.kind = 1 as is_entry,
    ordered.is_end,
    coalesce(spells.is_closing, false) as is_closing,
    ordered.occurred_at,
    ordered.recorded_at,
    ordered.actor_key,
    ordered.reason_code,
    ordered.motion,
    ordered.is_imputed,
    ordered.is_undated,
    ordered.is_first_record,
    ordered.opportunity_key,
    ordered.version_no
from ordered
left join spells on ordered.person_key = spells.person_key and ordered.step_no = spells.step_no
