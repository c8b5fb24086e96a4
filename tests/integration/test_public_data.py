"""The figures that real public exports must give, each through a whole night."""

import duckdb
import pytest
from conftest import night_on

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
