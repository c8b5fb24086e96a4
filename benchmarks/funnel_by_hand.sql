-- The funnel's marts as somebody would write them who knows DuckDB, has these tables before him and needs no other engine.
-- Each statement is one mart; `benchmarks/funnel.py` times it and compares its rows with the model's.

-- fct_opportunity
create table hand.fct_opportunity as
select opportunity_key, source_system, person_key, account_key, owner_key, pipeline, vendor_stage, product, origin_channel, channel,
    outcome, outcome = 'open' as is_open, is_closed, is_won, amount, currency, created_at, is_created_imputed, sqo_at, closed_at,
    is_closed_imputed, as_of
from intermediate.int_opportunities_unioned, raw.night where created_at < as_of_at;

-- rpt_lead_to_revenue
create table hand.rpt_lead_to_revenue as
with t as (
    select person_key, spell_no,
        max(occurred_at) filter (stage = 'inquiry') as inquiry_at, max(occurred_at) filter (stage = 'mql') as mql_at,
        max(occurred_at) filter (stage = 'sal') as sal_at, max(occurred_at) filter (stage = 'sql') as sql_at,
        max(occurred_at) filter (stage = 'sqo') as sqo_at, max(occurred_at) filter (stage = 'customer') as won_at,
        bool_or(is_skipped) as has_imputed_stage
    from intermediate.int_person_stages_completed group by all
)
select s.person_key, s.spell_no, p.account_key, p.source_system, p.origin_channel, p.channel, t.* exclude (person_key, spell_no),
    if(s.outcome = 'lost', s.ended_at, null) as lost_at, if(s.outcome = 'recycled', s.ended_at, null) as recycled_at,
    s.outcome, s.outcome_reason, s.opportunity_key, s.amount, s.currency, s.stream, s.reason_code,
    coalesce(mql_at < inquiry_at or sal_at < mql_at or sql_at < sal_at or sqo_at < sql_at or won_at < sqo_at, false)
        as has_dates_out_of_order,
    o.entity_key is not null and s.outcome = 'open' as is_no_decision_due
from intermediate.int_spells_classified s
join marts.dim_person p using (person_key)
left join t using (person_key, spell_no)
left join intermediate.int_stays_overdue o on o.entity_type = 'person' and o.entity_key = s.person_key and o.spell_no = s.spell_no;

-- mart_funnel_cohort
create macro hand.t975(df) as case df when 1 then 12.706204736174698 when 2 then 4.302652729749462
    else list_sum(list_transform([1.959963984540054, 2.372271230298562, 2.8224986157396112, 2.555849679507722, 1.5895340533938225], lambda c, i: c / df ** (i - 1))) end;
