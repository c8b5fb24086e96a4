"""Small CRM exports as people have them (semicolons, decimal commas, French days, accents) land whole and read right.

The files in samples_crm/ are invented, three records each. Values are those of the raw relation of a night.
"""

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, write_catalog

SAMPLES = Path(__file__).parent / "samples_crm"
# Windows programs still write this code page; accents and typographic apostrophes must survive it.
CP1252 = ("Opportunités 2026-09-30.csv", "Transactions 2026-09-30.csv", "activites-18273-44.csv")
WITH_BYTE_ORDER_MARK = ("hubspot-crm-exports-contacts-2026-09-30.csv", "Opportunités ouvertes 30-09-2026.csv")

# Language, file → feed, the column that orders its records, and what some of its columns hold.
EXPECTED = {
    ("fr", "hubspot-crm-exports-contacts-2026-09-30.csv"): ("hubspot/contacts", "contact_id", {
        "first_name": ["Zoé", "Noël", "Agnès"],
        "company_name": ["Ateliers Hébert", "Bois; Métal & Cie", None],
        "company_id": ["9001", "9002", None],
        "lifecycle_stage": ["Lead qualifié par le marketing", "Lead", "Abonné"],
        "created_at": ["2026-04-03 07:15:00", "2026-01-11 23:30:00", "2026-09-30 21:59:00"],
        "became_mql_at": ["2026-04-05 16:40:00", None, None],
    }),
    ("fr", "hubspot-crm-exports-entreprises-2026-09-30.csv"): ("hubspot/companies", "company_id", {
        "company_name": ["Ateliers Hébert", "Bois & Métal", "L'Œuvre"],
        "employees": ["1250", "12", None],
        "city": ["Saint-Étienne", "Évian", None],
    }),
    ("fr", "hubspot-crm-exports-transactions-2026-09-30.csv"): ("hubspot/deals", "deal_id", {
        "amount": ["12500.50", "1234567.89", None],
        "deal_stage": ["Contrat envoyé", "Fermé gagné", "Fermé perdu"],
        "closed_at": ["2026-10-31 17:00:00", "2026-09-02 15:30:00", "2026-03-02 16:30:00"],
    }),
    ("fr", "hubspot-crm-exports-appels-2026-09-30.csv"): ("hubspot/calls", "call_id", {
        "title": ["Premier échange", "Relance", "Relance n° 2"],
        "activity_at": ["2026-09-29 12:05:00", "2026-09-30 07:00:00", "2026-09-30 14:45:00"],
        "contact_id": ["501", "502", "502"],
    }),
    ("en", "hubspot-crm-exports-all-contacts-2026-09-29.csv"): ("hubspot/contacts", "contact_id", {
        "last_name": ["O'Neil", "Stone", "Young"],
        "company_name": ["Oak, Ash & Co", 'Stone "Works"', None],
        "created_at": ["2026-04-03 07:15:00", "2026-01-11 23:30:00", "2026-09-28 21:59:00"],
    }),
    ("en", "Lead.csv"): ("salesforce/lead", "lead_id", {
        "company": ["Ateliers Hébert", 'Stone "Works"', "Young, Inc."],
        "is_deleted": ["false", "true", "false"],
        "converted_on": ["2026-05-02", None, None],
        "created_at": ["2026-04-03 07:15:00", "2026-01-12 00:30:00", "2026-02-01 12:00:00"],
    }),
    ("fr", "report1759219200000.csv"): ("salesforce_report/leads", "lead_id", {
        "last_name": ["Lefèvre", "D'Arcy", "Müller"],
        "company": ["Ateliers Hébert", "Bois & Métal", None],
        "status": ["En cours - Contactée", "Ouverte - Non contactée", "Fermée - Non convertie"],
        "created_at": ["2026-04-03", "2026-01-12", "2026-02-05"],
    }),
    ("fr", "Opportunités 2026-09-30.csv"): ("salesforce_report/opportunities", "opportunity_id", {
        "opportunity_name": ["Rénovation Hébert", "Étude Métal", "Pilote"],
        "amount": ["12500.50", "1234567.89", None],
        "close_on": ["2026-10-31", "2026-09-02", "2026-03-02"],
        "owner": ["Inès Roy", "Inès Roy", "Inès Roy"],
    }),
    ("en", "Opportunities 2026-09-29.csv"): ("salesforce_report/opportunities", "opportunity_id", {
        "amount": ["12500.50", "1234567.89", None],
        "close_on": ["2026-10-31", "2026-09-02", "2026-03-02"],
        "last_modified_at": ["2026-09-29 06:12:00", "2026-09-28 21:59:00", "2026-09-01 10:00:00"],
    }),
    ("en", "sf_opportunity_history_data.csv"): ("salesforce_connector/opportunity_history", "fivetran_start", {
        "id": ["006A", "006B", "006A"],
        "stage_name": ["Prospecting", "Prospecting", "Closed Won"],
        "amount": ["1000.5", None, "1200"],
        "fivetran_active": ["false", "true", "true"],
        "fivetran_end": ["2026-09-02 15:29:59", "9999-12-31 23:59:59", "9999-12-31 23:59:59"],
    }),
    ("en", "sf_lead_data.csv"): ("salesforce_connector/lead", "id", {
        "is_converted": ["true", "false", "false"],
        "is_deleted": ["false", "false", "true"],
        "phone": [None, None, None],
        "created_date": ["2026-04-03 07:15:00", "2026-04-04 07:15:00", "2026-04-05 07:15:00"],
    }),
    ("fr", "affaires-18273-41.csv"): ("pipedrive/deals", "deal_id", {
        "value": ["12500.50", "1234.5", "8000"],
        "status": ["Ouvert", "Gagné", "Perdu"],
        "person_id": ["301", "302", "302"],
        "created_at": ["2026-07-01 06:12:00", "2026-01-15 07:05:00", "2026-01-15 08:05:00"],
        "lost_at": [None, None, "2026-09-02 15:30:00"],
        "expected_close_on": ["2026-11-15", "2026-03-31", None],
    }),
    ("en", "deals-18273-43.csv"): ("pipedrive/deals", "deal_id", {
        "value": ["12500.5", "1234567.89", "8000"],
        "status": ["Open", "Won", "Lost"],
        "closed_at": [None, "2026-09-02 15:30:00", "2026-03-02 16:30:00"],
    }),
    ("fr", "personnes-18273-42.csv"): ("pipedrive/persons", "person_id", {
        "name": ["Claire Durand", "Nadia Chérif", "Élie Faÿ"],
        "organization_id": ["401", "402", None],
    }),
    ("fr", "activites-18273-44.csv"): ("pipedrive/activities", "activity_id", {
        "subject": ["Démonstration", "Relance", "Déjeuner"],
        "is_done": ["true", "false", "true"],
        "due_on": ["2026-09-29", "2026-10-15", None],
    }),
    ("fr", "Leads_001.csv"): ("zoho/leads", "lead_id", {
        "company": ["Ateliers Hébert", "Bois & Métal", "L'Œuvre; SARL"],
        "lead_source": ["Salon", None, "Publicité"],
        "created_at": ["2026-04-03 07:15:00", "2026-01-11 23:30:00", "2026-02-05 09:00:00"],
    }),
    ("fr", "Comptes.csv"): ("zoho/accounts", "account_id", {
        "account_name": ["Ateliers Hébert", "Bois & Métal", "L'Œuvre"],
        "employees": ["1250", "12", None],
    }),
    ("fr", "Transactions 2026-09-30.csv"): ("zoho/deals", "deal_id", {
        "amount": ["12500.50", "1234567.89", None],
        "stage": ["Négociation/Révision", "Fermée gagnée", "Fermée perdue"],
        "closing_on": ["2026-10-31", "2026-09-02", "2026-03-02"],
        "contact_id": ["zcrm_301", "zcrm_302", "zcrm_302"],
    }),
    ("en", "Deals_2026-09-29.csv"): ("zoho/deals", "deal_id", {
        "amount": ["12500.5", "1234567.89", None],
        "lead_source": ["Trade Show", None, "Advertisement"],
        "closing_on": ["2026-10-31", "2026-09-02", "2026-03-02"],
    }),
    ("fr", "Opportunités ouvertes 30-09-2026.csv"): ("dynamics/opportunities", "opportunity_id", {
        "topic": ["Rénovation Hébert", "Étude Métal", "Pilote"],
        "status": ["Ouverte", "Conclue", "Perdue"],
        "estimated_revenue": ["12500.50", "1234567.89", None],
        "expected_close_on": ["2026-10-31", "2026-09-02", "2026-03-02"],
        "modified_at": ["2026-09-29 09:02:00", "2026-09-28 06:00:00", "2026-03-02 07:00:00"],
    }),
    ("fr", "Mes comptes actifs 30-09-2026.csv"): ("dynamics/accounts", "account_id", {
        "account_name": ["Ateliers Hébert", "Bois & Métal", "L'Œuvre"],
        "industry": [None, None, None],
    }),
    ("en", "Open Leads 9-30-2026.csv"): ("dynamics/leads", "lead_id", {
        "name": ["Ann O'Neil", "Bob Stone", "Cy Young"],
        "status_reason": ["Contacted", "New", "Lost"],
        "created_at": ["2026-04-03 07:15:00", "2026-01-11 23:30:00", "2026-02-05 09:00:00"],
    }),
    ("en", "opportunity_data.csv"): ("dynamics_connector/opportunity", "opportunityid", {
        "statecode": ["0", "1", "2"],
        "parentaccountid": ["acc1", "acc2", "acc2"],
        "estimatedvalue": ["12500.5", "1234567.89", None],
        "actualclosedate": [None, "2026-09-02", "2026-03-02"],
    }),
    ("fr", "Pistes (crm.lead).csv"): ("odoo/leads", "lead_id", {
        "name": ["Demande de devis", "Rappel", "Question; prix"],
        "source": ["Moteur de recherche", None, "Bulletin"],
        "created_at": ["2026-04-03 07:15:22", "2026-01-11 23:30:00", "2026-02-05 09:00:00"],
    }),
    ("fr", "Pipeline (crm.lead) fr.csv"): ("odoo/opportunities", "opportunity_id", {
        "stage": ["Proposition", "Gagné", "Qualifié"],
        "expected_revenue": ["12500.50", "1234567.89", "0"],
        "probability": ["61.5", "100", "0"],
        "closed_at": [None, "2026-09-02 15:30:00", "2026-03-02 16:30:00"],
        "lost_reason": [None, None, "Trop cher"],
    }),
    ("en", "Opportunity (crm.lead).csv"): ("odoo/opportunities", "opportunity_id", {
        "expected_revenue": ["12500.5", "1234567.89", "0.0"],
        "probability": ["61.5", "100.0", "0.0"],
        "expected_closing_on": ["2026-10-31", "2026-09-02", None],
    }),
}  # fmt: skip


