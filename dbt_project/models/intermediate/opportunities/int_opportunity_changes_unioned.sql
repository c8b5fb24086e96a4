-- One row per opportunity and instant at which the vendor's own history says that something changed. `has_…`: the history
-- speaks of that field, so that a cleared value is told from one that was not touched.
with hubspot_changes as (
    select record_id, changed_at, field_name, new_value
    from {{ ref('stg_hubspot_connector__deal_property_history') }}
    where field_name in ('dealstage', 'amount', 'closedate', 'hubspot_owner_id', 'hs_manual_forecast_category')
        and changed_at is not null
),

hubspot_instants as (
    select
        record_id,
        changed_at,
        {%- for field in ['dealstage', 'amount', 'closedate', 'hubspot_owner_id', 'hs_manual_forecast_category'] %}
        max(case when field_name = '{{ field }}' then new_value end) as {{ field }},
        max(case when field_name = '{{ field }}' then 1 else 0 end) = 1 as has_{{ field }}{{ ',' if not loop.last }}
        {%- endfor %}
    from hubspot_changes
    group by record_id, changed_at
),

-- The connector may keep versions of the whole record beside the history of its stages: of one instant these say more.
salesforce_rows as (
    select
        'salesforce' as source_system, opportunity_id, changed_at, vendor_stage, amount, close_on, forecast_category,
        false as has_owner, cast(null as string) as owner_id, 1 as preference, opportunity_history_id as row_id
    from {{ ref('stg_salesforce__opportunity_history') }}
    union all
    select
        'salesforce_connector', opportunity_id, changed_at, vendor_stage, amount, close_on, forecast_category,
        false, null, 1, opportunity_history_id
    from {{ ref('stg_salesforce_connector__opportunity_stage_history') }}
    union all
    select
        'salesforce_connector', opportunity_id, changed_at, vendor_stage, amount, close_on, forecast_category,
        true, owner_id, 0, ''
    from {{ ref('stg_salesforce_connector__opportunity_history') }}
),

salesforce_ranked as (
    select
        *,
        row_number() over (
            partition by source_system, opportunity_id, changed_at order by preference, row_id desc
        ) as row_rank
    from salesforce_rows
    where changed_at is not null
),

changes as (
    select
        source_system, opportunity_id, changed_at,
        true as has_stage, vendor_stage, true as has_amount, amount, true as has_close_on, close_on,
        true as has_category, forecast_category, has_owner, owner_id
    from salesforce_ranked
    where row_rank = 1
    union all
    select
        'hubspot_connector', record_id, changed_at,
        has_dealstage, dealstage,
        has_amount, try_cast(amount as decimal(18, 2)),
        has_closedate, {{ business_day(time_of_text('closedate')) }},
        has_hs_manual_forecast_category, hs_manual_forecast_category,
        has_hubspot_owner_id, hubspot_owner_id
    from hubspot_instants
)

select
    {{ surrogate_key(["'opportunity'", "source_system", "opportunity_id"]) }} as opportunity_key,
    changes.*
from changes
