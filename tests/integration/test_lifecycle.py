"""Journeys from every kind of history: vendors' own, dated columns, and the states that successive exports show."""

import datetime as dt
import shutil

import duckdb
import pandas as pd
import pytest

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.science.survival import cumulative_incidence
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt

MARTS = ["+fct_lifecycle_event", "+rpt_lead_to_revenue", "+mart_funnel_cohort", "+mart_funnel_period"]

# A CRM that keeps no history: only what a weekly export shows.
PROFILE = """
vendor: acme
label: A CRM without history
source_note: Written for this test.
currency: EUR
timezone: UTC
locales:
  any: {date_formats: ["%Y-%m-%d"], timestamp_formats: ["%Y-%m-%d %H:%M"]}
stages:
  lead:
    New: {stage: inquiry}
    MQL: {stage: mql}
    Accepted: {stage: sal}
    Refused: {stage: mql, event: rejected}
    Spam: {stage: mql, event: disqualified, reason_code: junk}
    Nurture: {stage: mql, event: recycled, reason_code: no timing}
  opportunity:
    Discovery: {stage: sql}
    Proposal: {stage: sqo}
    Signed: {stage: customer, event: won}
    Lost: {stage: sqo, event: lost}
feeds:
  people:
    description: One row per person
    delivery: full
    key: [id]
    columns:
      id: Person
      created: {header: Created, type: timestamp}
      status: Status
      reason: Reason
      mql: {header: MQL date, type: timestamp}
    canonical:
      entity: lead
      columns: {id: id, created_at: created, status: status, status_reason: reason, mql_at: mql}
  deals:
    description: One row per deal
    delivery: full
    key: [id]
    columns:
      id: Deal
      stage: Stage
      person: Person ID
      opened: {header: Opened, type: timestamp}
      closed: {header: Closed, type: timestamp}
      reason: Why lost
    canonical:
      entity: deal
      columns: {id: id, stage: stage, lead_id: person, created_at: opened, closed_at: closed, lost_reason: reason}
"""

# Extract day → the people as they stood: person, created, status, reason, MQL date.
OLD = ("old", "2025-03-01 09:00", "Refused", "Hors cible", "")
PEOPLE = {
    "2026-01-05": [
        ("recycled", "2026-01-02 09:00", "MQL", "", "2026-01-03 10:00"),
        ("buyer", "2026-01-02 09:00", "New", "", ""),
    ],
    "2026-01-12": [
        ("recycled", "2026-01-02 09:00", "Nurture", "", "2026-01-03 10:00"),
        ("buyer", "2026-01-02 09:00", "MQL", "", "2026-01-07 11:00"),
    ],
    "2026-01-19": [
        ("recycled", "2026-01-02 09:00", "MQL", "", "2026-01-16 15:00"),
        ("buyer", "2026-01-02 09:00", "MQL", "", "2026-01-07 11:00"),
        ("junk", "2026-01-14 09:00", "New", "", ""),
    ],
    "2026-01-26": [
        ("recycled", "2026-01-02 09:00", "Accepted", "", "2026-01-16 15:00"),
        ("buyer", "2026-01-02 09:00", "MQL", "", "2026-01-07 11:00"),
        ("junk", "2026-01-14 09:00", "Spam", "", ""),
    ],
}
# Extract day → the deal: stage, close date (an expectation while open), reason.
DEAL = {
    "2026-01-05": None,
    "2026-01-12": ("Discovery", "2026-03-31 00:00", ""),
    "2026-01-19": ("Proposal", "2026-03-31 00:00", ""),
    "2026-01-26": ("Lost", "2026-01-22 16:00", "Trop cher"),
    "2026-02-02": ("Proposal", "2026-03-31 00:00", ""),
    "2026-02-09": ("Signed", "2026-02-06 12:00", ""),
}

SYNCED = "2026-02-09 00:00:00"
HUBSPOT = {
    "contact": [
        {"id": "c1", "property_createdate": "2026-01-01 08:00:00", "_fivetran_synced": SYNCED},
        {"id": "c2", "property_createdate": "2026-01-01 08:00:00", "_fivetran_synced": SYNCED,
         "property_hs_v2_date_entered_marketingqualifiedlead": "2026-01-05 09:00:00",
         "property_hs_v2_date_entered_customer": "2026-02-01 09:00:00"},
    ],
    "contact_property_history": [
        {"contact_id": "c1", "name": "lifecyclestage", "value": value, "timestamp": at, "_fivetran_synced": SYNCED}
        for value, at in (
            ("lead", "2026-01-01 08:00:00"), ("marketingqualifiedlead", "2026-01-04 10:00:00"),
            ("salesqualifiedlead", "2026-01-08 10:00:00"), ("marketingqualifiedlead", "2026-01-15 10:00:00"),
            ("salesqualifiedlead", "2026-01-20 10:00:00"),
        )
    ],
}  # fmt: skip

