"""A CRM that nobody shipped reaches the marts by a profile alone: no model, no code."""

import hashlib

import duckdb
import pytest
from nights import night_on

from orchestration.privacy.erase import access
from orchestration.privacy.pseudonym import load_key
from orchestration.privacy.record_ids import pseudonym_of
from orchestration.settings import Settings

ACME = """
vendor: acme
label: A CRM of one's own
source_note: Written for this test.
currency: EUR
timezone: Europe/Paris
locales:
  any: {decimal: ",", date_formats: ["%d/%m/%Y"], timestamp_formats: ["%d/%m/%Y %H:%M"]}
stages:
  lead:
    Refusé: {stage: mql, event: rejected, reason_code: not_icp}
  opportunity:
    Devis envoyé: {stage: sqo}
    Signé: {stage: customer, event: won}
    Abandonné: {stage: sqo, event: lost, reason_code: closed_lost}
feeds:
  fiches:
    description: One row per contact
    delivery: full
    key: [numero]
    columns:
      numero: N° fiche
      courriel: Courriel
      societe: Société
      compte: N° société
      origine: Origine
      cree_le: {header: Créée le, type: timestamp}
      mql_le: {header: Qualifiée le, type: date, required: false}
      statut: {header: Statut, required: false}
      statut_le: {header: Statut du, type: date, required: false}
    canonical:
      entity: lead
      columns: {id: numero, email: courriel, company_name: societe, account_id: compte, origin_channel: origine,
                created_at: cree_le, mql_at: mql_le, status: statut, status_changed_at: statut_le}
  societes:
    description: One row per company
    delivery: full
    key: [numero]
    columns:
      numero: N° société
      nom: Raison sociale
      site: Site web
    canonical: {entity: account, columns: {id: numero, account_name: nom, domain: site}}
  devis:
    description: One row per quote
    delivery: full
    key: [numero]
    columns:
      numero: N° devis
      etat: État
      montant: {header: Montant HT, type: decimal}
      ouvert: {header: Ouvert le, type: date}
      signe: {header: Clos le, type: date}
      fiche: N° fiche
      compte: N° société
    canonical:
      entity: deal
      columns: {id: numero, stage: etat, amount: montant, created_at: ouvert, closed_at: signe, lead_id: fiche,
                account_id: compte}
  depenses:
    description: One row per campaign and day
    delivery: delta
    key: [campagne, jour]
    columns:
      campagne: Campagne
      jour: {header: Jour, type: date}
      cout: {header: Coût, type: decimal}
    canonical:
      entity: campaign_spend
      columns: {id: campagne, spend_date: jour, spend: cout}
      constants: {origin_channel: paid search}
"""

FILES = {
    "fiches-2026-09-30.csv": """N° fiche;Courriel;Société;N° société;Origine;Créée le;Qualifiée le;Statut;Statut du
00017;Zoé@exemple.example;Œuvres & Cie;S1;Paid Search;02/03/2026 09:30;05/03/2026;;
00018;leo@exemple.example;Œuvres & Cie;S1;Paid Search;03/03/2026 10:00;06/03/2026;;
00019;max@autre.example;Autre SA;S2;Email;04/03/2026 11:00;08/03/2026;Refusé;10/03/2026
00020;ana@autre.example;Autre SA;S2;Email;05/03/2026 12:00;;;
""",
    "societes-2026-09-30.csv": """N° société;Raison sociale;Site web
S1;Œuvres & Cie;https://www.oeuvres.example/fr
S2;Autre SA;
""",
    "devis-2026-09-30.csv": """N° devis;État;Montant HT;Ouvert le;Clos le;N° fiche;N° société
D1;Signé;12 500,50;01/04/2026;15/06/2026;00017;S1
D2;Abandonné;3 000,00;02/04/2026;20/05/2026;00018;S1
D3;Devis envoyé;1 000,00;03/04/2026;;00018;S1
""",
    "depenses-2026-09-30.csv": "Campagne;Jour;Coût\nMarque;02/03/2026;120,50\nMarque;03/03/2026;79,50\n",
}