create table hand.mart_funnel_cohort as
with night as (select as_of_at from raw.night),
t as (
    select person_key, spell_no, map(list(stage), list({'at': occurred_at, 'undated': is_undated})) as at
    from intermediate.int_person_stages_completed group by all
),
pairs as (
    select x.*, s.stream, s.outcome, p.channel, p.source_system, h.observed_from,
        coalesce(a.account_key, person_key) as account,
        t.at[x.from_stage].at as entered_at, t.at[x.to_stage].at as reached_at,
        if(s.outcome in ('lost', 'recycled'), s.ended_at, null) as ended_at,
        coalesce(t.at[x.to_stage].undated, s.is_end_undated) as is_exit_undated
    from t
    join intermediate.int_spells_classified s using (person_key, spell_no)
    join intermediate.int_persons_merged p using (person_key)
    join marts.dim_person a using (person_key)
    left join (select i.person_key, max(observed_from) as observed_from
        from intermediate.int_people_identified i join intermediate.int_history_starts using (source_system) group by all) h
        using (person_key)
    join seeds.funnel_transitions x on t.at[x.from_stage] is not null
    where not t.at[x.from_stage].undated
),
timed as (
    select *, entered_at + to_days(horizon_days) as horizon_at,
        case when reached_at is not null then 1 when outcome = 'lost' then 2 when outcome = 'recycled' then 3 else 0 end as how,
        coalesce(reached_at, ended_at, as_of_at) as exited_at, as_of_at
    from pairs, night
),
spells as (
    select *, date_trunc('month', timezone('Europe/Paris', timezone('UTC', entered_at)))::date as cohort_month,
        if(not is_exit_undated and exited_at >= entered_at, how, null) as cause,
        ceil((epoch(exited_at) - epoch(entered_at)) / 86400)::int as exit_days,
        floor(greatest((epoch(observed_from) - epoch(entered_at)) / 86400, 0))::int as entry_days
    from timed
),
counted as (
    select cohort_month, from_stage, to_stage, horizon_days, channel, stream, source_system, cause, exit_days, entry_days,
        count(*) as n, count_if(coalesce(reached_at <= horizon_at, false)) as n_converted,
        count_if(not coalesce(reached_at <= horizon_at, false) and not coalesce(ended_at <= horizon_at, false)
            and horizon_at > as_of_at) as n_pending,
        count_if(outcome = 'won') as n_won, count_if(outcome = 'lost') as n_lost,
        count_if(outcome = 'recycled') as n_recycled, count_if(outcome = 'open') as n_open
    from spells group by all
),
segmented as (
    select cohort_month, from_stage, to_stage, horizon_days,
        unnest(['all', 'channel=' || channel, 'stream=' || stream, 'source_system=' || source_system]) as segment,
        columns(* exclude (cohort_month, from_stage, to_stage, horizon_days, channel, stream, source_system))
    from counted
),
totals as (
    select cohort_month, from_stage, to_stage, segment, horizon_days, hash(cohort_month, from_stage, to_stage, segment) as cell,
        sum(n) as n_entered, sum(n_converted) as n_converted,
        sum(n_pending) as n_pending, sum(n_won) as n_won, sum(n_lost) as n_lost, sum(n_recycled) as n_recycled,
        sum(n_open) as n_open,
        coalesce(sum(n) filter (cause is not null and exit_days >= horizon_days
            and (coalesce(entry_days, 0) = 0 or entry_days < horizon_days)), 0) as n_at_risk
    from segmented group by all
),
moves as (
    select hash(cohort_month, from_stage, to_stage, segment) as cell, horizon_days,
        unnest([exit_days, if(entry_days > 0, entry_days, -1)]) as day, unnest([-n, n]) as moved,
        unnest([if(cause = 1, n, 0), 0]) as reached, unnest([if(cause > 0, n, 0), 0]) as ended
    from segmented where cause is not null and (coalesce(entry_days, 0) = 0 or entry_days < exit_days)
),
days as (
    select cell, horizon_days, day, sum(moved) as moved, sum(reached) as reached, sum(ended) as ended from moves group by all
),
risk as (
    select *, coalesce(sum(moved) over (partition by cell order by day rows between unbounded preceding and 1 preceding), 0) as n
    from days
),
survival as (
    select * replace (greatest(n, 1) as n), coalesce(product(if(n > 0, 1 - ended / n, 1)) over (
        partition by cell order by day rows between unbounded preceding and 1 preceding), 1) as before
    from risk
),
leads as (
    select unnest([hash(cohort_month, from_stage, to_stage, 'all'), hash(cohort_month, from_stage, to_stage, 'channel=' || channel),
            hash(cohort_month, from_stage, to_stage, 'stream=' || stream),
            hash(cohort_month, from_stage, to_stage, 'source_system=' || source_system)]) as cell,
        account, cause, exit_days, coalesce(entry_days, 0) as entry_days, horizon_days
    from spells where cause is not null
),
curve as (
    select *, sum(before * reached / n) over w as incidence, sum(before * reached / n / n) over w as owns,
        sum(if(ended < n, ended / n / (n - ended), 0)) over w as hazards
    from survival
    window w as (partition by cell order by day rows between unbounded preceding and current row)
),
weighed as (
    select *, sum(if(ended < n, ended / n / (n - ended), 0) * incidence) over (
        partition by cell order by day rows between unbounded preceding and current row) as weighted
    from curve
),
ends as (
    select cell, max(incidence) as incidence, max(owns) as owns, max(hazards) as hazards, max(weighted) as weighted
    from weighed where day <= horizon_days group by all
),
by_account as (
    -- What each lead moves the estimate by, added up by account.
    select l.cell, l.account, sum(
        if(l.cause = 0 or l.exit_days > l.horizon_days, 0, if(l.cause = 1, g.before / g.n, 0)
            - if(g.ended < g.n, (e.incidence - g.incidence) / (g.n - g.ended), 0))
        - if(l.exit_days > l.horizon_days, e.owns, g.owns) + coalesce(c.owns, 0)
        + e.incidence * (if(l.exit_days > l.horizon_days, e.hazards, g.hazards) - coalesce(c.hazards, 0))
        - if(l.exit_days > l.horizon_days, e.weighted, g.weighted) + coalesce(c.weighted, 0)) as moves
    from leads l
    join ends e using (cell)
    join weighed g on g.cell = l.cell and g.day = l.exit_days
    left join weighed c on c.cell = l.cell and c.day = if(l.entry_days > 0, l.entry_days, null)
    where l.entry_days = 0 or (l.entry_days < l.exit_days and l.entry_days < l.horizon_days)
    group by all
),
spreads as (
    select cell, count(*) as n_accounts, sqrt(sum(moves * moves) * n_accounts / (n_accounts - 1)) as spread from by_account group by all
),
estimated as (
    select cell, n_accounts, incidence, hand.t975(n_accounts - 1) * spread / (incidence * abs(ln(nullif(incidence, 0)))) as width
    from ends join spreads using (cell)
)
select t.* exclude (cell), (cohort_month + interval 1 month)::date + to_days(horizon_days) <= as_of_at as is_mature,
    if(is_mature, n_converted / n_entered, null) as rate_fixed_horizon,
    if(n_at_risk >= 10, coalesce(incidence, 0), null) as rate_cumulative_incidence, n_accounts,
    case when n_at_risk < 10 then null when incidence > 1e-12 and incidence < 1 - 1e-12 then incidence ** exp(width)
        when incidence <= 1e-12 then 0 else 1 - 3.841458820694124 / (least(n_accounts, n_at_risk) + 3.841458820694124) end as ci_low,
    case when n_at_risk < 10 then null when incidence > 1e-12 and incidence < 1 - 1e-12 then incidence ** exp(-width)
        when incidence > 0.5 then 1 else 3.841458820694124 / (least(n_accounts, n_at_risk) + 3.841458820694124) end as ci_high