class Landed:
    """The samples of one language landed in a home, and the raw relations of a night after them."""

    def __init__(self, language: str, folder: Path):
        exports = folder / "exports"
        exports.mkdir()
        for path in (SAMPLES / language).iterdir():
            encoding = "cp1252" if path.name in CP1252 else "utf-8-sig" if path.name in WITH_BYTE_ORDER_MARK else "utf-8"
            (exports / path.name).write_bytes(path.read_text(encoding="utf-8").encode(encoding))
        self.home = Home(folder / "home").prepare()
        settings = Settings(home=self.home.root, exports=exports)
        self.report = land(self.home, settings)
        self.connection = duckdb.connect()
        as_of = AsOf(dt.date(2026, 12, 31), "Europe/Paris")
        write_catalog(DuckDBEngine(self.connection), self.home, known_profiles(settings), [], as_of, "EUR")

    def values(self, feed: str, columns: list[str], order: str) -> dict[str, list]:
        """Some columns of a feed's relation."""
        listed = ", ".join(f'"{name}"' for name in columns)
        relation = "raw." + feed.replace("/", "__")
        rows = self.connection.execute(f'select {listed} from {relation} order by "{order}"').fetchall()
        return {name: [without_fraction(row[number]) for row in rows] for number, name in enumerate(columns)}


