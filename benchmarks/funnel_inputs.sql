-- What the funnel's marts read, of $leads leads over two years; drawn by hashes, so that every run has the same rows.
create schema raw; create schema intermediate; create schema marts; create schema hand;
create macro u(i, k) as (hash(i * 64 + k) % 1000003) / 1000003.0;
create macro lag_days(i, k, mean) as to_seconds(cast(-ln(1 - u(i, k)) * mean * 86400 as bigint));
create table raw.night as select date '2026-09-30' as as_of, timestamp '2026-09-30 22:00:00' as as_of_at,
    'Europe/Paris' as business_timezone, 'EUR' as reporting_currency;
create table raw.source_system as select unnest(['crm', 'automation']) as source_system, 'EUR' as currency;
create table people as
with entered as (
    select i, md5('person' || i) as person_key, (['paid_search', 'paid_social', 'email', 'organic_search', 'referral', 'direct_traffic', 'social', 'display'])[1 + (hash(i) % 8)::int] as channel,
        if(u(i, 1) < 0.3, 'automation', 'crm') as source_system,
        timestamp '2024-10-01' + to_seconds(cast(u(i, 2) * 729 * 86400 as bigint)) as inquiry_at
    from range($leads) t(i)
),
mql as (select *, if(u(i, 3) < 0.33, inquiry_at + lag_days(i, 4, 12), null) as mql_at from entered),
sal as (select *, if(u(i, 5) < 0.8, mql_at + lag_days(i, 6, 4), null) as sal_at from mql),
sql as (select *, if(u(i, 7) < 0.8, sal_at + lag_days(i, 8, 15), null) as sql_at from sal),
sqo as (select *, if(u(i, 9) < 0.8, sql_at + lag_days(i, 10, 20), null) as sqo_at from sql),
won as (select *, if(u(i, 11) < 0.25, sqo_at + lag_days(i, 12, 110), null) as won_at from sqo),
lost as (
    select *, if(won_at is null and u(i, 13) < 0.85, coalesce(sqo_at, sql_at, sal_at, mql_at, inquiry_at) + lag_days(i, 14, 60), null)
        as lost_at
    from won
)
select i, person_key, channel, source_system, columns('.*_at') from lost;
update people set mql_at = if(mql_at < timestamp '2026-09-30 22:00:00', mql_at, null), sal_at = if(sal_at < timestamp '2026-09-30 22:00:00', sal_at, null), sql_at = if(sql_at < timestamp '2026-09-30 22:00:00', sql_at, null), sqo_at = if(sqo_at < timestamp '2026-09-30 22:00:00', sqo_at, null), won_at = if(won_at < timestamp '2026-09-30 22:00:00', won_at, null), lost_at = if(lost_at < timestamp '2026-09-30 22:00:00', lost_at, null);
create table intermediate.int_persons_merged as select person_key, channel as origin_channel, channel, source_system from people;
create table intermediate.int_people_identified as select person_key, source_system, person_key as source_id from people;
create table intermediate.int_history_starts as select source_system, timestamp '2024-10-01' as observed_from from raw.source_system;
create table marts.dim_person as
select person_key, if(i % 7 = 0, null, md5('account' || hash(i, 3) % ($leads / 4 + 1)::bigint)) as account_key, source_system,
    channel as origin_channel, channel from people;
create table intermediate.int_person_stages_completed as
select person_key, 1 as spell_no, split_part(name, '_', 1) as stage_name,
    case stage_name when 'won' then 'customer' else stage_name end as stage,
    list_position(['inquiry', 'mql', 'sal', 'sql', 'sqo', 'customer'], stage) as stage_order, source_system, occurred_at,
    occurred_at as recorded_at, false as is_imputed, false as is_skipped, false as is_undated
