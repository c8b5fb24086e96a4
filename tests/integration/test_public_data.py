"""The figures that real public exports must give, each through a whole night."""

import shutil

import duckdb
import pytest
import yaml
from nights import night_on

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.ledger import Ledger
from orchestration.settings import Settings

pytestmark = pytest.mark.public_data


def ask(home, sql: str) -> list[tuple]:
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        return connection.execute(sql).fetchall()


def published(night):
    result, home = night
    assert result.exit_code == 0, result.message
    return home


@pytest.fixture(scope="module")
def paid_media(public_data, tmp_path_factory):
    return published(night_on(public_data / "paid_media_funnel", tmp_path_factory.mktemp("paid") / "home"))


@pytest.fixture(scope="module")
def maven(public_data, tmp_path_factory):
    return published(night_on(public_data / "maven_crm_opportunities", tmp_path_factory.mktemp("maven") / "home"))


@pytest.fixture(scope="module")
def four_small(public_data, tmp_path_factory):
    root = tmp_path_factory.mktemp("small-home") / "home"
    for name in ("odoo_prospects_fr", "google_ads_ui_report", "mailchimp_campaigns"):
        land(Home(root).prepare(), Settings(home=root, exports=public_data / name))
    night = night_on(public_data / "hubspot_connector", root)
    return published(night)


def test_olist_counts_people_by_origin_and_flags_the_early_win(olist_night):
    home = published(olist_night)
    by_origin = ask(home, "select origin_channel, count(mql_at) from rpt_lead_to_revenue group by 1 order by 2 desc")
    assert by_origin == [
        ("Organic Search", 2296), ("Paid Search", 1586), ("Social", 1350), ("Unknown", 1099), ("Direct Traffic", 559),
        ("Email", 493), ("Referral", 284), ("Other", 150), ("Display", 118), ("Other Publicities", 65),
    ]  # fmt: skip
    totals = ask(
        home,
        """select count(mql_at), count(*) filter (where outcome = 'won'), min(mql_at)::date::varchar,
             max(mql_at)::date::varchar, count(*) filter (where has_dates_out_of_order) from rpt_lead_to_revenue""",
    )
    assert totals == [(8000, 842, "2017-06-14", "2018-05-31", 1)]


def test_paid_media_gives_the_published_answers_with_decimal_commas_read_as_such(paid_media):
    rows = ask(
        paid_media,
        """select channel, leads, mqls, opportunities, won, round(cost_per_lead, 2), round(roi, 3), currency
           from mart_channel_performance where period_month is null order by leads desc""",
    )
    assert rows == [
        ("content_syndication", 1260, 150, 4, 1, 79.37, 4.15, "USD"),
        ("paid_search", 635, 243, 44, 7, 685.04, 1.692, "USD"),
        ("paid_social", 361, 39, 6, 1, 308.45, -0.75, "USD"),
        ("paid_display", 5, 1, 0, 0, 6000.0, -1.0, "USD"),
        ("remarketing", 1, 0, 0, 0, None, None, "USD"),
    ]


def test_paid_media_reports_what_was_ambiguous_and_what_the_profile_chose(paid_media):
    findings = {(row["feed"], row["code"]): row for row in Ledger(paid_media.ledger).findings()}
    ambiguous = findings["paid_media/pipeline_opportunities", "ambiguous_number"]
    assert ambiguous["n_rows"] == 1
    assert "read as thousands" in ambiguous["message"]
    assert "declares the decimal mark ','" in ambiguous["message"]
    assert "USD" in findings["paid_media/spend", "currency_contradicted"]["message"]


def test_maven_keeps_every_opportunity_and_leaves_open_ones_out_of_the_win_rate(maven):
    rows = ask(
        maven,
        """select count(*), count(*) filter (where account_key is null), count(*) filter (where is_won),
             count(*) filter (where is_closed), sum(amount) filter (where is_won) from fct_opportunity""",
    )
    assert [tuple(map(int, row)) for row in rows] == [(8800, 1425, 4238, 6711, 10_005_534)]
    assert ask(maven, "select count(*) from fct_opportunity where product = 'GTX Pro'") == [(1480,)]
    assert ask(maven, "select count(distinct product) from fct_opportunity") == [(7,)]


