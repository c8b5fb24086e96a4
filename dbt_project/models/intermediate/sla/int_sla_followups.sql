-- One row per journey under an agreement: how much was tried by as_of, over how many working days, and whether anyone talked.
select
    spells.person_key,
    spells.spell_no,
    count(activities.activity_key) as n_attempts,
    count(distinct activities.activity_type) as n_channels,
    coalesce(bool_or(activities.is_two_way and activities.held_at is not null), false) as has_two_way_contact,
    count(distinct case when days.is_business_day then days.day end) as n_days_touched,
    {{ date_diff_days(business_day('min(activities.occurred_at)'), business_day('max(activities.occurred_at)')) }} as days_spanned
from {{ ref('int_sla_spells') }} as spells
left join {{ ref('fct_activity') }} as activities
    on spells.person_key = activities.person_key
        and activities.is_human
        and not activities.is_hollow
        and activities.occurred_at >= spells.mql_at
        and (spells.ended_at is null or activities.occurred_at <= spells.ended_at)
left join {{ source('tandem', 'calendar_day') }} as days
    on spells.calendar = days.calendar and {{ business_day('activities.occurred_at') }} = days.day
group by spells.person_key, spells.spell_no
