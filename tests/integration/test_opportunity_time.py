"""Opportunities over time and what customers pay afterwards, from export files to the marts: without a night, so that one
candidate is landed once and built as of two days.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt

MARTS = ("mart_pipeline_waterfall", "mart_pipeline_slippage", "mart_win_rate", "mart_pipeline_velocity",
         "mart_stage_velocity", "mart_retention", "fct_subscription_month")  # fmt: skip

Ask = Callable[[str], list[tuple]]


def build_as_of(home: Home, settings: Settings, day: dt.date | None = None) -> duckdb.DuckDBPyConnection:
    """The sales and retention marts with all their tests, as of a day; the candidate is rewritten."""
    home.candidate.unlink(missing_ok=True)
    as_of = AsOf(day or latest_extract_day(home), settings.business_timezone)
    with duckdb.connect(str(home.candidate)) as connection:
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), [], as_of, settings.reporting_currency)
    selection = ["--indirect-selection", "cautious", "--exclude-resource-type", "unit_test", "--select"]
    outcome = invoke_dbt(["build", *selection, *(f"+{mart}" for mart in MARTS)], settings, home)
    assert outcome.errors == []
    copy = home.root / f"as_of_{as_of.day}.duckdb"
    copy.write_bytes(home.candidate.read_bytes())
    connection = duckdb.connect(str(copy), read_only=True)
    connection.execute("set schema = 'marts'")
    return connection


DEALS = (
    "Record ID,Deal Name,Pipeline,Deal Stage,Amount,Currency,Create Date,Close Date,Associated Company IDs,"
    "Salesforce Opportunity ID,Deal owner\n"
)
UNTOUCHED = "1,Untouched,Sales,Qualification,1000.00,EUR,2026-02-19 10:00,2026-05-15 18:00,,,Ann\n"
TWINS = (
    "2,Twin,Sales,Qualification,1000.00,EUR,2026-02-20 10:00,2026-03-10 18:00,,,Ann\n"
    "3,Twin,Sales,Qualification,1000.00,EUR,2026-02-20 10:00,2026-03-10 18:00,,,Ann\n"
)
IN_FRANCS = "7,Abroad,Sales,Qualification,100.00,CHF,2026-02-20 10:00,2026-06-10 18:00,,,Ann\n"
IN_EUROS = "7,Abroad,Sales,Qualification,105.00,EUR,2026-02-20 10:00,2026-06-10 18:00,,,Ann\n"
MIRROR = "6,Mirror,Sales,Qualification,77.00,EUR,2026-02-20 10:00,2026-03-10 18:00,,006A,Ann\n"

OPPORTUNITIES = """Id,Name,AccountId,StageName,Amount,CurrencyIsoCode,CloseDate,CreatedDate,LastModifiedDate,OwnerId,LeadSource,Type,IsClosed,IsWon,IsDeleted
006A,A,,Closed Lost,300,EUR,2026-03-25,2026-01-10T09:00:00.000Z,2026-03-25T10:00:00.000Z,005X,,New Business,true,false,false
006B,B,,Closed Won,500,USD,2026-02-03,2026-02-03T08:00:00.000Z,2026-02-03T16:00:00.000Z,005X,,New Business,true,true,false
"""  # noqa: E501
HISTORY = """Id,OpportunityId,StageName,Amount,CloseDate,Probability,ForecastCategory,CreatedById,CreatedDate,IsDeleted
008A1,006A,Qualification,200,2026-02-20,10,Pipeline,005X,2026-01-10T09:00:00.000Z,false
008A2,006A,Proposal,250,2026-03-20,40,Pipeline,005X,2026-02-05T09:00:00.000Z,false
008A3,006A,Closed Lost,250,2026-02-15,0,Omitted,005X,2026-02-15T09:00:00.000Z,false
008A4,006A,Proposal,300,2026-03-31,40,Pipeline,005X,2026-03-02T09:00:00.000Z,false
008A5,006A,Closed Lost,300,2026-03-25,0,Omitted,005X,2026-03-25T09:30:00.000Z,false
008B1,006B,Qualification,500,2026-02-28,10,Pipeline,005X,2026-02-03T08:00:00.000Z,false
008B2,006B,Closed Won,500,2026-02-03,100,Closed,005X,2026-02-03T16:00:00.000Z,false
"""

SUBSCRIPTIONS = """id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC)
sub_1,cus_1,One,a@one.example,Pro,1,eur,month,600.00,canceled,2025-02-10 09:00,2025-02-10 09:00,2025-02-10 09:00,2026-02-10 09:00,2025-12-10 09:00,2025-12-10 09:00
sub_2,cus_2,Two,b@two.example,Pro,1,eur,year,11280.00,active,2025-02-11 09:00,2025-02-11 09:00,2025-02-11 09:00,2026-02-11 09:00,,
sub_3,cus_2,Two,b@two.example,Pro,1,eur,month,410.00,active,2025-06-01 09:00,2025-06-01 09:00,2025-06-01 09:00,2025-07-01 09:00,,
"""  # noqa: E501

BILLING = """
vendor: acme_billing
label: A billing tool of one's own
source_note: Written for this test.
currency: EUR
locales:
  any: {decimal: ",", date_formats: ["%d/%m/%Y"]}
