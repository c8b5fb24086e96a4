-- How long a value that went stale waits until somebody vouches for it again, those still waiting counted for as long as they do
-- (Kaplan-Meier). Spells that began in the last year, of fields that are required now; saving a record ends none.
{%- set window_days = 365 %}
{%- set term_days = 30 %}
with judged as (
    select
        field_values.source_system, field_values.entity_type, field_values.record_id, field_values.field_name,
        field_values.status, field_rule.steward_team, field_rule.sla_days, records.created_at
    from {{ ref('int_crm_field_values') }} as field_values
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on field_values.entity_type = field_rule.entity_type
            and field_values.field_name = field_rule.field_name
            and field_rule.sla_days is not null
    inner join {{ ref('int_crm_records') }} as records
        on field_values.source_system = records.source_system
            and field_values.entity_type = records.entity_type
            and field_values.record_id = records.record_id
    where field_values.is_required and field_values.status in ('fresh', 'stale')
),

vouchers as (
    select source_system, entity_type, record_id, field_name, changed_at as vouched_at
    from {{ ref('int_field_changes_unioned') }}
    where is_human and not is_cleared and changed_at < {{ as_of_at() }}
    union all
    select source_system, entity_type, record_id, field_name, verified_at
    from {{ ref('int_field_verifications_unioned') }}
    where outcome = 'confirmed'
    union all
    select source_system, entity_type, record_id, field_name, created_at
    from judged
    where created_at is not null
),

spells as (
    select
        judged.entity_type,
        judged.field_name,
        judged.steward_team,
        judged.status,
        {{ add_days('vouchers.vouched_at', 'judged.sla_days') }} as stale_at,
        lead(vouchers.vouched_at) over (
            partition by judged.source_system, judged.entity_type, judged.record_id, judged.field_name
            order by vouchers.vouched_at
        ) as mended_at
    from judged
    inner join vouchers
        on judged.source_system = vouchers.source_system
            and judged.entity_type = vouchers.entity_type
            and judged.record_id = vouchers.record_id
            and judged.field_name = vouchers.field_name
),

stale_spells as (
    select
        entity_type,
        field_name,
        steward_team,
        mended_at is not null as is_mended,
        {{ days_between('stale_at', as_of_at()) }} as days_since,
        cast(ceil({{ days_between('stale_at', 'coalesce(mended_at, ' ~ as_of_at() ~ ')') }}) as integer) as exit_days,
        case when mended_at is not null then 1 else 0 end as cause
    from spells
    where stale_at < coalesce(mended_at, {{ as_of_at() }})
        and {{ days_between('stale_at', as_of_at()) }} <= {{ window_days }}
        -- What ended otherwise, by a change that exports alone show, tells no day.
        and (mended_at is not null or status = 'stale')
),

counted as (
    select
        entity_type,
        field_name,
        steward_team,
        count(*) as n_went_stale,
        count(*) filter (where is_mended) as n_mended,
        count(*) filter (where days_since >= {{ term_days }}) as n_due,
        count(*) filter (where days_since >= {{ term_days }} and is_mended and exit_days <= {{ term_days }}) as n_mended_in_time
    from stale_spells
    group by entity_type, field_name, steward_team
),

medians as (
    select entity_type, field_name, steward_team, min(day) as days_to_mend_p50
    from {{ aalen_johansen('stale_spells', ['entity_type', 'field_name', 'steward_team']) }} as curves
    where incidence_reached >= 0.5
    group by entity_type, field_name, steward_team
)

select
    counted.entity_type,
    counted.field_name,
    counted.steward_team,
    counted.n_went_stale,
    counted.n_mended,
    counted.n_went_stale - counted.n_mended as n_waiting,
    cast(medians.days_to_mend_p50 as integer) as days_to_mend_p50,
    counted.n_due,
    {{ ratio('counted.n_mended_in_time', 'counted.n_due') }} as mended_in_30_days_rate,
    {{ as_of_day() }} as as_of
from counted
left join medians
    on counted.entity_type = medians.entity_type
        and counted.field_name = medians.field_name
        and counted.steward_team = medians.steward_team