from totals t left join estimated using (cell), night;

-- mart_funnel_period
create table hand.mart_funnel_period as
with entries as (
    select stage, occurred_at, p.channel, s.currency, null::decimal(18, 2) as amount
    from intermediate.int_person_stages_completed c
    join intermediate.int_persons_merged p using (person_key)
    left join raw.source_system s on s.source_system = p.source_system
    where stage not in ('sqo', 'customer') and not (stage = 'inquiry' and spell_no > 1 and is_skipped)
    union all
    select 'sqo', sqo_at, channel, currency, amount from intermediate.int_opportunities_unioned where sqo_at is not null
    union all
    select 'customer', closed_at, channel, currency, amount from intermediate.int_opportunities_unioned where is_won
)
select date_trunc('month', timezone('Europe/Paris', timezone('UTC', occurred_at)))::date as period_month, stage, channel,
    count(*) as n_entries, if(count(distinct currency) = 1, sum(amount)::decimal(18, 2), null) as amount,
    if(count(distinct currency) = 1, min(currency), null) as currency
from entries, raw.night where occurred_at < as_of_at group by all;

-- mart_channel_performance
create table hand.mart_channel_performance as
with entries as (
    select stage, occurred_at, p.channel, s.currency, null::decimal(18, 2) as amount
    from intermediate.int_person_stages_completed c
    join intermediate.int_persons_merged p using (person_key)
    left join raw.source_system s on s.source_system = p.source_system
    where stage in ('inquiry', 'mql') and not (stage = 'inquiry' and spell_no > 1 and is_skipped)
    union all
    select 'sqo', sqo_at, channel, currency, amount from intermediate.int_opportunities_unioned where sqo_at is not null
    union all
    select 'customer', closed_at, channel, currency, amount from intermediate.int_opportunities_unioned where is_won
),
measures as (
    select date_trunc('month', timezone('Europe/Paris', timezone('UTC', occurred_at)))::date as period_month, channel, currency,
        null::decimal(18, 2) as spend, count_if(stage = 'inquiry') as leads, count_if(stage = 'mql') as mqls,
        count_if(stage = 'sqo') as opportunities, count_if(stage = 'customer') as won,
        sum(amount) filter (stage = 'sqo') as pipeline_amount, sum(amount) filter (stage = 'customer') as won_amount
    from entries, raw.night where occurred_at < as_of_at group by all
    union all
    select date_trunc('month', spend_date)::date, channel, currency, sum(spend), 0, 0, 0, 0, null, null
    from marts.fct_campaign_spend_daily group by all
),
summed as (
    select if(grouping(period_month) = 1, null, period_month) as period_month, channel, currency, sum(spend)::decimal(18, 2) as spend,
        sum(leads) as leads, sum(mqls) as mqls, sum(opportunities) as opportunities, sum(won) as won,
        sum(pipeline_amount)::decimal(18, 2) as pipeline_amount, sum(won_amount)::decimal(18, 2) as won_amount
    from measures group by grouping sets ((period_month, channel, currency), (channel, currency))
)
select *, if(leads > 0, spend::double / leads, null) as cost_per_lead, if(mqls > 0, spend::double / mqls, null) as cost_per_mql,
    if(won > 0, spend::double / won, null) as cost_per_won,
    if(spend > 0, (coalesce(won_amount, 0)::double - spend::double) / spend::double, null) as roi
