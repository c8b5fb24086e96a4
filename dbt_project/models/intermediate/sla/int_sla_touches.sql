-- One row per journey under an agreement and activity of a person within it, in order.
select
    spells.person_key,
    spells.spell_no,
    spells.calendar,
    activities.activity_key,
    activities.activity_type,
    activities.actor_key,
    activities.occurred_at,
    activities.held_at,
    activities.is_hollow,
    activities.is_two_way,
    row_number() over (
        partition by spells.person_key, spells.spell_no order by activities.occurred_at, activities.activity_key
    ) as place
from {{ ref('int_sla_spells') }} as spells
inner join {{ ref('fct_activity') }} as activities
    on spells.person_key = activities.person_key
        and activities.is_human
        and activities.direction = 'outbound'
        and activities.occurred_at >= spells.mql_at
        and (spells.ended_at is null or activities.occurred_at <= spells.ended_at)