stages:
  opportunity:
    Devis: {stage: sqo}
feeds:
  abonnements:
    description: One row per subscription and month
    delivery: full
    key: [contrat, mois]
    columns:
      contrat: N° contrat
      mois: {header: Mois facturé, type: date}
      client: N° client
      montant: {header: Abonnement HT, type: decimal}
    canonical:
      entity: subscription_month
      columns: {id: contrat, month: mois, customer_id: client, mrr: montant}
  devis:
    description: One row per quote
    delivery: full
    key: [numero]
    columns:
      numero: N° devis
      etat: État du devis
      montant: {header: Montant devis, type: decimal}
      ouvert: {header: Devis ouvert le, type: date}
      prevu: {header: Signature prévue le, type: date}
    canonical:
      entity: deal
      columns: {id: numero, stage: etat, amount: montant, created_at: ouvert, expected_close_on: prevu}
"""
QUOTES = "N° devis;État du devis;Montant devis;Devis ouvert le;Signature prévue le\n"

FILES = {
    "hubspot-crm-exports-deals-2026-03-01.csv": DEALS + UNTOUCHED + TWINS + MIRROR + IN_FRANCS
    + "4,Deleted,Sales,Qualification,40.00,EUR,2026-02-20 10:00,2026-03-10 18:00,,,Ann\n"
    + "5,Won,Sales,Proposition,50.00,EUR,2026-02-20 10:00,2026-04-10 18:00,,,Ann\n",
    "hubspot-crm-exports-deals-2026-03-15.csv": DEALS + UNTOUCHED + TWINS + MIRROR + IN_FRANCS
    + "4,Deleted,Sales,Qualification,40.00,EUR,2026-02-20 10:00,2026-03-10 18:00,,,Ann\n"
    + "5,Won,Sales,Proposition,55.00,EUR,2026-02-20 10:00,2026-04-10 18:00,,,Bob\n",
    "hubspot-crm-exports-deals-2026-03-30.csv": DEALS + UNTOUCHED + TWINS + MIRROR + IN_EUROS
    + "5,Won,Sales,Gagnée,60.00,EUR,2026-02-20 10:00,2026-03-20 18:00,,,Bob\n",
    "salesforce_opportunity_2026-03-30.csv": OPPORTUNITIES,
    "salesforce_opportunityhistory_2026-03-30.csv": HISTORY,
    "stripe_subscriptions_2026-03-30.csv": SUBSCRIPTIONS,
    "abonnements-2026-03-30.csv": "N° contrat;Mois facturé;N° client;Abonnement HT\n"
    "K1;01/01/2026;C1;100,50\nK1;01/02/2026;C1;100,50\nK1;01/03/2026;C1;120,00\nK2;01/01/2026;C2;10,00\n",
    "devis-2026-03-01.csv": QUOTES + "Q1;Devis;1 000,00;10/02/2026;15/03/2026\n",
    "devis-2026-03-30.csv": QUOTES + "Q1;Devis;1 200,50;10/02/2026;15/04/2026\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def nights(tmp_path_factory) -> dict[str, Ask]:
    """The same files as of two days."""
    root: Path = tmp_path_factory.mktemp("opportunity-time")
    for folder in ("profiles", "exports"):
        (root / folder).mkdir()
    (root / "profiles" / "acme_billing.yaml").write_text(BILLING)
    for name, text in FILES.items():
        (root / "exports" / name).write_text(text)
    settings = Settings(home=root / "home", exports=root / "exports", export_profiles_dir=root / "profiles")
    home = Home(settings.home).prepare()
    assert land(home, settings).files == {"new": len(FILES), "known": 0, "quarantined": 0}
    built = {day: build_as_of(home, settings, dt.date.fromisoformat(day)) for day in ("2026-03-15", "2026-03-30")}
    yield {day: lambda sql, at=connection: at.execute(sql).fetchall() for day, connection in built.items()}
    for connection in built.values():
        connection.close()


@pytest.fixture(scope="module")
def ask(nights) -> Ask:
    return nights["2026-03-30"]


def snapshot(condition: str) -> str:
    return f"""
        select snapshot_date::varchar, outcome, vendor_stage, amount::varchar, close_on::varchar
        from fct_opportunity_daily_snapshot where {condition} order by 1"""


def key_of(source_system: str, record_id: str) -> str:
    return f"opportunity_key = md5('opportunity|{source_system}|{record_id}')"


def test_a_deal_untouched_for_forty_days_has_forty_rows_across_the_change_to_summer_time(ask):
    rows = ask(snapshot(key_of("hubspot", "1")))
    assert len(rows) == 40
    assert {row[1:] for row in rows} == {("open", "Qualification", "1000.00", "2026-05-15")}
    assert (rows[0][0], rows[-1][0]) == ("2026-02-19", "2026-03-30")


def test_two_deals_of_one_amount_both_count_and_a_mirror_of_salesforce_does_not(ask):
    sql = """select sum(amount)::varchar, count(*) from fct_opportunity_daily_snapshot
             where source_system = 'hubspot' and currency = 'EUR' and snapshot_date = '2026-03-05'"""
    assert ask(sql) == [("3090.00", 5)]


def test_a_deal_that_a_later_full_export_lacks_leaves_without_being_lost(nights):
    gone = nights["2026-03-30"](snapshot(f"{key_of('hubspot', '4')} and snapshot_date >= '2026-03-29'"))
    assert gone == [
        ("2026-03-29", "open", "Qualification", "40.00", "2026-03-10"),
        ("2026-03-30", "removed", "Qualification", "40.00", "2026-03-10"),
    ]
    removed = """select removed::varchar, moved_out::varchar, lost::varchar from mart_pipeline_waterfall
                 where period_month = '2026-03-01' and currency = 'EUR'"""
    # Moved out: the deleted deal, and the quote that is due in April now. Lost: Salesforce's reopened one.
    assert nights["2026-03-30"](removed) == [("40.00", "1240.50", "300.00")]
    assert nights["2026-03-15"](removed) == [("0.00", "0.00", "0.00")]


def test_a_past_night_is_built_from_what_had_been_extracted_by_then(nights):
    days = snapshot(f"{key_of('hubspot', '5')} and snapshot_date in ('2026-03-01', '2026-03-15', '2026-03-20')")
    assert nights["2026-03-15"](days) == [
        ("2026-03-01", "open", "Proposition", "50.00", "2026-04-10"),
        ("2026-03-15", "open", "Proposition", "55.00", "2026-04-10"),
    ]
    assert nights["2026-03-30"](days) == [
        ("2026-03-01", "open", "Proposition", "50.00", "2026-04-10"),
        ("2026-03-15", "open", "Proposition", "55.00", "2026-04-10"),
        ("2026-03-20", "won", "Gagnée", "60.00", "2026-03-20"),
    ]


def test_a_change_of_owner_is_dated_by_the_export_that_shows_it(ask):
    owners = f"""select owner_key, min(snapshot_date)::varchar from fct_opportunity_daily_snapshot
                 where {key_of("hubspot", "5")} group by 1 order by 2"""
    assert [row[1] for row in ask(owners)] == ["2026-02-20", "2026-03-15"]


def test_an_amount_keeps_the_currency_that_its_export_showed(ask):
    deal = key_of("hubspot", "7")
    rows = ask(
        "select currency, min(snapshot_date)::varchar, max(amount)::varchar from fct_opportunity_daily_snapshot "
        f"where {deal} group by 1 order by 2"
    )
    assert rows == [("CHF", "2026-02-20", "100.00"), ("EUR", "2026-03-30", "105.00")]
    moved = "select created, moved_out, open_amount from mart_pipeline_waterfall where currency = 'CHF' order by period_month"
    assert ask(moved) == [(100, 100, 100), (0, 0, 0)]


def test_a_reopened_deal_has_no_rows_while_it_is_closed_and_moves_in_again(ask):
    rows = ask(snapshot(key_of("salesforce", "006A")))
    days = [row[0] for row in rows]
    assert rows[days.index("2026-02-15")][1:] == ("lost", "Closed Lost", "250.00", "2026-02-15")
    assert days[days.index("2026-02-15") + 1] == "2026-03-02"
    assert rows[-1] == ("2026-03-25", "lost", "Closed Lost", "300.00", "2026-03-25")
    months = """select period_month::varchar, created::varchar, reopened::varchar, lost::varchar from mart_pipeline_waterfall
                where currency = 'EUR' and period_month <= '2026-03-01' order by 1"""
    assert [row[0] for row in ask(months)] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert [row[2:] for row in ask(months)] == [("0.00", "0.00"), ("0.00", "250.00"), ("300.00", "300.00")]


def test_a_deal_created_and_won_on_one_day_is_one_row_and_counts_in_its_currency(ask):
    assert ask(snapshot(key_of("salesforce", "006B"))) == [("2026-02-03", "won", "Closed Won", "500.00", "2026-02-03")]
    usd = """select created::varchar, won::varchar, closing::varchar from mart_pipeline_waterfall
             where currency = 'USD' and period_month = '2026-02-01'"""
    assert ask(usd) == [("500.00", "500.00", "0.00")]
    win = """select n_closed, n_won, amount_currency, won_amount::varchar, closed_amount::varchar from mart_win_rate
             where segment = 'all' and period_month = '2026-02-01'"""
    assert ask(win) == [(1, 1, "USD", "500.00", "500.00")]


def test_a_quote_of_a_profile_alone_rises_and_is_pushed_to_the_next_month(ask):
    rows = ask(snapshot(key_of("acme_billing", "Q1") + " and snapshot_date in ('2026-03-29', '2026-03-30')"))
    assert rows == [
        ("2026-03-29", "open", "Devis", "1000.00", "2026-03-15"),
        ("2026-03-30", "open", "Devis", "1200.50", "2026-04-15"),
    ]
    pushes = (
        "select push_count, n_due, n_slipped from mart_pipeline_slippage where currency = 'EUR' and period_month = '2026-03-01'"
    )
    # Due on 1 March: the twins, the deleted deal and the quote. The month is not over on the 30th.
    assert ask(pushes) == [(1, 4, None)]


def test_retention_follows_the_customers_of_a_month_for_twelve_months(ask):
    cohort = """select customers_start, mrr_start::varchar, mrr_end::varchar, round(grr, 12), round(nrr, 12), logo_retention,
                  early_churn_180 from mart_retention where segment = 'all' and cohort_month = '2025-02-01'"""
    # 600 leave, 940 stay and grow by 410.
    assert ask(cohort) == [(2, "1540.00", "1350.00", round(940 / 1540, 12), round(1350 / 1540, 12), 0.5, 0.0)]


def test_a_billing_tool_reaches_the_marts_by_its_profile_alone(ask):
    months = """select period_month::varchar, count(*), sum(mrr)::varchar from fct_subscription_month
                where source_system = 'acme_billing' group by 1 order by 1"""
    assert ask(months) == [("2026-01-01", 2, "110.50"), ("2026-02-01", 1, "100.50"), ("2026-03-01", 1, "120.00")]


@pytest.mark.public_data
def test_maven_agrees_with_plain_sql_on_the_raw_files(public_data, tmp_path):
    settings = Settings(home=tmp_path / "home", exports=public_data / "maven_crm_opportunities")
    home = Home(settings.home).prepare()
    land(home, settings)
    with build_as_of(home, settings) as built:
        built.execute(f"create temp view pipeline as from read_csv('{public_data}/maven_crm_opportunities/sales_pipeline.csv')")
        agree = {
            "rows of the snapshot": (
                "select count(*) from fct_opportunity_daily_snapshot where age_days > 0",
                "select sum(coalesce(close_date, date '2017-12-31') - engage_date) from pipeline where engage_date is not null",
            ),
            "won by month": (
                "select period_month, won from mart_pipeline_waterfall where won > 0 order by 1",
                """select date_trunc('month', close_date)::date, sum(close_value) from pipeline
                   where deal_stage = 'Won' group by 1 order by 1""",
            ),
            "win rate by month": (
                "select period_month, n_won, n_closed from mart_win_rate where segment = 'all' and n_closed > 0 order by 1",
                """select date_trunc('month', close_date)::date, count(*) filter (where deal_stage = 'Won'), count(*)
                   from pipeline where deal_stage in ('Won', 'Lost') group by 1 order by 1""",
            ),
            "open without amount": (
                "select n_open from mart_pipeline_waterfall order by period_month desc limit 1",
                "select count(*) from pipeline where deal_stage not in ('Won', 'Lost')",
            ),
        }  # fmt: skip
        for name, (ours, plain) in agree.items():
            answer = built.execute(plain).fetchall()
            assert answer, name
            assert built.execute(ours).fetchall() == answer, name