from summed;

-- mart_stage_velocity
create table hand.mart_stage_velocity as
with spells as (
    select person_key, spell_no, channel, source_system, coalesce(lost_at, recycled_at) as ended_at
    from hand.rpt_lead_to_revenue where not has_dates_out_of_order
),
journeys as (
    select x.from_stage, x.to_stage, x.horizon_days, s.channel, s.source_system, null as pipeline, e.occurred_at as entered_at,
        coalesce(r.occurred_at, s.ended_at) as exited_at, r.occurred_at is not null as is_converted
    from intermediate.int_person_stages_completed e
    join seeds.funnel_transitions x on e.stage = x.from_stage
    join spells s using (person_key, spell_no)
    left join intermediate.int_person_stages_completed r
        on r.person_key = e.person_key and r.spell_no = e.spell_no and r.stage = x.to_stage
    where not e.is_imputed and not coalesce(r.is_imputed, false)
),
runs as (
    select v.*, r.pipeline, r.is_created_imputed and version_no = 1 as is_undated,
        count_if(v.vendor_stage is distinct from l or is_open is distinct from o) over (
            partition by opportunity_key order by valid_from) as run_no
    from (select *, lag(vendor_stage) over w as l, lag(is_open) over w as o from intermediate.int_opportunity_versions
        window w as (partition by opportunity_key order by valid_from)) v
    join intermediate.int_opportunity_records r using (opportunity_key)
),
stays as (
    from journeys
    union all
    select vendor_stage, 'any', null, null, source_system, pipeline, min(valid_from),
        if(bool_or(valid_to is null), null, max(valid_to)), true
    from runs where is_open and vendor_stage is not null
    group by opportunity_key, run_no, vendor_stage, source_system, pipeline having not bool_or(is_undated)
),
measured as (
    select *, (epoch(coalesce(exited_at, as_of_at)) - epoch(entered_at)) / 86400 as days from stays, raw.night
),
segmented as (
    select from_stage, to_stage, days, horizon_days, exited_at, is_converted,
        unnest(list_filter([if(to_stage = 'any', null, 'all'), 'channel=' || channel, 'source_system=' || source_system,
            'pipeline=' || pipeline], lambda s: s is not null)) as segment
    from measured where days >= 0
),
exits as (
    select from_stage, to_stage, segment, days, max(horizon_days) as horizon_days, count(*) as n, count(exited_at) as n_exits,
        count_if(is_converted and exited_at is not null) as n_conversions
    from segmented group by all
),
risk as (select *, sum(n) over (partition by from_stage, to_stage, segment order by days desc) as at_risk from exits),
curve as (
    select *, coalesce(product(1 - n_exits / at_risk) over w, 1) as before,
        coalesce(product(1 - n_exits / at_risk) over w, 1) * (1 - n_exits / at_risk) as share_left
    from risk window w as (partition by from_stage, to_stage, segment order by days
        rows between unbounded preceding and 1 preceding)
),
reached as (
    select *, sum(before * n_conversions / at_risk) over (partition by from_stage, to_stage, segment order by days) as converted
    from curve
),
aimed as (
    select *, max(converted) filter (days <= horizon_days) over (partition by from_stage, to_stage, segment) as in_horizon
    from reached
)
select from_stage, to_stage, segment, min(days) filter (share_left <= 0.5 + 1e-9) as p50_days,
    min(days) filter (share_left <= 0.25 + 1e-9) as p75_days, min(days) filter (share_left <= 0.1 + 1e-9) as p90_days,
    sum(n) as n, sum(n - n_exits) as n_censored, sum(n_conversions) as n_converted,
    min(days) filter (in_horizon > 0 and converted >= 0.5 * in_horizon - 1e-9) as converted_p50_days
