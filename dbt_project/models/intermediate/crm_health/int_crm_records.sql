-- One row per CRM record: since when it is there, whom it stands for, how far they have come and what they may still buy.
with companies as (
    select 'hubspot' as source_system, company_id, created_at from {{ ref('stg_hubspot__companies') }}
    union all
    select 'hubspot_connector', company_id, created_at from {{ ref('stg_hubspot_connector__company') }}
),

records as (
    select
        source_system,
        {{ person_entity_type('source_entity') }} as entity_type,
        source_id as record_id,
        person_key as subject_key,
        case when not is_created_imputed then created_at end as created_at
    from {{ ref('int_people_identified') }}
    union all
    select accounts.source_system, 'company', accounts.source_id, accounts.account_key, companies.created_at
    from {{ ref('int_accounts_identified') }} as accounts
    left join companies on accounts.source_system = companies.source_system and accounts.source_id = companies.company_id
),

-- Skipped stages count too, so the furthest is the one that was reached.
reached as (
    select stays.person_key as subject_key, max(stages.stage_order) as stage_order
    from {{ ref('int_person_stages_completed') }} as stays
    inner join {{ ref('stages') }} as stages on stays.stage = stages.stage
    group by stays.person_key
    union all
    select opportunities.account_key, max(case when opportunities.is_won then 6 when opportunities.sqo_at is not null then 5 else 4 end)
    from {{ ref('int_opportunities_unioned') }} as opportunities
    where opportunities.account_key is not null
    group by opportunities.account_key
),

opportunities as (
    select
        measured.opportunity_key, owners.person_key, owners.account_key, measured.is_won, measured.is_closed,
        measured.amount_reporting
    from {{ ref('int_opportunities_measured') }} as measured
    inner join {{ ref('int_opportunities_unioned') }} as owners on measured.opportunity_key = owners.opportunity_key
),

-- Of what was closed the share that was won, drawn towards one in four where little was.
win_rate as (
    select (count(*) filter (where is_won) + 5.0) / (count(*) filter (where is_closed) + 20.0) as win_rate
    from opportunities
),

open_pipeline as (
    select person_key as subject_key, sum(amount_reporting) as open_pipeline
    from opportunities where not is_closed and person_key is not null group by person_key
    union all
    select account_key, sum(amount_reporting)
    from opportunities where not is_closed and account_key is not null group by account_key
)

select
    -- Short enough to stand once per field of each record.
    cast(row_number() over (order by records.source_system, records.entity_type, records.record_id) as integer) as record_no,
    records.source_system,
    records.entity_type,
    records.record_id,
    records.subject_key,
    records.created_at,
    coalesce(reached.stage_order, 1) as stage_order,
    cast(coalesce(open_pipeline.open_pipeline, 0) as decimal(18, 2)) as open_pipeline,
    cast(coalesce(open_pipeline.open_pipeline, 0) * (select win_rate from win_rate) as double) as expected_pipeline
from records
left join reached on records.subject_key = reached.subject_key
left join open_pipeline on records.subject_key = open_pipeline.subject_key