LAST = "2026-02-09T08:00:00.000Z"
SALESFORCE = {
    "lead": [
        {"Id": "L1", "Status": "Accepted", "CreatedDate": "2026-01-01T08:00:00.000Z", "LastModifiedDate": LAST,
         "ConvertedOpportunityId": "O1", "IsConverted": "true", "IsDeleted": "false"},
    ],
    "lead_history": [
        {"Id": f"H-{day}", "LeadId": "L1", "Field": "Status", "NewValue": value, "CreatedDate": f"{day}T10:00:00.000Z",
         "IsDeleted": "false"}
        for value, day in (("Recycled", "2026-01-06"), ("Accepted", "2026-01-20"))
    ],
    "opportunity": [
        {"Id": "O1", "StageName": "Closed Won", "Amount": "100.00", "CurrencyIsoCode": "EUR", "CloseDate": "2026-02-08",
         "CreatedDate": "2026-01-21T10:00:00.000Z", "LastModifiedDate": LAST, "IsDeleted": "false"},
    ],
    "opportunity_history": [
        {"Id": f"OH-{day}", "OpportunityId": "O1", "StageName": stage, "CreatedDate": f"{day}T10:00:00.000Z",
         "IsDeleted": "false"}
        for stage, day in (
            ("Qualification", "2026-01-21"), ("Closed Lost", "2026-01-28"), ("Proposal", "2026-02-03"),
            ("Closed Won", "2026-02-08"),
        )
    ],
}  # fmt: skip
FILE_NAMES = {
    "contact": "contact_data.csv",
    "contact_property_history": "contact_property_history_data.csv",
    "lead": "salesforce_Lead_2026-02-09.csv",
    "lead_history": "salesforce_LeadHistory_2026-02-09.csv",
    "opportunity": "salesforce_Opportunity_2026-02-09.csv",
    "opportunity_history": "salesforce_OpportunityHistory_2026-02-09.csv",
}


def write_acme(folder):
    for day, deal in DEAL.items():
        people = [OLD, *PEOPLE.get(day, PEOPLE["2026-01-26"])]
        header = ["Person", "Created", "Status", "Reason", "MQL date"]
        pd.DataFrame(people, columns=header).to_csv(folder / f"acme_people_{day}.csv", index=False)
        deals = [("D0", "Lost", "", "2025-01-09 08:00", "2025-02-01 00:00", "")]
        if deal is not None:
            stage, closed, reason = deal
            deals.append(("D1", stage, "buyer", "2026-01-09 08:00", closed, reason))
        header = ["Deal", "Stage", "Person ID", "Opened", "Closed", "Why lost"]
        pd.DataFrame(deals, columns=header).to_csv(folder / f"acme_deals_{day}.csv", index=False)


def write_vendor(folder, profile, tables):
    """Files with the whole header that the profile knows; optional columns only where a row fills them."""
    for entity, rows in tables.items():
        columns = profile.feeds[entity].columns.values()
        filled = {header for row in rows for header in row}
        headers = {column.header_in("any"): column.required for column in columns}
        listed = [header for header, required in headers.items() if required or header in filled]
        assert filled <= set(listed)
        pd.DataFrame(rows).reindex(columns=listed).to_csv(folder / FILE_NAMES[entity], index=False)


def build(home, settings, day=None):
    """The lifecycle's marts on the candidate, as known at a day."""
    as_of = AsOf(day or latest_extract_day(home), settings.business_timezone)
    home.candidate.unlink(missing_ok=True)
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    with duckdb.connect(str(home.candidate)) as connection:
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), rules, as_of, settings.reporting_currency)
    outcome = invoke_dbt(
        ["build", "--indirect-selection", "cautious", "--exclude-resource-type", "unit_test", "--select", *MARTS],
        settings,
        home,
    )
    assert outcome.errors == []


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    """A home with all three companies' exports, and its settings."""
    root = tmp_path_factory.mktemp("lifecycle")
    (root / "profiles").mkdir()
    (root / "profiles" / "acme.yaml").write_text(PROFILE)
    (root / "exports").mkdir()
    settings = Settings(home=root / "home", exports=root / "exports", export_profiles_dir=root / "profiles")
    write_acme(root / "exports")
    profiles = known_profiles(settings)
    write_vendor(root / "exports", profiles["hubspot_connector"], HUBSPOT)
    write_vendor(root / "exports", profiles["salesforce"], SALESFORCE)
    home = Home(settings.home).prepare()
    report = land(home, settings)
    assert report.refusals == []
    return home, settings