def test_odoo_finds_eight_people_in_ten_records(four_small):
    assert ask(four_small, "select count(*) from dim_person where source_system = 'odoo'") == [(8,)]
    outcomes = "select outcome, count(*) from rpt_lead_to_revenue where source_system = 'odoo' group by 1 order by 1"
    assert ask(four_small, outcomes) == [("lost", 2), ("open", 3), ("won", 3)]


def test_google_ads_totals_are_skipped_and_their_sum_is_the_campaigns(four_small):
    sql = "select sum(spend), count(*), count(spend_date) from fct_campaign_spend_daily where source_system = 'google_ads'"
    spend, campaigns, with_day = ask(four_small, sql)[0]
    assert (str(spend), campaigns, with_day) == ("199421.15", 12, 0)
    assert Ledger(four_small.ledger).feed_totals()["google_ads/campaign_report"]["rows_skipped"] == 5


def test_mailchimp_sends_are_campaigns_of_the_email_channel(four_small):
    assert ask(four_small, "select count(*), min(channel) from dim_campaign where source_system = 'mailchimp'") == [
        (802, "email")
    ]


def test_hubspot_connector_lands_whole_and_its_field_history_is_a_fact(four_small):
    feeds = {feed: total for feed, total in Ledger(four_small.ledger).feed_totals().items() if feed.startswith("hubspot_c")}
    assert len(feeds) == 56
    assert all(total["rows_in"] == total["rows_loaded"] for total in feeds.values())
    assert ask(four_small, "select count(*) from fct_field_change where source_system = 'hubspot_connector'") == [(300,)]


def test_addresses_that_were_made_unreadable_are_invalid_and_never_fresh(four_small):
    rows = ask(
        four_small,
        """select n_required, n_fresh + n_stale + n_not_judgeable, n_missing + n_invalid, freshness_rate
           from mart_crm_freshness where entity_type = 'contact' and field_name = 'email'""",
    )
    assert rows == [(22, 0, 22, None)]


# The connector's rows are anonymised so that they no longer join. Joined again, their times and sources as they are: each id
# of the history becomes one of the table's, each encrypted name a field of the contract; a seventh of the cells stays empty.
_REJOINED = {
    "contact_data": """
        select * replace (
            case when row_number() over () % 7 > 0 then 'a title' end as property_jobtitle,
            case when row_number() over () % 7 <> 1 then 'a company' end as property_company)
        from read_csv('{folder}/contact_data.csv', all_varchar = true)""",
    "contact_property_history": """
        select * replace (
            (select list(id order by id) from read_csv('{folder}/contact_data.csv', all_varchar = true))[
                1 + dense_rank() over (order by contact_id) % 22] as contact_id,
            case when name in ('qTDHP4BXxe5FHXIq0cyoSA==', 'k8cx8cOoTvBc1U0ETDeeqg==', '8fUr1Wwn4ytZC91+JzXpyw==')
                then 'jobtitle' else 'company' end as name)
        from read_csv('{folder}/contact_property_history_data.csv', all_varchar = true)""",
    "company_property_history": """
        select * replace (
            (select list(id order by id) from read_csv('{folder}/company_data.csv', all_varchar = true))[
                1 + dense_rank() over (order by company_id) % 24] as company_id,
            'industry' as name)
        from read_csv('{folder}/company_property_history_data.csv', all_varchar = true)""",
}
_LIMITS = {("contact", "job_title"): 2000, ("contact", "company"): 1700, ("company", "industry"): 2150}
# What a person, or the person it is about, wrote; all else in these files is of calculations, migrations and syncs.
_BY_PEOPLE = ("EXTENSION", "MEETINGS", "CONVERSATIONS")
_VERDICTS_FROM_RAW = f"""
with stored as (
    select 'contact' as entity_type, id, 'job_title' as field, property_jobtitle as value, property_createdate as created
    from read_csv('{{folder}}/contact_data.csv', all_varchar = true)
    union all
    select 'contact', id, 'company', property_company, property_createdate
    from read_csv('{{folder}}/contact_data.csv', all_varchar = true)
    union all
    select 'company', id, 'industry', property_industry, property_createdate
    from read_csv('{{folder}}/company_data.csv', all_varchar = true) where is_deleted = 'false'
),

written as (
    select contact_id as id, replace(name, 'jobtitle', 'job_title') as field, max("timestamp"::timestamp) as by_people
    from read_csv('{{folder}}/contact_property_history_data.csv', all_varchar = true)
    where source in {_BY_PEOPLE} and value is not null
    group by all
    union all
    select company_id, name, max("timestamp"::timestamp)
    from read_csv('{{folder}}/company_property_history_data.csv', all_varchar = true)
    where source in {_BY_PEOPLE} and value is not null
    group by all
),

limits as (select * from (values {", ".join(f"('{entity}', '{field}', {days})" for (entity, field), days in _LIMITS.items())})
    as limits (entity_type, field, days))

select entity_type, id, field,
    case when value is null then 'missing'
        when date_diff('microsecond', verified, timezone('UTC', timezone('Europe/Paris', (date '{{as_of}}' + 1)::timestamp)))
            > days * 86400000000 then 'stale'
        else 'fresh' end as status,
    if(by_people is null, 'D', 'A') as level, verified
from (select *, coalesce(by_people, created::timestamp) as verified from stored left join written using (id, field))
join limits using (entity_type, field)
order by all
"""


