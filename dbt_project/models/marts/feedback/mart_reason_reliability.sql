with dispositions as (
    select
        cast(date_trunc('quarter', disposed_on) as date) as quarter_start,
        source_system,
        channel,
        disposition,
        reason_code,
        actor_key
    from {{ ref('int_dispositions_answered') }}
),

totals as (
    select
        quarter_start,
        source_system,
        count(*) as n_sent_back,
        count(case when reason_code <> 'not_said' then 1 end) as n_with_reason,
        count(case when reason_code = 'other' then 1 end) as n_other,
        count(distinct case when reason_code <> 'not_said' then actor_key end) as n_reps
    from dispositions
    group by quarter_start, source_system
),

-- Leads of one channel that ended in one way are alike: of them two reps should give the reasons in the same proportions.
by_rep as (
    select quarter_start, source_system, channel, disposition, actor_key, reason_code, cast(count(*) as double) as n
    from dispositions
    where reason_code <> 'not_said' and actor_key is not null
    group by quarter_start, source_system, channel, disposition, actor_key, reason_code
),

by_reason as (
    select quarter_start, source_system, channel, disposition, reason_code, sum(n) as n, sum(n * n) as squares
    from by_rep
    group by quarter_start, source_system, channel, disposition, reason_code
),

rep_sizes as (
    select quarter_start, source_system, channel, disposition, actor_key, sum(n) as n
    from by_rep
    group by quarter_start, source_system, channel, disposition, actor_key
),

-- Pairs of leads: of one reason, and all; of one rep, and of any.
alike as (
    select quarter_start, source_system, channel, disposition, sum(n * n) as same_reason, sum(squares) as same_rep_and_reason,
        sum(n) as n
    from by_reason
    group by quarter_start, source_system, channel, disposition
),

sizes as (
    select quarter_start, source_system, channel, disposition, sum(n * n) as same_rep
    from rep_sizes
    group by quarter_start, source_system, channel, disposition
),

pairs as (
    select
        alike.quarter_start,
        alike.source_system,
        sum(alike.same_reason - alike.same_rep_and_reason) as agreeing_between,
        sum(alike.n * alike.n - sizes.same_rep) as pairs_between,
        -- A lead is no pair with itself.
        sum(alike.same_rep_and_reason - alike.n) as agreeing_within,
        sum(sizes.same_rep - alike.n) as pairs_within
    from alike
    inner join sizes
        on alike.quarter_start = sizes.quarter_start
            and alike.source_system = sizes.source_system
            and alike.channel = sizes.channel
            and alike.disposition = sizes.disposition
    group by alike.quarter_start, alike.source_system
),

agreed as (
    select
        totals.*,
        -- Of few pairs the share says nothing; each pair is counted in both orders.
        case when pairs.pairs_between >= 200 and pairs.pairs_within >= 200 then pairs.agreeing_between / pairs.pairs_between end
            as agreement_between_reps,
        case when pairs.pairs_between >= 200 and pairs.pairs_within >= 200 then pairs.agreeing_within / pairs.pairs_within end
            as agreement_within_reps
    from totals
    left join pairs on totals.quarter_start = pairs.quarter_start and totals.source_system = pairs.source_system
)

select
    quarter_start,
    source_system,
    n_sent_back,
    n_with_reason,
    n_other,
    n_reps,
    {{ ratio('n_with_reason', 'n_sent_back') }} as reason_given_rate,
    {{ ratio('n_other', 'n_with_reason') }} as other_rate,
    coalesce({{ ratio('n_other', 'n_with_reason') }} > 0.1, false) as has_too_many_other,
    agreement_between_reps,
    agreement_within_reps,
    {{ ratio('agreement_between_reps', 'agreement_within_reps') }} as agreement_ratio,
    {{ as_of_day() }} as as_of
from agreed
