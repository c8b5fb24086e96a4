"""Touches under French headers reach the marts and share a signature that another source tells of."""

import datetime as dt
from collections import defaultdict

import duckdb
import pytest
from nights import night_on

HALF_LIVES = {"sqo": dt.timedelta(days=30), "won": dt.timedelta(days=90)}
PROFILE = """
vendor: acme
label: A CRM of one's own
source_note: Written for this test.
currency: EUR
timezone: Europe/Paris
stages:
  opportunity:
    Signé: {stage: customer, event: won}
feeds:
  fiches:
    description: One row per contact
    delivery: full
    key: [numero]
    columns: {numero: N° fiche, courriel: Courriel, compte: N° société, cree_le: {header: Créée le, type: timestamp}}
    canonical: {entity: lead, columns: {id: numero, email: courriel, account_id: compte, created_at: cree_le}}
  societes:
    description: One row per company
    delivery: full
    key: [numero]
    columns: {numero: N° société, nom: Raison sociale}
    canonical: {entity: account, columns: {id: numero, account_name: nom}}
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
"""
FILES = {
    "fiches-2026-09-30.csv": """N° fiche;Courriel;N° société;Créée le
00017;zoe@oeuvres.example;S1;2026-03-02 09:30
00018;leo@oeuvres.example;S1;2026-03-03 10:00
""",
    "societes-2026-09-30.csv": "N° société;Raison sociale\nS1;Œuvres & Cie\n",
    "devis-2026-09-30.csv": """N° devis;État;Montant HT;Ouvert le;Clos le;N° fiche;N° société
D1;Signé;12500.50;2026-04-01;2026-06-15;00017;S1
""",
    "depenses-2026-09-30.csv": """id_campagne;date_depense;depense;nom_campagne;canal_origine
7;02/03/2026;120,50;Marque;Recherche payante
""",
    "touches_2026-09-30.csv": """id;id_lead;systeme_lead;canal_origine;nom_campagne;type_contact;date_contact;supprime
v1;00017;acme;Recherche payante;marque;Ad_click;02/03/2026 09:30;non
v2;00018;ACME;Webinaire;;webinar;20/03/2026 14:00;non
v3;00017;acme;E-mail marketing;;email_click;01/05/2026 10:00;non
v4;00017;acme;Trafic direct;;visit;15/06/2026 09:00;non
v5;99999;acme;Trafic direct;;visit;16/06/2026 09:00;non
v6;00017;acme;Trafic direct;;visit;03/05/2026 09:00;oui
""",
}


@pytest.fixture(scope="module")
def marts(tmp_path_factory):
    root = tmp_path_factory.mktemp("attribution")
    for folder in ("profiles", "exports"):
        (root / folder).mkdir()
    (root / "profiles" / "acme.yaml").write_text(PROFILE)
    for name, text in FILES.items():
        (root / "exports" / name).write_text(text)
    result, home = night_on(root / "exports", root / "home", export_profiles_dir=root / "profiles")
    assert result.exit_code == 0, result.message
    assert result.summary["files"] == {"new": 5, "known": 0, "quarantined": 0}
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        yield connection


def test_a_touch_has_the_person_the_campaign_and_the_channel_that_its_texts_mean(marts):
    touches = """
        select occurred_at::varchar, touch_type, touches.channel, touches.source_system, person_key is not null, account_name,
            campaign_name
        from fct_touchpoint as touches left join dim_account using (account_key) left join dim_campaign using (campaign_key)
        order by occurred_at"""
    assert marts.execute(touches).fetchall() == [
        ("2026-03-02 08:30:00", "ad_click", "paid_search", "generic", True, "Œuvres & Cie", "Marque"),
        ("2026-03-20 13:00:00", "webinar", "webinar", "generic", True, "Œuvres & Cie", None),
        ("2026-05-01 08:00:00", "email_click", "email", "generic", True, "Œuvres & Cie", None),
        ("2026-06-15 07:00:00", "visit", "direct_traffic", "generic", True, "Œuvres & Cie", None),
        ("2026-06-16 07:00:00", "visit", "direct_traffic", "generic", False, None, None),
    ]


def test_touches_are_published_in_the_order_in_which_they_are_asked_for(marts):
    in_order = "person_key nulls first, occurred_at, touchpoint_key"
    assert marts.execute(
        f"select list(touchpoint_key order by rowid) = list(touchpoint_key order by {in_order}) from fct_touchpoint"
    ).fetchall() == [(True,)]


def test_an_outcome_is_shared_among_the_touches_of_the_accounts_people_before_it(marts):
    rows = marts.execute(
        """select outcome, channel, (credit_first_touch, credit_last_touch, credit_linear, credit_position_based)
           from fct_attribution_touchpoint order by outcome, position_no"""
    ).fetchall()
    third = pytest.approx(1 / 3)
    assert rows == [
        ("sqo", "paid_search", (1, 0, 0.5, 0.5)),
        ("sqo", "webinar", (0, 1, 0.5, 0.5)),
        ("won", "paid_search", (1, 0, third, 0.4)),
        ("won", "webinar", (0, 0, third, 0.2)),
        ("won", "email", (0, 1, third, 0.4)),
    ]


def test_a_touch_counts_half_as_much_for_each_half_life_before_the_outcome(marts):
    paths = defaultdict(list)
    for outcome, outcome_at, occurred_at, credit in marts.execute(
        "select outcome, outcome_at, occurred_at, credit_time_decay from fct_attribution_touchpoint"
    ).fetchall():
        paths[outcome].append((2 ** -((outcome_at - occurred_at) / HALF_LIVES[outcome]), credit))
    assert {outcome: len(path) for outcome, path in paths.items()} == {"sqo": 2, "won": 3}
    for path in paths.values():
        for weight, credit in path:
            assert credit == pytest.approx(weight / sum(weight for weight, _ in path), abs=1e-9)


def test_the_trust_in_an_attribution_is_that_in_its_touches_and_in_its_opportunities(marts):
    sources = "select source_system from mart_trust where mart_name = 'fct_attribution_touchpoint' order by 1"
    assert marts.execute(sources).fetchall() == [("acme",), ("generic",)]
