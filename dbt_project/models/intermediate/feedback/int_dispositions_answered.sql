-- One row per lead that was sent back: its channel, and the round of feedback that is about it.
with dispositions as (
    select
        dispositions.person_key,
        dispositions.spell_no,
        dispositions.disposition,
        dispositions.disposed_at,
        {{ business_day('dispositions.disposed_at') }} as disposed_on,
        dispositions.reason_code,
        dispositions.actor_key,
        dispositions.source_system,
        coalesce(journeys.channel, 'unknown') as channel,
        journeys.mql_at
    from {{ ref('fct_lead_disposition') }} as dispositions
    left join {{ ref('rpt_lead_to_revenue') }} as journeys
        on dispositions.person_key = journeys.person_key and dispositions.spell_no = journeys.spell_no
)

select dispositions.*, cells.feedback_id
from dispositions
-- The registry refuses two rounds about one lead.
left join {{ source('tandem', 'feedback_cell') }} as cells
    on dispositions.reason_code = cells.reason_code
        and cells.channel in ('*', dispositions.channel)
        and dispositions.disposed_on between cells.first_day and cells.last_day
