with duties as (
    select
        spells.*,
        owed.obligation_id,
        owed.event,
        -- A rejection without its reason does not answer.
        case when owed.event = 'REJECTED' and owed.requires_reason and spells.reason_code is null then null else owed.event end
            as answering_event,
        owed.within_minutes
    from {{ ref('int_sla_spells') }} as spells
    inner join {{ source('tandem', 'sla_obligation') }} as owed on spells.sla_name = owed.sla_name
    where spells.mql_at < {{ as_of_at() }}
),

answered as (
    select
        duties.person_key,
        duties.spell_no,
        duties.obligation_id,
        duties.sla_name,
        duties.calendar,
        duties.tier,
        duties.team,
        duties.owner_key,
        duties.mql_at,
        duties.routed_at,
        duties.ended_at,
        duties.within_minutes,
        duties.routing_minutes,
        duties.clock_start,
        duties.is_handoff_incomplete and duties.excuses_incomplete as is_excused_incomplete,
        duties.is_over_capacity and duties.excuses_over_capacity as is_excused_capacity,
        max(case when duties.event = 'human_outbound' then 1 else 0 end) = 1 as is_touch,
        min(events.happened_at) as responded_at,
        min(case when not events.is_hollow then events.happened_at end) as first_substantive_at,
        min(case when duties.event = 'human_outbound' then substantive.happened_at end) as substantive_at,
        min(case when events.is_hollow then events.happened_at end) as hollow_at
    from duties
    left join {{ ref('int_sla_events') }} as events
        on duties.person_key = events.person_key
            and duties.spell_no = events.spell_no
            and duties.answering_event = events.event
    left join {{ ref('int_sla_events') }} as substantive
        on duties.person_key = substantive.person_key
            and duties.spell_no = substantive.spell_no
            and substantive.event = 'substantive_outbound'
    group by
        duties.person_key, duties.spell_no, duties.obligation_id, duties.sla_name, duties.calendar, duties.tier, duties.team,
        duties.owner_key, duties.mql_at, duties.routed_at, duties.ended_at, duties.within_minutes, duties.routing_minutes,
        duties.clock_start, duties.is_handoff_incomplete, duties.excuses_incomplete, duties.is_over_capacity,
        duties.excuses_over_capacity
),

-- An end of the journey stops the clock of who has not answered.
bounded as (
    select
        *,
        coalesce(responded_at, least(coalesce(ended_at, {{ as_of_at() }}), {{ as_of_at() }})) as counted_until,
        case when is_touch then substantive_at else first_substantive_at end as counted_substantive_at
    from answered
),

worked as (
    select
        bounded.*,
        {{ worked_by('at_mql', 'bounded.mql_at') }} as worked_at_mql,
        {{ worked_by('at_routed', 'bounded.routed_at') }} as worked_at_routed,
        {{ worked_by('at_end', 'bounded.counted_until') }} as worked_at_end,
        {{ worked_by('at_substantive', 'bounded.counted_substantive_at') }} as worked_at_substantive
    from bounded
    {{ join_business_time('at_mql', 'bounded.calendar', 'bounded.mql_at') }}
    {{ join_business_time('at_routed', 'bounded.calendar', 'bounded.routed_at') }}
    {{ join_business_time('at_end', 'bounded.calendar', 'bounded.counted_until') }}
    {{ join_business_time('at_substantive', 'bounded.calendar', 'bounded.counted_substantive_at') }}
),

pauses as (
    select
        pauses.person_key,
        pauses.spell_no,
        {{ worked_by('at_pause', 'pauses.paused_at') }} as worked_at_pause,
        {{ worked_by('at_resume', 'pauses.resumed_at') }} as worked_at_resume
    from {{ ref('int_sla_pauses') }} as pauses
    {{ join_business_time('at_pause', 'pauses.calendar', 'pauses.paused_at') }}
    {{ join_business_time('at_resume', 'pauses.calendar', 'pauses.resumed_at') }}
),