@pytest.fixture(scope="module")
def acme(tmp_path_factory):
    root = tmp_path_factory.mktemp("acme")
    (root / "profiles").mkdir()
    (root / "profiles" / "acme.yaml").write_text(ACME)
    (root / "exports").mkdir()
    for name, text in FILES.items():
        (root / "exports" / name).write_bytes(text.encode("cp1252"))
    result, home = night_on(root / "exports", root / "home", export_profiles_dir=root / "profiles")
    assert result.exit_code == 0, result.message
    assert result.summary["files"] == {"new": 4, "known": 0, "quarantined": 0}
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield connection


def test_its_people_and_their_journeys_are_in_the_funnel(acme):
    rows = acme.execute(
        """select outcome, outcome_reason, reason_code, count(*), count(mql_at), count(sqo_at), sum(amount)::varchar
           from rpt_lead_to_revenue where source_system = 'acme' group by all order by 1, 2"""
    ).fetchall()
    assert rows == [
        ("lost", "rejected", "not_icp", 1, 1, 0, None),
        ("open", None, None, 2, 1, 1, "1000.00"),
        ("won", None, None, 1, 1, 1, "12500.50"),
    ]


def test_a_local_time_is_utc_and_a_day_is_never_shifted(acme):
    times = "select inquiry_at::varchar, mql_at::varchar from rpt_lead_to_revenue where outcome = 'won'"
    assert acme.execute(times).fetchall() == [("2026-03-02 08:30:00", "2026-03-05 00:00:00")]


def test_its_account_has_its_web_domain(acme):
    accounts = "select account_name, domain from dim_account where source_system = 'acme' order by 1"
    assert acme.execute(accounts).fetchall() == [("Autre SA", None), ("Œuvres & Cie", "oeuvres.example")]


def test_its_spend_meets_its_leads_in_one_channel(acme):
    row = acme.execute(
        """select spend::varchar, mqls, won, won_amount::varchar from mart_channel_performance
           where period_month is null and channel = 'paid_search' and currency = 'EUR'"""
    ).fetchone()
    assert row == ("200.00", 2, 1, "12500.50")


def test_a_record_named_by_an_address_has_a_keyed_pseudonym_for_an_id(tmp_path):
    by_address = ACME.replace("key: [numero]\n    columns:\n      numero: N° fiche\n", "key: [courriel]\n    columns:\n", 1)
    by_address = by_address.replace("columns: {id: numero, email: courriel", "columns: {id: courriel, email: courriel", 1)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "acme.yaml").write_text(by_address)
    addresses = {"00017": "Zoé@exemple.example", "00018": "leo@exemple.example", "00019": "max@autre.example"}
    text = FILES["devis-2026-09-30.csv"]
    for number, address in addresses.items():
        text = text.replace(number, address.upper())
    (tmp_path / "exports").mkdir()
    for name, content in {**FILES, "devis-2026-09-30.csv": text}.items():
        (tmp_path / "exports" / name).write_bytes(content.replace("N° fiche;Courriel", "Fiche;Courriel").encode("cp1252"))
    own = {"export_profiles_dir": tmp_path / "profiles", "pseudonym_key_file": tmp_path / "keys" / "key"}
    result, home = night_on(tmp_path / "exports", tmp_path / "home", **own)
    assert result.exit_code == 0, result.message
    key = load_key(Settings(**own), home)
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        ids = {row[0] for row in connection.execute("select source_id from marts.bdg_person_identity").fetchall()}
        won = connection.execute("select count(*) from marts.rpt_lead_to_revenue where outcome = 'won'").fetchone()
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
        texts = {
            row[0]
            for table, column in columns
            for row in connection.execute(f'select distinct "{column}" from marts."{table}"').fetchall()
            if row[0]
        }
    assert {pseudonym_of(key, address) for address in addresses.values()} < ids
    assert won == (1,), "a quote finds its contact by the contact's address"
    assert not [text for text in texts if "@" in text]
    plain = {hashlib.md5(address.lower().encode()).hexdigest() for address in addresses.values()}
    assert plain.isdisjoint(texts)

    found = access(home, Settings(home=home.root, **own), "Leo@exemple.example")["published"]
    assert "rpt_lead_to_revenue" in found
    own["pseudonym_key_file"].write_text("0" * 64)
    refused, _ = night_on(tmp_path / "exports", home.root, rebuild=True, **own)
    assert (refused.exit_code, "put the old one back" in refused.message) == (4, True)