from aimed group by all;

-- fct_opportunity_daily_snapshot
create table hand.states as
with days as (
    select *, timezone('Europe/Paris', timezone('UTC', valid_from))::date as from_day,
        timezone('Europe/Paris', timezone('UTC', valid_to))::date as to_day
    from intermediate.int_opportunity_versions
)
select *, lag(outcome) over (partition by opportunity_key order by from_day) as previous_outcome,
    not is_open and (previous_outcome is null or previous_outcome = 'open'
        or (outcome <> previous_outcome and outcome <> 'removed')) as is_closing
from days where to_day is null or to_day > from_day;
create table hand.fct_opportunity_daily_snapshot as
select unnest(range(from_day, (if(is_closing, from_day, coalesce(to_day - 1, as_of)) + 1)::date, interval 1 day))::date
        as snapshot_date,
    s.opportunity_key, s.source_system, r.account_key, s.owner_key, r.pipeline, s.vendor_stage, s.stage, s.outcome, s.is_open,
    s.forecast_category, s.amount, r.currency, s.close_on,
    snapshot_date - timezone('Europe/Paris', timezone('UTC', r.created_at))::date as age_days
from hand.states s join intermediate.int_opportunity_records r using (opportunity_key), raw.night
where s.is_open or is_closing;

-- mart_pipeline_waterfall
create table hand.mart_pipeline_waterfall as
with rows as (
    select *, date_trunc('month', snapshot_date)::date as month from hand.fct_opportunity_daily_snapshot, (select as_of from raw.night)
    where not is_open or snapshot_date = as_of or snapshot_date = last_day(snapshot_date)
),
ends as (
    select opportunity_key, month, coalesce(arg_max(currency, snapshot_date), 'unknown') as currency,
        arg_max(outcome, snapshot_date) as outcome, arg_max(is_open, snapshot_date) as is_open,
        arg_max({'a': amount, 'c': close_on}, snapshot_date) as s
    from rows group by all
),
compared as (
    select *, coalesce(s.a, 0) as amount, s.a is null as is_without_amount, month + interval 1 month as next_month,
        is_open and coalesce(s.c < next_month, true) as is_due, lag(month) over w is null as is_new,
        coalesce(lag(is_open) over w, false) as was_open, coalesce(lag(is_due) over w, false) as was_due,
        coalesce(lag(coalesce(s.a, 0)) over w, 0) as earlier, was_open and coalesce(lag(s.c) over w < next_month, true) as due_at_start
    from ends window w as (partition by opportunity_key order by month)
),
moved as (
    select *, due_at_start and not was_due as come_due,
        not is_new and not due_at_start and (is_due or outcome in ('won', 'lost', 'no_decision')) as brought_in,
        (is_new or due_at_start) and ((is_open and not is_due) or outcome = 'removed') as moved_away
    from compared
)
select month as period_month, currency, coalesce(sum(earlier) filter (was_due), 0) as opening,
    coalesce(sum(amount) filter (is_new), 0) as created,
    coalesce(sum(greatest(amount - earlier, 0)) filter (due_at_start), 0) as amount_up,
    coalesce(sum(greatest(earlier - amount, 0)) filter (due_at_start), 0) as amount_down,
    coalesce(sum(if(come_due, earlier, amount)) filter (come_due or brought_in), 0) as moved_in,
    coalesce(sum(amount) filter (moved_away), 0) as moved_out, coalesce(sum(amount) filter (outcome = 'won'), 0) as won,
    coalesce(sum(amount) filter (outcome in ('lost', 'no_decision')), 0) as lost,
    coalesce(sum(amount) filter (is_due), 0) as closing, coalesce(sum(amount) filter (is_open), 0) as open_amount,
    count_if(is_open) as n_open