@pytest.fixture(scope="module")
def rejoined(public_data, tmp_path_factory):
    """The connector's tables joined again, judged by a contract whose limits part their old times."""
    root = tmp_path_factory.mktemp("rejoined")
    folder = root / "exports"
    shutil.copytree(public_data / "hubspot_connector", folder)
    with duckdb.connect() as connection:
        for name, sql in _REJOINED.items():
            target = folder / f"{name.removesuffix('_data')}_data.csv"
            connection.execute(f"create table rejoined as {sql.format(folder=public_data / 'hubspot_connector')}")
            connection.execute(f"copy rejoined to '{target}' (header); drop table rejoined")
    contract = root / "expectations"
    shutil.copytree(Settings().expectations_dir, contract)
    rules = yaml.safe_load((contract / "field_stewardship.yml").read_text())
    for rule in rules["fields"]:
        if days := _LIMITS.get((rule["entity_type"], rule["field_name"])):
            rule |= {"sla_days": days, "required_from": "inquiry"}
    (contract / "field_stewardship.yml").write_text(yaml.safe_dump(rules))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "expectations_dir", contract)
        return published(night_on(folder, root / "home")), folder


def test_freshness_per_field_is_that_of_the_property_history_in_plain_sql(rejoined):
    home, folder = rejoined
    ((as_of,),) = ask(home, "select distinct as_of::varchar from mart_crm_freshness")
    expected = duckdb.sql(_VERDICTS_FROM_RAW.format(folder=folder, as_of=as_of)).fetchall()
    counts = {
        (entity, field): tuple(
            sum(row[0] == entity and row[2] == field and row[3] in verdicts for row in expected)
            for verdicts in (("fresh", "stale", "missing"), ("fresh",), ("stale",), ("missing",))
        )
        for entity, field in _LIMITS
    }
    found = ask(home, "select entity_type, field_name, n_required, n_fresh, n_stale, n_missing from mart_crm_freshness")
    assert {row[:2]: row[2:] for row in found if row[:2] in _LIMITS} == counts
    # None of the files is all fresh, all stale or without a person's change, or the comparison would say little.
    assert all(count[1] and count[2] for count in counts.values())
    assert {(row[3], row[4]) for row in expected} >= {("fresh", "A"), ("stale", "A"), ("fresh", "D"), ("stale", "D")}
    entries = ask(
        home,
        """select entity_type, record_id, field_name, status, evidence_level, last_verified_at from mart_crm_worklist
           where source_system = 'hubspot_connector' and field_name in ('job_title', 'company', 'industry') order by all""",
    )
    assert entries == [row for row in expected if row[3] != "fresh"]
