{#- MQLs of so many days before and since the change, each judged once it has had as many days to be sent back. #}
{%- set window_days = 90 %}
{%- set horizon_days = 30 %}
with sent_back as (
    select feedback_id, count(*) as n_sent_back
    from {{ ref('int_dispositions_answered') }}
    where feedback_id is not null
    group by feedback_id
),

journeys as (
    select
        person_key, spell_no, channel, {{ business_day('mql_at') }} as mql_on, mql_at
    from {{ ref('rpt_lead_to_revenue') }}
    where mql_at is not null
        and mql_at < {{ add_days(as_of_at(), -horizon_days) }}
        and not has_imputed_stage
),

-- Each MQL near a change, whether what was changed is about its channel, and whether it went back for one of the reasons.
cohorts as (
    select
        feedback.feedback_id,
        journeys.mql_on >= feedback.changed_on as is_since,
        max(case when cells.channel in ('*', journeys.channel) then 1 else 0 end) as is_about,
        max(case when dispositions.person_key is not null then 1 else 0 end) as is_sent_back,
        journeys.person_key,
        journeys.spell_no
    from {{ source('tandem', 'feedback') }} as feedback
    inner join journeys
        on journeys.mql_on >= {{ add_days('feedback.changed_on', -window_days) }}
            and journeys.mql_on < {{ add_days('feedback.changed_on', window_days) }}
    inner join {{ source('tandem', 'feedback_cell') }} as cells on feedback.feedback_id = cells.feedback_id
    left join {{ ref('int_dispositions_answered') }} as dispositions
        on journeys.person_key = dispositions.person_key
            and journeys.spell_no = dispositions.spell_no
            and cells.reason_code = dispositions.reason_code
            and dispositions.disposed_at < {{ add_days('journeys.mql_at', horizon_days) }}
    group by feedback.feedback_id, journeys.mql_on >= feedback.changed_on, journeys.person_key, journeys.spell_no
),

counted as (
    select
        feedback_id,
        {%- for about, name in [(1, ''), (0, '_elsewhere')] %}
        {%- for since, span in [('not is_since', 'before'), ('is_since', 'since')] %}
        count(case when is_about = {{ about }} and {{ since }} then 1 end) as n_{{ span }}{{ name }},
        count(case when is_about = {{ about }} and {{ since }} and is_sent_back = 1 then 1 end) as k_{{ span }}{{ name }}
            {%- if not (loop.last and about == 0) %},{% endif %}
        {%- endfor %}
        {%- endfor %}
    from cohorts
    group by feedback_id
),

rated as (
    select
        feedback_id,
        n_before, k_before, n_since, k_since,
        {{ ratio('k_before', 'n_before') }} as rate_before,
        {{ ratio('k_since', 'n_since') }} as rate_since,
        {{ ratio('k_before_elsewhere', 'n_before_elsewhere') }} as rate_before_elsewhere,
        {{ ratio('k_since_elsewhere', 'n_since_elsewhere') }} as rate_since_elsewhere,
        {{ wilson_bound('k_before', 'n_before', -1) }} as low_before,
        {{ wilson_bound('k_before', 'n_before', 1) }} as high_before,
        {{ wilson_bound('k_since', 'n_since', -1) }} as low_since,
        {{ wilson_bound('k_since', 'n_since', 1) }} as high_since
    from counted
),

-- Newcombe's interval of a difference of two shares, out of the Wilson interval of each.
compared as (
    select
        *,
        rate_since - rate_before as effect,
        rate_since - rate_before - sqrt(power(rate_since - low_since, 2) + power(high_before - rate_before, 2)) as effect_low,
        rate_since - rate_before + sqrt(power(high_since - rate_since, 2) + power(rate_before - low_before, 2)) as effect_high
    from rated
)

select
    feedback.feedback_id,
    feedback.label_en,
    feedback.label_fr,
    feedback.reasons,
    feedback.channels,
    feedback.first_day,
    feedback.last_day,
    coalesce(sent_back.n_sent_back, 0) as n_sent_back,
    feedback.acknowledged_on,
    {{ date_diff_days('feedback.last_day', 'feedback.acknowledged_on') }} as days_to_acknowledge,
    feedback.changed_on,
    feedback.change_kind,
    feedback.change_text,
    feedback.declined_on,
    feedback.declined_reason,
    case
        when feedback.acknowledged_on is null then 'open'
        when feedback.declined_on is not null then 'declined'
        when feedback.changed_on is null then 'acknowledged'
        when coalesce(compared.n_since, 0) < 10 or compared.n_before < 10 then 'too_early'
        when compared.effect_high < 0 then 'fewer'
        when compared.effect_low > 0 then 'more'
        else 'no_difference'
    end as state,
    compared.n_before as mqls_before,
    compared.k_before as sent_back_before,
    compared.rate_before,
    compared.n_since as mqls_since,
    compared.k_since as sent_back_since,
    compared.rate_since,
    compared.effect,
    compared.effect_low,
    compared.effect_high,
    compared.rate_before_elsewhere,
    compared.rate_since_elsewhere,
    {{ as_of_day() }} as as_of
from {{ source('tandem', 'feedback') }} as feedback
left join sent_back on feedback.feedback_id = sent_back.feedback_id
left join compared on feedback.feedback_id = compared.feedback_id
