-- One row per journey under an agreement that allows it and stay in a status that waits for marketing's data.
with stays as (
    select
        source_system,
        record_id,
        vendor_stage,
        changed_at as paused_at,
        lead(changed_at) over (partition by source_system, source_entity, record_id order by changed_at) as resumed_at
    from {{ ref('int_stage_changes_unioned') }}
    where record_type = 'lead'
)

select
    spells.person_key,
    spells.spell_no,
    spells.calendar,
    greatest(stays.paused_at, spells.mql_at) as paused_at,
    coalesce(stays.resumed_at, {{ as_of_at() }}) as resumed_at
from {{ ref('int_sla_spells') }} as spells
inner join stays on stays.source_system = 'salesforce' and spells.lead_id = stays.record_id
inner join {{ ref('pause_statuses') }} as statuses
    on stays.source_system = statuses.source_system and stays.vendor_stage = statuses.vendor_stage
where spells.pauses_on_data_fix
    and coalesce(stays.resumed_at, {{ as_of_at() }}) > spells.mql_at
    and stays.paused_at < {{ as_of_at() }}