from moved group by all;

-- mart_pipeline_slippage
create table hand.mart_pipeline_slippage as
with firsts as (select unnest(range(min(from_day), max(as_of), interval 1 day))::date as d from hand.states, raw.night),
months as (select d as month from firsts where day(d) = 1),
due as (
    select m.month as period_month, coalesce(r.currency, 'unknown') as currency, s.opportunity_key, s.amount
    from hand.states s join months m on s.from_day < m.month and coalesce(s.to_day, '9999-01-01') >= m.month
    join intermediate.int_opportunity_records r using (opportunity_key)
    where s.is_open and date_trunc('month', s.close_on) = m.month
),
ends as (
    select m.month as period_month, s.opportunity_key
    from hand.states s join months m
        on s.from_day <= last_day(m.month) and coalesce(s.to_day, '9999-01-01') > last_day(m.month)
    where s.is_open
),
slipped as (
    select period_month, currency, count(*) as n_due, count(e.opportunity_key) as n_slipped, sum(coalesce(amount, 0)) as due_amount,
        coalesce(sum(coalesce(amount, 0)) filter (e.opportunity_key is not null), 0) as slipped_amount
    from due left join ends e using (period_month, opportunity_key) group by all
),
moves as (
    select date_trunc('month', from_day)::date as period_month, coalesce(r.currency, 'unknown') as currency,
        count_if(date_trunc('month', close_on) > date_trunc('month', earlier)) as push_count,
        count_if(date_trunc('month', close_on) < date_trunc('month', earlier)) as pull_in_count
    from (select *, lag(close_on) over w as earlier, is_open and lag(is_open) over w as stays_open from hand.states
        window w as (partition by opportunity_key order by from_day)) s
    join intermediate.int_opportunity_records r using (opportunity_key)
    where stays_open and date_trunc('month', close_on) <> date_trunc('month', earlier) group by all
)
select period_month, currency, coalesce(n_due, 0) as n_due, if(last_day(period_month) <= as_of, coalesce(n_slipped, 0), null) as n_slipped,
    coalesce(due_amount, 0) as due_amount, coalesce(push_count, 0) as push_count, coalesce(pull_in_count, 0) as pull_in_count
from slipped full join moves using (period_month, currency), raw.night where period_month <= as_of;

-- mart_pipeline_coverage
create table hand.mart_pipeline_coverage as
with periods as (
    select distinct month_start as period_first, last_day(month_start) as period_last from marts.dim_date
    union select period_first, period_last from raw.objective
),
stood as (
    select snapshot_date, close_on, currency, sum(amount) as amount, count(*) as n
    from hand.fct_opportunity_daily_snapshot, raw.night
    where is_open and stage = 'sqo' and (snapshot_date = as_of or day(snapshot_date + 1) = 1) group by all
),
due as (
    select period_first, period_last, currency, sum(amount) filter (snapshot_date = period_first - 1) as opening_amount,
        sum(amount) filter (snapshot_date = as_of) as open_amount, sum(n) filter (snapshot_date = as_of) as n_open
    from stood join periods on close_on between period_first and period_last, raw.night
    where snapshot_date in (as_of, period_first - 1) group by all
),
won as (
    select period_first, period_last, currency, sum(amount) as won_amount
    from intermediate.int_opportunities_unioned
    join periods on timezone('Europe/Paris', timezone('UTC', closed_at))::date between period_first and period_last
    where is_won group by all
)
select period_first, period_last, currency, objective_id, coalesce(won_amount, 0) as won_amount, target - won_amount as remaining_amount,
    coalesce(open_amount, 0) as open_amount, coalesce(n_open, 0) as n_open,
    if(period_last > as_of and target > won_amount, open_amount / (target - won_amount), null) as pipeline_coverage
