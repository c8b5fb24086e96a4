-- A person's spells are 1, 2, 3 …, and only the last may be open.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'rpt_lead_to_revenue'}}}) }}
select person_key
from {{ ref('rpt_lead_to_revenue') }}
group by person_key
having max(spell_no) <> count(*)
    or min(spell_no) <> 1
    or max(case when outcome = 'open' then spell_no end) < max(spell_no)