def without_fraction(value: str | None) -> str | None:
    """Times without the fraction of a second that no sample has."""
    return value.removesuffix(".000000") if value else value


@pytest.fixture(scope="module")
def landed(tmp_path_factory) -> dict[str, Landed]:
    return {language: Landed(language, tmp_path_factory.mktemp(language)) for language in ("en", "fr")}


@pytest.mark.parametrize(("language", "footers"), [("en", 0), ("fr", 2)])
def test_every_sample_of_a_language_lands_whole_and_below_a_report_only_the_footers_are_skipped(language, footers, landed):
    names = {path.name for path in (SAMPLES / language).iterdir()}
    assert names == {name for spoken, name in EXPECTED if spoken == language}
    report, rows = landed[language].report, 3 * len(names)
    assert report.refusals == []
    assert report.files == {"new": len(names), "known": 0, "quarantined": 0}
    assert report.rows == {"in": rows, "loaded": rows, "quarantined": 0, "skipped": footers}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_value_of_a_sample_is_unreadable(language, landed):
    findings = Ledger(landed[language].home.ledger).findings()
    assert [row["message"] for row in findings if row["code"] == "unreadable_value"] == []


@pytest.mark.parametrize(("language", "name"), EXPECTED)
def test_a_sample_reads_with_the_values_that_its_author_meant(language, name, landed):
    feed, order, columns = EXPECTED[language, name]
    assert landed[language].values(feed, list(columns), order) == columns


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_deal_of_a_sample_is_open_won_or_lost_by_what_its_profile_says_of_its_stage(language, landed):
    ends = (
        landed[language]
        .connection.execute(
            """
        with deals as (
            select source_system, id, stage from raw.canonical__deal
            union all select 'hubspot', deal_id, deal_stage from raw.hubspot__deals
        )
        select deals.source_system, list(event order by id)
        from deals left join raw.profile_stage as meant
            on meant.source_system = deals.source_system and record_type = 'opportunity' and vendor_stage = deals.stage
        group by deals.source_system
        """
        )
        .fetchall()
    )
    open_won_lost = ["entered", "won", "lost"]
    expected = {
        "fr": {
            "dynamics": open_won_lost, "hubspot": open_won_lost, "odoo": ["entered", "won", "entered"],
            "pipedrive": open_won_lost, "salesforce_report": open_won_lost, "zoho": open_won_lost,
        },
        "en": {
            "dynamics_connector": open_won_lost, "odoo": ["entered", "won", "entered"], "pipedrive": open_won_lost,
            "salesforce_report": open_won_lost, "zoho": open_won_lost,
        },
    }  # fmt: skip
    assert dict(ends) == expected[language]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_status_of_a_lead_in_a_sample_has_a_meaning(language, landed):
    unexplained = landed[language].connection.execute(
        """
        select leads.source_system, leads.status
        from raw.canonical__lead as leads left join raw.profile_stage as meant
            on meant.source_system = leads.source_system and record_type = 'lead' and vendor_stage = leads.status
        where leads.status is not null and meant.stage is null
        """
    )
    assert unexplained.fetchall() == []
    n_leads = landed[language].connection.execute("select count(*), count(distinct source_system) from raw.canonical__lead")
    assert n_leads.fetchone() == {"en": (6, 2), "fr": (12, 4)}[language]


def test_every_crm_vendor_has_a_sample_and_every_interface_export_one_in_each_language():
    heard = {(feed.split("/")[0], language) for (language, _), (feed, _, _) in EXPECTED.items()}
    for vendor in ("hubspot", "salesforce_report", "pipedrive", "zoho", "dynamics", "odoo"):
        assert {(vendor, "en"), (vendor, "fr")} <= heard
    assert {("salesforce", "en"), ("salesforce_connector", "en"), ("dynamics_connector", "en")} <= heard
