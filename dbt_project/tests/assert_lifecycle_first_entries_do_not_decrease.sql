-- Within a spell a later stage is not entered earlier, but where that is flagged.
{{ config(severity='error', meta={'dagster': {'ref': {'name': 'rpt_lead_to_revenue'}}}) }}
select person_key, spell_no
from {{ ref('rpt_lead_to_revenue') }}
where not has_dates_out_of_order
    and (
        mql_at < inquiry_at or sal_at < inquiry_at or sql_at < inquiry_at or sqo_at < inquiry_at or won_at < inquiry_at
        or sal_at < mql_at or sql_at < mql_at or sqo_at < mql_at or won_at < mql_at
        or sql_at < sal_at or sqo_at < sal_at or won_at < sal_at
        or sqo_at < sql_at or won_at < sql_at
        or won_at < sqo_at
    )
