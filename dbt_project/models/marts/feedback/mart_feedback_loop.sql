with answered as (
    select
        cast(date_trunc('month', dispositions.disposed_on) as date) as period_month,
        dispositions.channel,
        dispositions.reason_code,
        case when feedback.acknowledged_on is not null then 1 else 0 end as is_acknowledged,
        -- A lead that went back after marketing had read of the others was read of in time.
        case when {{ date_diff_days('dispositions.disposed_on', 'feedback.acknowledged_on') }} <= 14 then 1 else 0 end
            as is_acknowledged_in_time,
        case when feedback.changed_on is not null then 1 else 0 end as is_changed,
        case when feedback.declined_on is not null then 1 else 0 end as is_declined
    from {{ ref('int_dispositions_answered') }} as dispositions
    left join {{ source('tandem', 'feedback') }} as feedback on dispositions.feedback_id = feedback.feedback_id
)

select
    period_month,
    channel,
    reason_code,
    count(*) as n_sent_back,
    count(case when reason_code <> 'not_said' then 1 end) as n_with_reason,
    cast(sum(is_acknowledged) as bigint) as n_acknowledged,
    cast(sum(is_acknowledged_in_time) as bigint) as n_acknowledged_in_time,
    cast(sum(is_changed) as bigint) as n_changed,
    cast(sum(is_declined) as bigint) as n_declined,
    {{ as_of_day() }} as as_of
from answered
group by period_month, channel, reason_code
