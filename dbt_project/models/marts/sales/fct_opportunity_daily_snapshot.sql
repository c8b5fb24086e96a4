with lives as (
    select
        states.*,
        records.account_key,
        records.pipeline,
        {{ business_day('records.created_at') }} as created_on,
        -- Open: every day of the state; closed: the closing day only.
        case
            when states.is_closing then states.from_day
            when states.is_open then coalesce(cast({{ add_days('states.to_day', -1) }} as date), {{ as_of_day() }})
        end as last_day
    from {{ ref('int_opportunity_day_states') }} as states
    inner join {{ ref('int_opportunity_records') }} as records on states.opportunity_key = records.opportunity_key
),

daily as (
    select
        {{ explode_days('from_day', 'last_day') }} as snapshot_date,
        lives.*
    from lives
    where last_day is not null
)

select
    snapshot_date,
    opportunity_key,
    source_system,
    account_key,
    owner_key,
    pipeline,
    vendor_stage,
    stage,
    outcome,
    is_open,
    forecast_category,
    amount,
    currency,
    close_on,
    {{ date_diff_days('created_on', 'snapshot_date') }} as age_days,
    {{ as_of_day() }} as as_of
from daily
