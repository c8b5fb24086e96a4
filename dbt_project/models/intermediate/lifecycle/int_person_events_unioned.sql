-- One row per thing that a source says happened to a person record; opportunities' events come from the opportunities.
-- is_undated: it is known that it happened, not when.
with lead_changes as (
    select * from {{ ref('int_stage_changes_mapped') }} where record_type = 'lead'
),

lead_dates as (
    {%- for stage in ['mql', 'sal', 'sql'] %}
    select
        source_system, source_entity, lead_id, owner_id, '{{ stage }}' as stage, {{ stage }}_at as entered_at, seen_from, seen_to
    from {{ ref('stg_canonical__lead_version') }}
    where {{ stage }}_at is not null
    union all
    {%- endfor %}
    {%- for stage, column in [
        ('mql', 'became_mql_at'), ('sql', 'became_sql_at'), ('sqo', 'became_opportunity_at'), ('customer', 'became_customer_at'),
    ] %}
    select 'hubspot', 'contact', contact_id, null, '{{ stage }}', {{ column }}, seen_from, seen_to
    from {{ ref('stg_hubspot__contact_version') }}
    where {{ column }} is not null
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

distinct_dates as (
    select
        source_system, source_entity, lead_id, stage, entered_at, min(seen_from) as recorded_at, max(seen_to) as last_seen_at,
        min(owner_id) as owner_id
    from lead_dates
    group by source_system, source_entity, lead_id, stage, entered_at
),

replaced_dates as (
    select
        *,
        lead(entered_at) over (
            partition by source_system, source_entity, lead_id, stage order by last_seen_at, recorded_at, entered_at
        ) as replaced_by
    from distinct_dates
),

-- A date that gave way to a later one was a correction, unless the journey had ended in between: then both were entries.
entry_dates as (
    select
        dates.source_system, dates.source_entity, dates.lead_id, dates.stage, dates.entered_at, dates.recorded_at, dates.owner_id
    from replaced_dates as dates
    where dates.replaced_by is null
        or exists (
            select 1
            from lead_changes as ends
            where ends.is_end
                and ends.source_system = dates.source_system
                and ends.source_entity = dates.source_entity
                and ends.record_id = dates.lead_id
                and ends.occurred_at >= dates.entered_at
                and ends.occurred_at < dates.replaced_by
        )
),

told_better as (
    select distinct changes.source_system, changes.source_entity, changes.record_id, changes.stage, changes.occurred_at
    from lead_changes as changes
    inner join entry_dates
        on changes.source_system = entry_dates.source_system
            and changes.source_entity = entry_dates.source_entity
            and changes.record_id = entry_dates.lead_id
            and changes.stage = entry_dates.stage
    where changes.is_imputed
        and changes.event = 'entered'
        and entry_dates.entered_at <= changes.occurred_at
        and (changes.earlier_recorded_at is null or entry_dates.entered_at > changes.earlier_recorded_at)
)

select
    'olist' as source_system, 'lead' as source_entity, mql_id as source_id, 'mql' as stage, 'entered' as event,
    first_contact_at as occurred_at,
    extracted_at as recorded_at, cast(null as string) as actor_id, cast(null as string) as reason_code,
    cast(null as string) as motion, false as is_imputed, false as is_undated, false as is_first_record
from {{ ref('stg_olist__marketing_qualified_leads') }}
where first_contact_at is not null
union all
-- A person is in the funnel from the first record on; a second record of the same person is no new inquiry.
select
    people.source_system, people.source_entity, people.source_id, 'inquiry', 'entered', people.created_at,
    coalesce(records.first_extracted_at, people.extracted_at), null, null, null,
    people.is_created_imputed, people.is_created_imputed, true
from {{ ref('int_people_identified') }} as people
inner join {{ ref('int_people_unioned') }} as records
    on people.source_system = records.source_system
        and people.source_entity = records.source_entity
        and people.source_id = records.source_id
where people.record_order = 1 and people.source_system <> 'olist'
union all
select
    'odoo', 'lead', prospects.lead_id, stage_map.stage, 'entered', prospects.extracted_at, prospects.extracted_at, null, null, null,
    true, true, false
from {{ ref('stg_odoo__prospects') }} as prospects
inner join {{ ref('int_stage_map_unioned') }} as stage_map
    on stage_map.source_system = 'odoo' and prospects.vendor_stage = stage_map.vendor_stage
where stage_map.stage = 'sql'
union all
select
    source_system, source_entity, lead_id, stage, case when stage = 'customer' then 'won' else 'entered' end, entered_at,
    recorded_at, owner_id, null, null, false, false, false
from entry_dates
union all
select
    changes.source_system, changes.source_entity, changes.record_id, changes.stage, changes.event, changes.occurred_at,
    changes.recorded_at, changes.actor_id, changes.reason_code, changes.motion, changes.is_imputed, changes.is_undated, false
from lead_changes as changes
left join told_better
    on changes.source_system = told_better.source_system
        and changes.source_entity = told_better.source_entity
        and changes.record_id = told_better.record_id
        and changes.stage = told_better.stage
        and changes.occurred_at = told_better.occurred_at
where told_better.record_id is null
    and not (changes.is_undated and changes.stage = 'inquiry' and changes.event = 'entered')
