-- How long a value that went stale waits until somebody vouches for it again, those still waiting counted for as long as they do
-- (Kaplan-Meier). Spells that began in the last year, of fields that are required now; saving a record ends none.
{%- set window_days = 365 %}
{%- set term_days = 30 %}
with rules as (
    select rule_no, entity_type, field_name, steward_team, sla_days
    from {{ source('tandem', 'field_rule') }}
    where sla_days is not null
),

judged as (
    select verdicts.record_no, verdicts.rule_no, cast(verdicts.status as string) as status, rules.sla_days, records.created_at
    from {{ ref('int_crm_verdicts') }} as verdicts
    inner join rules on verdicts.rule_no = rules.rule_no
    inner join {{ ref('int_crm_records') }} as records on verdicts.record_no = records.record_no
    where verdicts.is_required and verdicts.status in ('fresh', 'stale')
),

vouched as (
    select source_system, entity_type, record_id, field_name, changed_at as vouched_at
    from {{ ref('int_field_changes_unioned') }}
    where is_human and not is_cleared and changed_at < {{ as_of_at() }}
    union all
    select source_system, entity_type, record_id, field_name, verified_at
    from {{ ref('int_field_verifications_unioned') }}
    where outcome = 'confirmed'
),

-- By numbers, because they are sorted.
vouchers as (
    select records.record_no, rules.rule_no, vouched.vouched_at
    from vouched
    inner join rules on vouched.entity_type = rules.entity_type and vouched.field_name = rules.field_name
    inner join {{ ref('int_crm_records') }} as records
        on vouched.source_system = records.source_system
            and vouched.entity_type = records.entity_type
            and vouched.record_id = records.record_id
    union all
    select record_no, rule_no, created_at
    from judged
    where created_at is not null
),

spells as (
    select
        judged.rule_no,
        judged.status,
        {{ add_days('vouchers.vouched_at', 'judged.sla_days') }} as stale_at,
        lead(vouchers.vouched_at) over (
            partition by judged.record_no, judged.rule_no order by vouchers.vouched_at
        ) as mended_at
    from judged
    inner join vouchers on judged.record_no = vouchers.record_no and judged.rule_no = vouchers.rule_no
),

stale_spells as (
    select
        rule_no,
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
        rule_no,
        count(*) as n_went_stale,
        count(*) filter (where is_mended) as n_mended,
        count(*) filter (where days_since >= {{ term_days }}) as n_due,
        count(*) filter (where days_since >= {{ term_days }} and is_mended and exit_days <= {{ term_days }}) as n_mended_in_time
    from stale_spells
    group by rule_no
),

medians as (
    select rule_no, min(day) as days_to_mend_p50
    from {{ aalen_johansen('stale_spells', ['rule_no']) }} as curves
    where incidence_reached >= 0.5
    group by rule_no
)

select
    rules.entity_type,
    rules.field_name,
    rules.steward_team,
    counted.n_went_stale,
    counted.n_mended,
    counted.n_went_stale - counted.n_mended as n_waiting,
    cast(medians.days_to_mend_p50 as integer) as days_to_mend_p50,
    counted.n_due,
    {{ ratio('counted.n_mended_in_time', 'counted.n_due') }} as mended_in_30_days_rate,
    {{ as_of_day() }} as as_of
from counted
inner join rules on counted.rule_no = rules.rule_no
left join medians on counted.rule_no = medians.rule_no
