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
)

select
    spells.person_key,
    spells.spell_no,
    persons.account_key,
    persons.source_system,
    persons.origin_channel,
    persons.channel,
    cast(null as string) as campaign_key,
    stage_times.inquiry_at,
    stage_times.mql_at,
    stage_times.sal_at,
    stage_times.sql_at,
    stage_times.sqo_at,
    stage_times.won_at,
    case when spells.outcome = 'lost' then spells.ended_at end as lost_at,
    case when spells.outcome = 'recycled' then spells.ended_at end as recycled_at,
    spells.outcome,
    spells.outcome_reason,
    spells.opportunity_key,
    spells.amount,
    spells.currency,
    spells.stream,
    spells.reason_code,
    coalesce(stage_times.has_imputed_stage, false) as has_imputed_stage,
    -- Kept and flagged: such a journey is in every count and in no duration.
    coalesce(stage_times.mql_at < stage_times.inquiry_at, false)
        or coalesce(stage_times.sal_at < stage_times.mql_at, false)
        or coalesce(stage_times.sql_at < stage_times.sal_at, false)
        or coalesce(stage_times.sqo_at < stage_times.sql_at, false)
        or coalesce(stage_times.won_at < stage_times.sqo_at, false) as has_dates_out_of_order,
    overdue.entity_key is not null and spells.outcome = 'open' as is_no_decision_due,
    {{ as_of_day() }} as as_of
from {{ ref('int_spells_classified') }} as spells
inner join {{ ref('dim_person') }} as persons on spells.person_key = persons.person_key
left join stage_times on spells.person_key = stage_times.person_key and spells.spell_no = stage_times.spell_no
left join {{ ref('int_stays_overdue') }} as overdue
    on overdue.entity_type = 'person' and spells.person_key = overdue.entity_key and spells.spell_no = overdue.spell_no
