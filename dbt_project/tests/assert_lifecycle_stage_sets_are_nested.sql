-- A spell that reached a stage reached all before it; one that sales began starts at SAL.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'rpt_lead_to_revenue'}}}) }}
select person_key, spell_no, stream
from {{ ref('rpt_lead_to_revenue') }}
where (won_at is not null and sqo_at is null)
    or (sqo_at is not null and sql_at is null)
    or (sql_at is not null and sal_at is null)
    or (stream = 'marketing_sourced' and sal_at is not null and mql_at is null)
    or (stream = 'marketing_sourced' and mql_at is not null and inquiry_at is null)
    or (stream = 'sales_sourced' and coalesce(inquiry_at, mql_at) is not null)
    or (outcome = 'won' and won_at is null)
    or (outcome <> 'won' and won_at is not null)
    or (outcome = 'lost' and (lost_at is null or outcome_reason is null))
    or (outcome = 'recycled' and recycled_at is null)