@pytest.fixture(scope="module")
def ask(landed, tmp_path_factory):
    """Questions to the marts as known on the last day; a copy, so that another day can be built meanwhile."""
    home, settings = landed
    build(home, settings)
    copy = shutil.copy(home.candidate, tmp_path_factory.mktemp("last-day") / "last_day.duckdb")
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


def journeys(connection_or_ask, source):
    return connection_or_ask(
        f"""select people.source_id, spell_no, outcome, outcome_reason, reason_code, stream
            from marts.rpt_lead_to_revenue as journeys
            inner join intermediate.int_people_identified as people using (person_key)
            where people.source_system = '{source}' order by 1, 2"""
    )


def events(ask, source, record):
    return ask(
        f"""select spell_no, event, stage, strftime(occurred_at, '%m-%d %H:%M'), strftime(recorded_at, '%m-%d'), is_imputed,
              is_regression
            from marts.fct_lifecycle_event as events
            inner join intermediate.int_people_identified as people on events.entity_key = people.person_key
            where people.source_system = '{source}' and source_id = '{record}' and event <> 'exited'
            order by spell_no, occurred_at, stage, event"""
    )


def test_row_versions_of_successive_exports_give_spells_ends_and_reasons(ask):
    assert journeys(ask, "acme") == [
        ("buyer", 1, "lost", "closed_lost", "no_budget", "marketing_sourced"),
        ("buyer", 2, "won", None, None, "sales_sourced"),
        ("junk", 1, "lost", "junk", "junk", "marketing_sourced"),
        ("old", 1, "lost", "rejected", "not_icp", "marketing_sourced"),
        ("recycled", 1, "recycled", None, "no_timing", "marketing_sourced"),
        ("recycled", 2, "open", None, None, "marketing_sourced"),
    ]


def test_a_date_column_dates_what_exports_show_and_else_the_export_that_first_shows_it(ask):
    assert events(ask, "acme", "recycled") == [
        (1, "entered", "inquiry", "01-02 09:00", "01-05", False, False),
        (1, "entered", "mql", "01-03 10:00", "01-05", False, False),
        (1, "recycled", "mql", "01-12 00:00", "01-12", True, False),
        (2, "entered", "inquiry", "01-16 15:00", "01-19", True, False),
        (2, "entered", "mql", "01-16 15:00", "01-19", False, False),
        (2, "entered", "sal", "01-26 00:00", "01-26", True, False),
    ]


def test_a_deal_that_left_an_end_is_reopened_in_a_new_version(ask):
    rows = ask(
        """select spell_no, event, stage, strftime(occurred_at, '%m-%d %H:%M'), strftime(recorded_at, '%m-%d'), reason_code
           from marts.fct_lifecycle_event inner join intermediate.int_opportunities_unioned on entity_key = opportunity_key
           where opportunity_id = 'D1' and event <> 'exited' order by occurred_at, event"""
    )
    assert rows == [
        (1, "entered", "sql", "01-12 00:00", "01-12", None),
        (1, "entered", "sqo", "01-19 00:00", "01-19", None),
        (1, "lost", "sqo", "01-22 16:00", "01-26", "no_budget"),
        (2, "reopened", "sqo", "02-02 00:00", "02-02", None),
        (2, "won", "customer", "02-06 12:00", "02-09", None),
    ]


def test_velocity_never_mixes_two_journeys_of_a_recycled_lead(ask):
    rows = ask(
        """select spell_no, inquiry_at::varchar, mql_at::varchar, sal_at::varchar, has_dates_out_of_order
           from marts.rpt_lead_to_revenue inner join intermediate.int_people_identified using (person_key)
           where source_id = 'recycled' order by 1"""
    )
    assert rows == [
        (1, "2026-01-02 09:00:00", "2026-01-03 10:00:00", None, False),
        (2, "2026-01-16 15:00:00", "2026-01-16 15:00:00", "2026-01-26 00:00:00", False),
    ]


def test_hubspots_property_history_gives_regressions_and_re_entries(ask):
    assert events(ask, "hubspot_connector", "c1") == [
        (1, "entered", "inquiry", "01-01 08:00", "02-09", False, False),
        (1, "entered", "mql", "01-04 10:00", "01-04", False, False),
        (1, "entered", "sal", "01-08 10:00", "01-08", True, False),
        (1, "entered", "sql", "01-08 10:00", "01-08", False, False),
        (1, "re_entered", "mql", "01-15 10:00", "01-15", False, True),
        (1, "re_entered", "sql", "01-20 10:00", "01-20", False, False),
    ]


