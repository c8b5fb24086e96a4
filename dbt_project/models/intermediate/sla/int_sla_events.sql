-- One row per journey under an agreement and event that it may owe: the first time it happened, by whom, and whether it was hollow.
with touches as (
    select
        spells.person_key,
        spells.spell_no,
        activities.actor_key,
        activities.occurred_at,
        activities.held_at,
        activities.is_hollow,
        activities.is_two_way,
        activities.activity_type,
        row_number() over (
            partition by spells.person_key, spells.spell_no order by activities.occurred_at, activities.activity_key
        ) as place
    from {{ ref('int_sla_spells') }} as spells
    inner join {{ ref('fct_activity') }} as activities
        on spells.person_key = activities.person_key
            and activities.is_human
            and activities.occurred_at >= spells.mql_at
            and (spells.ended_at is null or activities.occurred_at <= spells.ended_at)
)

select person_key, spell_no, 'human_outbound' as event, occurred_at as happened_at, actor_key, is_hollow
from touches
where place = 1
union all
select person_key, spell_no, 'substantive_outbound', min(occurred_at), min(actor_key), false
from touches
where not is_hollow
group by person_key, spell_no
union all
select person_key, spell_no, 'two_way_contact', min(held_at), min(actor_key), false
from touches
where is_two_way and held_at is not null
group by person_key, spell_no
union all
select person_key, spell_no, 'SAL', sal_at, owner_key, false
from {{ ref('int_sla_spells') }}
where sal_at is not null and sal_at < {{ as_of_at() }}
union all
select person_key, spell_no, 'REJECTED', rejected_at, owner_key, false
from {{ ref('int_sla_spells') }}
where rejected_at is not null and rejected_at < {{ as_of_at() }}
