-- One row per objective of a volume and day of its period by as_of: what the end of the period will bring, and how sure that is.
-- For a stage of the funnel: what has come and what journeys under way still bring (`int_objective_still_to_come`). Else
-- two opinions weighed by their variance: what earlier periods brought, and what this one has brought so far over the share
-- that had usually come by then. Known on the day: only earlier days and periods that were over before this one.
{%- set error_of_what_was_learnt = 0.05 %}
with past as (
    select
        objective_id,
        periods_back,
        past_first,
        total,
        avg(total) over (
            partition by objective_id order by periods_back desc rows between 4 preceding and 1 preceding
        ) as mean_before,
        count(*) over (
            partition by objective_id order by periods_back desc rows between 4 preceding and 1 preceding
        ) as n_before
    from {{ ref('int_objective_past_periods') }}
),

prior as (
    select
        objective_id,
        avg(case when periods_back <= 4 then total end) as prior_mean,
        -- How far a period was from the mean of the four before it.
        greatest(0.01, least(1.0, coalesce(
            cast(avg(case when n_before >= 2 and mean_before > 0
                then cast(power(total / mean_before - 1, 2) as decimal(38, 12)) end) as double), 0.25
        ))) as prior_variance
    from past
    group by objective_id
),

-- How much days scatter, over the year before the period: variance over mean, which is 1 for independent single events.
scatter as (
    select
        objectives.objective_id,
        cast(sum(cast(power(cast(actuals.actual_numerator as double), 2) as decimal(38, 8))) as double) as squares,
        cast(sum(actuals.actual_numerator) as double) as total,
        {{ date_diff_days('greatest(min(actuals.metric_date), max(objectives.period_first) - 365)', 'max(objectives.period_first)') }}
            as n_days
    from {{ source('tandem', 'objective') }} as objectives
    inner join {{ ref('int_objective_actuals') }} as actuals
        on objectives.objective_id = actuals.objective_id
            and actuals.metric_date < objectives.period_first
            and {{ date_diff_days('actuals.metric_date', 'objectives.period_first') }} <= 365
    group by objectives.objective_id
),

to_date as (
    select
        curves.objective_id,
        curves.pacing_date,
        curves.history_share,
        curves.share_variance,
        curves.noise_per_event,
        sum(coalesce(actuals.actual_numerator, 0)) over (
            partition by curves.objective_id order by curves.pacing_date rows between unbounded preceding and current row
        ) as actual_to_date
    from {{ ref('int_objective_curves') }} as curves
    left join {{ ref('int_objective_actuals') }} as actuals
        on curves.objective_id = actuals.objective_id and curves.pacing_date = actuals.metric_date
    where curves.pacing_date <= {{ as_of_day() }}
),

weighed as (
    select
        to_date.objective_id,
        to_date.pacing_date,
        cast(to_date.actual_to_date as double) as actual_to_date,
        least(1.0, greatest(0.0, to_date.history_share)) as share,
        to_date.share_variance,
        to_date.noise_per_event,
        prior.prior_mean,
        prior.prior_variance * power(greatest(cast(prior.prior_mean as double), 1e-9), 2) as prior_square,
        coalesce(greatest(1e-9, case when scatter.total > 0 then (scatter.squares - power(scatter.total, 2) / greatest(scatter.n_days, 1))
            / scatter.total end), 1.0) as dispersion
    from to_date
    inner join {{ source('tandem', 'objective') }} as objectives
        on to_date.objective_id = objectives.objective_id and objectives.denominator is null
    left join prior on to_date.objective_id = prior.objective_id
    left join scatter on to_date.objective_id = scatter.objective_id
),

sized as (
    select
        *,
        case when share > 0 then actual_to_date / share end as pace_total,
        greatest(coalesce(cast(prior_mean as double), 0), coalesce(case when share > 0 then actual_to_date / share end, 0), 1e-9)
            as size,
        -- By how much the share itself differs from period to period, the chance of single events taken out.
        greatest(0.0, share_variance - dispersion * share * (1 - share) * noise_per_event) as share_square
    from weighed
),

-- Errors of the two without what chance does to the days to come, which both share.
opinions as (
    select
        *,
        case when share > 0
            then greatest(dispersion * size * power(1 - share, 2) / share + power(size / share, 2) * share_square, 1e-9)
        end as pace_square,
        greatest(power(1 - share, 2) * prior_square, 1e-9) as before_square,
        actual_to_date + (1 - share) * cast(prior_mean as double) as before_total
    from sized
),

weighted as (
    select
        *,
        case
            when before_total is null then pace_total
            when pace_total is null then before_total
            else (pace_total / pace_square + before_total / before_square) / (1 / pace_square + 1 / before_square)
        end as expected_total,
        case
            when before_total is null then pace_square
            when pace_total is null then before_square
            else 1 / (1 / pace_square + 1 / before_square)
        end as expected_square
    from opinions
),

spread as (
    select
        objective_id,
        pacing_date,
        actual_to_date,
        share,
        expected_total,
        sqrt(expected_square + dispersion * (1 - share) * size) as deviation
    from weighted
),

-- Where journeys say what still comes: chance of single events (of amounts, as they scatter), and what was learnt may be off.
spoken as (
    select
        spread.objective_id,
        spread.pacing_date,
        spread.actual_to_date,
        spread.share,
        coalesce(spread.actual_to_date + coming.still_to_come, spread.expected_total) as expected_total,
        coalesce(
            sqrt(
                coming.still_to_come * case when objectives.currency is null then 1.0 else sized.dispersion end
                    + power({{ error_of_what_was_learnt }} * coming.still_to_come, 2)
            ),
            spread.deviation
        ) as deviation
    from spread
    inner join sized on spread.objective_id = sized.objective_id and spread.pacing_date = sized.pacing_date
    inner join {{ source('tandem', 'objective') }} as objectives on spread.objective_id = objectives.objective_id
    left join {{ ref('int_objective_still_to_come') }} as coming
        on spread.objective_id = coming.objective_id and spread.pacing_date = coming.pacing_date
)

select
    objective_id,
    pacing_date,
    case when share >= 1 then actual_to_date else greatest(actual_to_date, expected_total) end as forecast,
    case when share >= 1 then actual_to_date else greatest(actual_to_date, expected_total - 1.2815515655446004 * deviation) end
        as forecast_p10,
    case when share >= 1 then actual_to_date else greatest(actual_to_date, expected_total + 1.2815515655446004 * deviation) end
        as forecast_p90
from spoken
where expected_total is not null