from due full join won using (period_first, period_last, currency)
left join raw.objective using (period_first, period_last, currency), raw.night;

-- mart_win_rate
create table hand.deals as
select opportunity_key, source_system, pipeline, channel, outcome, is_closed, is_won, amount, currency, sqo_at is not null as is_qualified,
    timezone('Europe/Paris', timezone('UTC', created_at))::date as created_on,
    timezone('Europe/Paris', timezone('UTC', closed_at))::date as closed_on, amount * 1.0::decimal(9, 6) as amount_reporting,
    if(is_won and not is_created_imputed and not is_closed_imputed and closed_at >= created_at,
        (epoch(closed_at) - epoch(created_at)) / 86400, null) as cycle_days
from hand.fct_opportunity;
create table hand.mart_win_rate as
with segments as (
    select unnest(list_filter(['all', 'channel=' || channel, 'source_system=' || source_system, 'pipeline=' || pipeline],
        lambda s: s is not null)) as segment, * from hand.deals
),
closed as (
    select date_trunc('month', closed_on)::date as period_month, segment, count(*) as n_closed, count_if(is_won) as n_won,
        count_if(outcome = 'lost') as n_lost, sum(amount_reporting)::decimal(18, 2) as closed_amount,
        sum(amount_reporting) filter (is_won)::decimal(18, 2) as won_amount, quantile_cont(cycle_days, 0.5) as median_cycle_days
    from segments, raw.night where is_closed and closed_on <= as_of group by all
),
created as (
    select date_trunc('month', created_on)::date as period_month, segment, count(*) as n_created,
        count_if(is_won) as n_created_won, count_if(is_closed) as n_created_closed
    from segments group by all
)
select period_month, segment, coalesce(n_closed, 0) as n_closed, coalesce(n_won, 0) as n_won, coalesce(n_lost, 0) as n_lost,
    closed_amount, if(n_closed > 0, coalesce(won_amount, 0), null) as won_amount, median_cycle_days,
    coalesce(n_created, 0) as n_created, coalesce(n_created_won, 0) as n_created_won
from closed full join created using (period_month, segment);

-- mart_pipeline_velocity
create table hand.mart_pipeline_velocity as
with segments as (
    select unnest(list_filter(['all', 'channel=' || channel, 'source_system=' || source_system, 'pipeline=' || pipeline],
        lambda s: s is not null)) as segment, opportunity_key, closed_on, is_closed, is_won, amount, cycle_days
    from hand.deals where is_qualified
),
ends as (
    select date_trunc('month', snapshot_date)::date as period_month, max(snapshot_date) as measured_on
    from hand.fct_opportunity_daily_snapshot group by all
),
opened as (
    select period_month, segment, count(*) as n_open
    from hand.fct_opportunity_daily_snapshot d join ends on snapshot_date = measured_on
    join segments s on s.opportunity_key = d.opportunity_key where d.is_open group by all
),
pace as (
    select period_month, segment, count(*) as n_closed, count_if(is_won) as n_won,
        avg(amount::double) filter (is_won) as average_won_amount, quantile_cont(cycle_days, 0.5) as median_cycle_days
    from ends join segments on closed_on <= measured_on and closed_on > measured_on - 365 where is_closed group by all
)
select period_month, segment, coalesce(n_open, 0) as n_open, n_closed, n_won, median_cycle_days
from pace left join opened using (period_month, segment);
