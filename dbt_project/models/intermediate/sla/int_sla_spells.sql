-- One row per journey that was handed over and the agreement that it falls under: when it became an MQL, when the sales tool
-- had it, who has to answer, whether what was handed over was whole and within what a rep can take.
with first_owners as (
    select
        people.person_key,
        leads.lead_id,
        leads.owner_id,
        leads.created_at,
        leads.email_normalised is not null as has_email,
        leads.phone is not null as has_phone,
        leads.job_title is not null as has_job_title,
        leads.company_name is not null as has_company,
        leads.industry is not null as has_industry
    from {{ ref('stg_salesforce__lead') }} as leads
    inner join {{ ref('int_people_identified') }} as people
        on people.source_system = 'salesforce' and people.source_entity = 'lead' and people.source_id = leads.lead_id
),

journeys as (
    select
        journeys.person_key,
        journeys.spell_no,
        journeys.channel,
        coalesce(tiers.tier, 'standard') as tier,
        journeys.mql_at,
        coalesce(journeys.won_at, journeys.lost_at, journeys.recycled_at) as ended_at,
        journeys.sal_at,
        journeys.outcome_reason,
        journeys.reason_code,
        journeys.lost_at
    from {{ ref('rpt_lead_to_revenue') }} as journeys
    left join {{ ref('lead_tiers') }} as tiers on journeys.channel = tiers.channel
    where journeys.mql_at is not null
        and journeys.stream = 'marketing_sourced'
        and not journeys.has_imputed_stage
        and not journeys.has_dates_out_of_order
),

-- The sales tool's record of the journey: the first that came after the MQL, else the last before it.
routed as (
    select
        journeys.person_key,
        journeys.spell_no,
        first_owners.lead_id,
        first_owners.owner_id,
        first_owners.created_at as record_at,
        first_owners.has_email, first_owners.has_phone, first_owners.has_job_title, first_owners.has_company,
        first_owners.has_industry,
        row_number() over (
            partition by journeys.person_key, journeys.spell_no
            order by
                case when first_owners.created_at >= journeys.mql_at then 0 else 1 end,
                case when first_owners.created_at >= journeys.mql_at then first_owners.created_at end,
                first_owners.created_at desc, first_owners.lead_id
        ) as place
    from journeys
    inner join first_owners on journeys.person_key = first_owners.person_key
),

agreements as (
    select sla.*, tiers.tier
    from {{ source('tandem', 'sla') }} as sla
    inner join {{ source('tandem', 'sla_tier') }} as tiers on sla.sla_name = tiers.sla_name
),

missing as (
    select
        routed.person_key,
        routed.spell_no,
        count(*) as n_missing
    from routed
    cross join {{ source('tandem', 'sla_handoff_field') }} as fields
    where routed.place = 1
        and not case fields.field_name
            when 'email' then routed.has_email when 'phone' then routed.has_phone when 'job_title' then routed.has_job_title
            when 'company' then routed.has_company else routed.has_industry
        end
    group by routed.person_key, routed.spell_no
),

loaded as (
    select
        journeys.*,
        routed.lead_id,
        greatest(journeys.mql_at, coalesce(routed.record_at, journeys.mql_at)) as routed_at,
        users.user_key as owner_key,
        users.team,
        coalesce(missing.n_missing, 0) as n_missing_fields,
        row_number() over (
            partition by users.user_key, date_trunc('week', {{ business_day('journeys.mql_at') }})
            order by journeys.mql_at, journeys.person_key
        ) as place_in_rep_week
    from journeys
    inner join routed on journeys.person_key = routed.person_key and journeys.spell_no = routed.spell_no and routed.place = 1
    left join missing on journeys.person_key = missing.person_key and journeys.spell_no = missing.spell_no
    left join {{ ref('int_users_unioned') }} as users
        on users.source_system = 'salesforce' and routed.owner_id = users.source_id
)

select
    loaded.person_key,
    loaded.spell_no,
    sales.sla_name,
    sales.calendar,
    sales.clock_start,
    sales.pauses_on_data_fix,
    coalesce(sales.routing_minutes, 0) as routing_minutes,
    loaded.lead_id,
    loaded.tier,
    loaded.channel,
    loaded.owner_key,
    loaded.team,
    loaded.mql_at,
    loaded.routed_at,
    loaded.sal_at,
    loaded.ended_at,
    case when loaded.outcome_reason = 'rejected' then loaded.lost_at end as rejected_at,
    loaded.reason_code,
    loaded.n_missing_fields > 0 as is_handoff_incomplete,
    coalesce(loaded.place_in_rep_week > owed.most_per_rep_week, false) as is_over_capacity,
    sales.excuses_incomplete,
    sales.excuses_over_capacity
from loaded
-- An agreement on the tier goes before one on all tiers.
inner join agreements as sales
    on sales.provider = 'sales'
        and (sales.tier = loaded.tier or (sales.tier = '*' and not exists (
            select 1 from agreements as own where own.provider = 'sales' and own.tier = loaded.tier
        )))
left join (
    select min(most_per_rep_week) as most_per_rep_week from {{ source('tandem', 'sla') }} where provider = 'marketing'
) as owed on true
