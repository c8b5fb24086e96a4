-- One row per journey under an agreement: how much was tried by as_of, over how many working days, and whether anyone talked.
with tried as (
    select
        touches.person_key,
        touches.spell_no,
        count(*) as n_attempts,
        count(distinct touches.activity_type) as n_channels,
        bool_or(touches.is_two_way and touches.held_at is not null) as has_two_way_contact,
        count(distinct case when days.is_business_day then days.day end) as n_days_touched,
        {{ date_diff_days(business_day('min(touches.occurred_at)'), business_day('max(touches.occurred_at)')) }} as days_spanned
    from {{ ref('int_sla_touches') }} as touches
    left join {{ source('tandem', 'calendar_day') }} as days
        on touches.calendar = days.calendar and {{ business_day('touches.occurred_at') }} = days.day
    where not touches.is_hollow
    group by touches.person_key, touches.spell_no
)

select
    spells.person_key,
    spells.spell_no,
    coalesce(tried.n_attempts, 0) as n_attempts,
    coalesce(tried.n_channels, 0) as n_channels,
    coalesce(tried.has_two_way_contact, false) as has_two_way_contact,
    coalesce(tried.n_days_touched, 0) as n_days_touched,
    tried.days_spanned
from {{ ref('int_sla_spells') }} as spells
left join tried on spells.person_key = tried.person_key and spells.spell_no = tried.spell_no