paused as (
    select
        worked.person_key,
        worked.spell_no,
        worked.obligation_id,
        sum(greatest(0, least(pauses.worked_at_resume, worked.worked_at_end) - greatest(pauses.worked_at_pause, worked.worked_at_routed)))
            as paused
    from worked
    inner join pauses on worked.person_key = pauses.person_key and worked.spell_no = pauses.spell_no
    group by worked.person_key, worked.spell_no, worked.obligation_id
),

measured as (
    select
        worked.*,
        coalesce(paused.paused, 0) / 60000000.0 as paused_minutes,
        (worked.worked_at_routed - worked.worked_at_mql) / 60000000.0 as system_minutes,
        -- Routed after it was answered: the rep did not wait for the system.
        greatest(0, worked.worked_at_end - worked.worked_at_routed - coalesce(paused.paused, 0)) / 60000000.0 as human_minutes,
        greatest(0, worked.worked_at_end - worked.worked_at_mql - coalesce(paused.paused, 0)) / 60000000.0 as counted_minutes,
        greatest(0, worked.worked_at_substantive - worked.worked_at_routed - coalesce(paused.paused, 0)) / 60000000.0
            as substantive_minutes
    from worked
    left join paused
        on worked.person_key = paused.person_key
            and worked.spell_no = paused.spell_no
            and worked.obligation_id = paused.obligation_id
),

judged as (
    select
        *,
        case when clock_start = 'mql_at' then counted_minutes else human_minutes end as clock_minutes,
        responded_at is not null as is_responded
    from measured
),

stated as (
    select
        *,
        is_responded and clock_minutes <= within_minutes as is_met,
        -- Due only: a lead whose term is not over and who has no answer yet says nothing. One that ended unanswered
        -- before its term asked for none any more.
        is_responded or clock_minutes > within_minutes as is_due,
        coalesce(is_touch and hollow_at is not null and hollow_at = responded_at
            and (counted_substantive_at is null or substantive_minutes > within_minutes), false) as is_hollow
    from judged
)

select
    stated.person_key,
    stated.spell_no,
    stated.obligation_id,
    stated.sla_name,
    stated.tier,
    coalesce(stated.team, 'unknown') as team,
    stated.owner_key,
    stated.mql_at,
    stated.routed_at,
    stated.responded_at,
    cast(stated.within_minutes as integer) as within_minutes,
    cast(stated.clock_minutes as double) as business_minutes,
    cast(stated.system_minutes as double) as system_minutes,
    cast(stated.human_minutes as double) as human_minutes,
    cast(stated.paused_minutes as double) as paused_minutes,
    stated.is_responded,
    stated.is_due,
    not stated.is_due and stated.ended_at is null as is_pending,
    case when stated.is_due then stated.is_met end as is_met,
    stated.is_hollow,
    followups.has_two_way_contact
        or (followups.n_attempts >= 6 and followups.n_channels >= 2 and followups.days_spanned >= 14) as is_followup_effective,
    cast(followups.n_attempts as integer) as n_attempts,
    stated.is_excused_incomplete,
    stated.is_excused_capacity,
    case
        when not stated.is_due or (stated.is_met and not stated.is_hollow) then 'none'
        when stated.is_excused_incomplete or stated.is_excused_capacity then 'marketing_fault'
        when stated.is_hollow then 'sales_fault'
        when stated.system_minutes > stated.routing_minutes and stated.human_minutes <= stated.within_minutes then 'system_fault'
        else 'sales_fault'
    end as liability,
    case
        when not stated.is_due or (stated.is_met and not stated.is_hollow) then null
        when stated.is_excused_incomplete then 'handoff_incomplete'
        when stated.is_excused_capacity then 'over_capacity'
        when stated.is_hollow then 'hollow_touch'
        when stated.system_minutes > stated.routing_minutes and stated.human_minutes <= stated.within_minutes then 'late_routing'
        when not stated.is_responded then 'no_answer'
        else 'slow_answer'
    end as fault_reason,
    {{ as_of_day() }} as as_of
from stated
left join {{ ref('int_sla_followups') }} as followups
    on stated.person_key = followups.person_key and stated.spell_no = followups.spell_no
