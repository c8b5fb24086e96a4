-- One row per journey under an agreement and event that it may owe: the first time it happened, by whom, and whether it was hollow.
select person_key, spell_no, 'human_outbound' as event, occurred_at as happened_at, actor_key, is_hollow
from {{ ref('int_sla_touches') }}
where place = 1
union all
select person_key, spell_no, 'substantive_outbound', min(occurred_at), min(actor_key), false
from {{ ref('int_sla_touches') }}
where not is_hollow
group by person_key, spell_no
union all
select person_key, spell_no, 'two_way_contact', min(held_at), min(actor_key), false
from {{ ref('int_sla_touches') }}
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