def test_hubspots_columns_of_entry_dates_give_a_journey_without_any_history(ask):
    assert [row for row in journeys(ask, "hubspot_connector") if row[0] == "c2"] == [
        ("c2", 1, "won", None, None, "marketing_sourced")
    ]
    dates = (
        "select mql_at::varchar, won_at::varchar from marts.rpt_lead_to_revenue where outcome = 'won' and source_system = 'hub"
    )
    assert ask(dates + "spot_connector'") == [("2026-01-05 09:00:00", "2026-02-01 09:00:00")]


def test_salesforces_histories_give_three_journeys_of_one_lead_and_their_streams(ask):
    assert journeys(ask, "salesforce") == [
        ("L1", 1, "recycled", None, None, "marketing_sourced"),
        ("L1", 2, "lost", "closed_lost", None, "sales_sourced"),
        ("L1", 3, "won", None, None, "sales_sourced"),
    ]
    cohorts = """select from_stage, sum(n_entered) from marts.mart_funnel_cohort
                 where segment = 'stream=sales_sourced' and to_stage in ('customer', 'sql') group by 1 order by 1"""
    assert ask(cohorts) == [("sal", 3), ("sqo", 3)]


def test_an_end_that_the_first_export_already_shows_is_in_no_duration(ask):
    rows = ask(
        """select is_timed, outcome from intermediate.int_spell_transitions
           inner join intermediate.int_people_identified using (person_key) where source_id = 'old'"""
    )
    assert rows == [(False, "lost")]


def test_a_past_as_of_knows_only_what_had_been_exported_by_then(landed):
    home, settings = landed
    build(home, settings, dt.date(2026, 1, 19))
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        rows = journeys(lambda sql: connection.execute(sql).fetchall(), "acme")
    assert rows == [
        ("buyer", 1, "open", None, None, "marketing_sourced"),
        ("junk", 1, "open", None, None, "marketing_sourced"),
        ("old", 1, "lost", "rejected", "not_icp", "marketing_sourced"),
        ("recycled", 1, "recycled", None, "no_timing", "marketing_sourced"),
        ("recycled", 2, "open", None, None, "marketing_sourced"),
    ]


@pytest.mark.public_data
def test_olists_cohorts_are_those_of_plain_sql_on_its_files(olist_night, public_data):
    result, home = olist_night
    assert result.exit_code == 0, result.message
    leads, deals = (next((public_data / "olist_funnel").glob(f"*{name}*.csv")) for name in ("qualified_leads", "closed_deals"))
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        plain = connection.execute(
            f"""with leads as (
                  select mql_id, strptime(first_contact_date, '%Y.%m.%d') as mql_at from read_csv('{leads}', all_varchar = true)
                ), deals as (
                  select mql_id, strptime(won_date, '%Y.%m.%d %H:%M') as won_at from read_csv('{deals}', all_varchar = true)
                )
                select date_trunc('month', mql_at)::date, count(*),
                  count(*) filter (where won_at <= mql_at + interval 365 day), count(won_at)
                from leads left join deals using (mql_id) group by 1 order by 1"""
        ).fetchall()
        mart = connection.execute(
            """select cohort_month, n_entered, n_converted, n_won from marts.mart_funnel_cohort
               where from_stage = 'mql' and to_stage = 'customer' and segment = 'all' order by 1"""
        ).fetchall()
    assert len(plain) == 12
    assert mart == plain


def test_incidences_of_the_demo_company_are_those_of_the_science_rooms_estimator(demo_night):
    result, home = demo_night
    assert result.exit_code == 0, result.message
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        spells = connection.execute(
            """select cohort_month, exit_days, entry_days, cause from intermediate.int_spell_transitions
               where from_stage = 'mql' and to_stage = 'customer' and is_timed"""
        ).df()
        found = connection.execute(
            """select cohort_month, n_at_risk, incidence_reached, incidence_terminal, incidence_recycled, survival
               from intermediate.int_cohort_incidences
               where from_stage = 'mql' and to_stage = 'customer' and segment = 'all' order by 1"""
        ).df()
    expected = cumulative_incidence(spells, ["cohort_month"], [365])
    assert len(found) == len(expected) > 20
    assert (found["n_at_risk"].to_numpy() == expected["n_at_risk"].to_numpy()).all()
    for column in ("incidence_reached", "incidence_terminal", "incidence_recycled", "survival"):
        assert abs(found[column].to_numpy() - expected[column].to_numpy()).max() < 1e-9, column
