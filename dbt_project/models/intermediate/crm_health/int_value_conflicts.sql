-- One row per person or company and field of which somebody vouches, within the limit, for two different values.
with contenders as (
    select
        records.subject_key, crm_values.source_system, crm_values.entity_type, crm_values.record_id, crm_values.field_name,
        field_rule.sla_days, crm_values.field_value,
        min(crm_values.field_value) over (partition by records.subject_key, crm_values.field_name) as first_value,
        max(crm_values.field_value) over (partition by records.subject_key, crm_values.field_name) as last_value
    from (
        select source_system, entity_type, record_id, field_name, {{ comparable_value('field_name', 'field_value') }} as field_value
        from {{ ref('int_crm_values') }}
        where field_value is not null
    ) as crm_values
    inner join {{ source('tandem', 'field_rule') }} as field_rule
        on crm_values.entity_type = field_rule.entity_type
            and crm_values.field_name = field_rule.field_name
            and field_rule.is_single_valued
    inner join {{ ref('int_crm_records') }} as records
        on crm_values.source_system = records.source_system
            and crm_values.entity_type = records.entity_type
            and crm_values.record_id = records.record_id
    where records.subject_key is not null
),

vouchers as (
    select source_system, entity_type, record_id, field_name, changed_at as vouched_at
    from {{ ref('int_field_changes_unioned') }}
    where is_human and not is_cleared and changed_at < {{ as_of_at() }}
    union all
    select source_system, entity_type, record_id, field_name, verified_at
    from {{ ref('int_field_verifications_unioned') }}
    where outcome = 'confirmed'
)

select contenders.subject_key, contenders.field_name
from contenders
inner join vouchers
    on contenders.source_system = vouchers.source_system
        and contenders.entity_type = vouchers.entity_type
        and contenders.record_id = vouchers.record_id
        and contenders.field_name = vouchers.field_name
where contenders.first_value <> contenders.last_value
    and {{ days_between('vouchers.vouched_at', as_of_at()) }} <= contenders.sla_days
group by contenders.subject_key, contenders.field_name
having count(distinct contenders.field_value) > 1
