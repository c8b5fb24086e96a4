-- Won or lost, not both, and once: what comes after an end is another version of the opportunity.
select entity_key, spell_no, count(*) as n_ends
from {{ ref('fct_lifecycle_event') }}
where entity_type = 'opportunity' and event in ('won', 'lost', 'no_decision')
group by entity_key, spell_no
having count(*) > 1