from (unpivot people on inquiry_at, mql_at, sal_at, sql_at, sqo_at, won_at into name name value occurred_at);
create table intermediate.int_spells_classified as
select person_key, 1 as spell_no, 'marketing_sourced' as stream,
    case when won_at is not null then 'won' when lost_at is not null then 'lost' else 'open' end as outcome,
    if(lost_at is not null, 'closed_lost', null) as outcome_reason, null::varchar as reason_code,
    coalesce(won_at, lost_at) as ended_at, false as is_end_undated,
    if(sqo_at is not null, md5('deal' || i), null) as opportunity_key,
    if(sqo_at is not null, cast(1000 + 50000 * u(i, 15) as decimal(18, 2)), null) as amount,
    if(sqo_at is not null, 'EUR', null) as currency
from people;
create table intermediate.int_stays_overdue(entity_type varchar, entity_key varchar, spell_no integer, limit_days double);
create table intermediate.int_unlinked_events_unioned as
select '' as stage, '' as event, '' as channel, '' as currency, null::timestamp as occurred_at, null::decimal(18, 2) as amount limit 0;
create table intermediate.int_opportunities_unioned as
select s.opportunity_key, p.source_system, p.person_key, d.account_key, md5('owner' || hash(i, 5) % 200) as owner_key,
    if(i % 5 = 0, 'Renewals', 'New Business') as pipeline, s.outcome as vendor_stage, null::varchar as product,
    p.channel as origin_channel, p.channel, s.outcome, s.outcome <> 'open' as is_closed, s.outcome = 'won' as is_won, s.amount,
    s.currency, p.sqo_at as created_at, false as is_created_imputed, p.sqo_at, s.ended_at as closed_at,
    false as is_closed_imputed
from people p join intermediate.int_spells_classified s using (person_key) join marts.dim_person d using (person_key)
where p.sqo_at is not null;
create table intermediate.int_opportunity_records as select *, false as is_gone from intermediate.int_opportunities_unioned;
create table intermediate.int_opportunity_versions as
with lives as (
    select *, coalesce(closed_at, timestamp '2026-09-30 22:00:00') as until,
        created_at + to_seconds(cast(0.4 * epoch(until - created_at) as bigint)) as moved_at
    from intermediate.int_opportunities_unioned
),
states as (
    select opportunity_key, source_system, 1 as version_no, created_at as valid_from, moved_at as valid_to,
        'Qualification' as vendor_stage, 'open' as outcome, amount * 0.9 as amount, created_at::date + 60 as close_on, owner_key
    from lives
    union all
    select opportunity_key, source_system, 2, moved_at, closed_at, 'Proposal', 'open', amount, created_at::date + 100, owner_key
    from lives
    union all
    select opportunity_key, source_system, 3, closed_at, null, if(is_won, 'Closed Won', 'Closed Lost'), outcome, amount,
        created_at::date + 100, owner_key
    from lives where is_closed
)
select opportunity_key, source_system, version_no, valid_from, valid_to, vendor_stage,
    if(outcome = 'won', 'customer', 'sqo') as stage, outcome, outcome = 'open' as is_open, amount::decimal(18, 2) as amount, close_on,
    'EUR' as currency, null::varchar as forecast_category, owner_key
from states where valid_to is null or valid_to > valid_from;
create table marts.fct_campaign_spend_daily as
select md5(c || channel) as campaign_key, d::date as spend_date, 'EUR' as currency, 'ads' as source_system, channel,
    cast(20 + 100 * u(epoch(d)::bigint, c) as decimal(18, 2)) as spend
from range(5) t(c), (select unnest(['paid_search', 'paid_social', 'email', 'organic_search', 'referral', 'direct_traffic', 'social', 'display'][1:3]) as channel), range(date '2024-10-01', date '2026-10-01', interval 1 day) r(d);
create table raw.objective as
select 'year' as objective_id, 'won_amount' as metric, '' as narrowed_to, 'active' as status, 'EUR' as currency,
    1e9::decimal(18, 4) as target, 'agreed' as target_provenance, date '2026-01-01' as period_first, date '2026-12-31' as period_last;
create table marts.dim_date as
select d::date as date_day, date_trunc('month', d)::date as month_start
from range(timestamp '2015-01-01', timestamp '2027-10-02', interval 1 day) t(d);
drop table people;
