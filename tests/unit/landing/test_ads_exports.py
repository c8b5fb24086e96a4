"""Realistic exports of advertising and mailing vendors, in both languages, land whole and with the right values in raw."""
# ruff: noqa: E501 - the rows of an export stand here as the vendor writes them, one to a line.

import codecs
import csv
import datetime as dt
import json

import duckdb
import pytest

from orchestration.landing.deliver import land
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, write_catalog

NARROW, BROAD = "\u202f", "\u00a0"


@pytest.fixture
def landed(home, tmp_path):
    """Land files (name → bytes) in a home; gives the report, then rows of raw by a query."""

    def run(files: dict[str, bytes]):
        exports = tmp_path / "exports"
        exports.mkdir(exist_ok=True)
        for name, content in files.items():
            (exports / name).write_bytes(content)
        settings = Settings(home=home.root, exports=exports)
        report = land(home, settings)
        connection = duckdb.connect()
        as_of = AsOf(dt.date(2026, 12, 31), "Europe/Paris")
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), [], as_of, "EUR")
        return report, lambda sql: connection.execute(sql).fetchall()

    return run


def whole(report, rows: int, skipped: int = 0) -> None:
    """Every row is loaded and every value readable; only totals and columns that the profile leaves out are noticed."""
    assert report.refusals == []
    assert report.rows == {"in": rows, "loaded": rows, "quarantined": 0, "skipped": skipped}
    noticed = [text for texts in report.noticed.values() for text in texts]
    assert [text for text in noticed if "are totals" not in text and "not in the profile" not in text] == []


GOOGLE_DAILY = """\
Campaign report
"September 1, 2026 - September 2, 2026"
Day,Campaign state,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,CTR,Avg. CPC,Cost,Conversions,Cost / conv.
2026-09-01,Enabled,"Brand, France",20111222333,Search,EUR,"1,204",41,3.41%,4.21,172.45,2.00,86.23
2026-09-02,Enabled,"Brand, France",20111222333,Search,EUR,"12,180",139,1.14%,8.84,"1,229.10",1.50,819.40
2026-09-02,Paused,Retargeting,20111222334,Display,EUR,410,0, --, --,0.00, --, --
Total: Campaigns, --, --, --, --,EUR,"13,794",180,1.30%,7.79,"1,401.55",3.50,400.44
Total: Account, --, --, --, --,EUR,"13,794",180,1.30%,7.79,"1,401.55",3.50,400.44
"""
GOOGLE_DAILY_FR = f"""\
Rapport sur les campagnes
"1 septembre 2026 - 2 septembre 2026"
Jour,État de la campagne,Campagne,Numéro de campagne,Type de campagne,Code de la devise,Impr.,Clics,CTR,CPC moy.,Coût,Conversions,Coût/conv.
2026-09-01,Activée,"Marque, France",20111222333,Réseau de Recherche,EUR,1{NARROW}204,41,"3,41{BROAD}%","4,21","172,45","2,00","86,23"
2026-09-02,Activée,"Marque, France",20111222333,Réseau de Recherche,EUR,12{NARROW}180,139,"1,14{BROAD}%","8,84","1{NARROW}229,10","1,50","819,40"
2026-09-02,En veille,Reciblage,20111222334,Display,EUR,410,0, --, --,"0,00", --, --
Total{BROAD}: campagnes, --, --, --, --,EUR,13{NARROW}794,180,"1,30{BROAD}%","7,79","1{NARROW}401,55","3,50","400,44"
Total : compte, --, --, --, --,EUR,13{NARROW}794,180,"1,30{BROAD}%","7,79","1{NARROW}401,55","3,50","400,44"
"""


@pytest.mark.parametrize("text", [GOOGLE_DAILY, GOOGLE_DAILY_FR], ids=["en", "fr"])
def test_google_ads_by_day_has_the_same_figures_in_both_languages_and_no_totals(landed, text):
    report, ask = landed({"google_ads_campaign_report.csv": text.encode()})
    whole(report, rows=3, skipped=2)
    rows = ask(
        "select day, campaign_id, impressions, clicks, cost, conversions from raw.google_ads__campaign_daily order by day, cost"
    )
    assert rows == [
        ("2026-09-01", "20111222333", "1204", "41", "172.45", "2.00"),
        ("2026-09-02", "20111222334", "410", "0", "0.00", None),
        ("2026-09-02", "20111222333", "12180", "139", "1229.10", "1.50"),
    ]


def test_a_row_whose_key_says_missing_in_the_vendor_s_words_is_set_aside(landed):
    lines = GOOGLE_DAILY.splitlines()
    labelled = [
        *lines[:2],
        *(f"{'Label' if 'Day' in line else 'Total: x' if 'Total' in line else 'mine'},{line}" for line in lines[2:]),
    ]
    text = "\n".join(line.replace("Total: Campaigns", " --").replace("Total: Account", " --") for line in labelled) + "\n"
    report, ask = landed({"google_ads_campaign_report.csv": text.encode()})
    assert report.rows == {"in": 5, "loaded": 3, "quarantined": 2, "skipped": 0}
    assert ask("select count(*) from raw.google_ads__campaign_daily where day is null") == [(0,)]


def test_google_ads_for_excel_is_utf_16_with_tabs(landed):
    rows = csv.reader(GOOGLE_DAILY_FR.splitlines())
    text = "".join("\t".join(cells) + "\r\n" for cells in rows)
    report, ask = landed({"rapport-2026-09-03.csv": codecs.BOM_UTF16_LE + text.encode("utf-16-le")})
    whole(report, rows=3, skipped=2)
    assert ask("select sum(cost::decimal(18, 2))::varchar from raw.google_ads__campaign_daily") == [("1401.55",)]


GOOGLE_REPORT_FR = f"""\
Rapport sur la campagne
Toute la période
État de la campagne,Campagne,Budget,Nom du budget,Type de budget,État,Type de campagne,Impr.,Clics,Taux d'interaction,Coût,Code de la devise,Conversions
Activée,Marque,"40,00",--,Quotidien,Éligible,Réseau de Recherche,795{NARROW}836,9{NARROW}265,"1,16{BROAD}%","2{NARROW}691,41",EUR,"22,50"
Total{BROAD}: compte,,,,,,,795{NARROW}836,9{NARROW}265,"1,16{BROAD}%","2{NARROW}691,41",EUR,"22,50"
"""


def test_the_french_google_ads_report_of_a_whole_period_lands_without_its_total(landed):
    report, ask = landed({"Rapport sur la campagne.csv": GOOGLE_REPORT_FR.encode()})
    whole(report, rows=1, skipped=1)
    assert ask("select campaign, budget, impressions, clicks, cost, conversions from raw.google_ads__campaign_report") == [
        ("Marque", "40.00", "795836", "9265", "2691.41", "22.50")
    ]


LINKEDIN = """\
Campaign Performance Report (in UTC)
Account Name: Atelier Lyon
Report Start: 9/1/2026
Report End: 9/2/2026
Date Generated: 9/3/2026, 7:21 AM

Start Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tCampaign ID\tCampaign Name\tCampaign Type\tTotal Spent\tImpressions\tClicks\tReactions\tLeads
9/1/2026\tAtelier Lyon\tEUR\tABM\t312345678\t"Decision ""makers"", DACH"\tSponsored Update\t1,033.33\t10,200\t46\t5\t3
9/2/2026\tAtelier Lyon\tEUR\tABM\t312345678\t"Decision ""makers"", DACH"\tSponsored Update\t33.34\t1,200\t6\t1\t0
"""
LINKEDIN_FR = f"""\
Rapport sur les performances des campagnes (en UTC)
Nom du compte : Atelier Lyon
Début du rapport : 01/09/2026
Fin du rapport : 02/09/2026
Date de génération : 03/09/2026, 07:21

Date de début (en UTC)\tNom du compte\tDevise\tNom du groupe de campagnes\tID de la campagne\tNom de la campagne\tType de campagne\tTotal dépensé\tImpressions\tClics\tRéactions\tLeads
01/09/2026\tAtelier Lyon\tEUR\tABM\t312345678\t"Décideurs, « DACH »"\tContenu sponsorisé\t1{NARROW}033,33\t10{NARROW}200\t46\t5\t3
02/09/2026\tAtelier Lyon\tEUR\tABM\t312345678\t"Décideurs, « DACH »"\tContenu sponsorisé\t33,34\t1{NARROW}200\t6\t1\t0
"""


@pytest.mark.parametrize("text", [LINKEDIN, LINKEDIN_FR], ids=["en", "fr"])
def test_linkedin_in_utf_16_with_tabs_and_title_lines_has_the_same_figures_in_both_languages(landed, text):
    content = codecs.BOM_UTF16_LE + text.replace("\n", "\r\n").encode("utf-16-le")
    report, ask = landed({"account_507_campaign_performance_report.csv": content})
    whole(report, rows=2)
    rows = ask(
        "select day, campaign_id, cost, impressions, clicks, leads from raw.linkedin_ads__campaign_performance order by day"
    )
    assert rows == [
        ("2026-09-01", "312345678", "1033.33", "10200", "46", "3"), ("2026-09-02", "312345678", "33.34", "1200", "6", "0"),
    ]  # fmt: skip


META_DAILY = """\
"Reporting starts","Reporting ends","Day","Campaign name","Campaign delivery","Attribution setting","Results","Result indicator","Reach","Frequency","Cost per results","Amount spent (EUR)","Impressions","CPM (cost per 1,000 impressions) (EUR)","Link clicks","Clicks (all)","Landing page views"
"2026-09-01","2026-09-01","2026-09-01","Prospecting, broad","active","7-day click or 1-day view","11","actions:lead","1988","1.25","14.95","164.4","2497","65.83","65","87","42"
"2026-09-02","2026-09-02","2026-09-02","Prospecting, broad","active","7-day click or 1-day view","","","2100","1.3","","1234.56","12730","96.98","71","90","45"
"""
META_DAILY_FR = f"""\
Début des rapports;Fin des rapports;Jour;Nom de la campagne;Diffusion de la campagne;Résultats;Couverture;Répétition;Coût par résultat;Montant dépensé (EUR);Impressions;CPM (Coût pour 1{BROAD}000 impressions) (EUR);Clics sur un lien;Clics (tous)
01/09/2026;01/09/2026;01/09/2026;"Prospection, large";active;11;1{NARROW}988;1,25;14,95;164,4;2{NARROW}497;65,83;65;87
02/09/2026;02/09/2026;02/09/2026;"Prospection, large";active;;2{NARROW}100;1,3;;1{NARROW}234,56;12{NARROW}730;96,98;71;90
"""


@pytest.mark.parametrize("text", [META_DAILY, META_DAILY_FR], ids=["en", "fr"])
def test_meta_by_day_has_the_same_figures_in_both_languages(landed, text):
    report, ask = landed({"Atelier-Campaigns-export.csv": codecs.BOM_UTF8 + text.encode()})
    whole(report, rows=2)
    rows = ask(
        "select day, spend, impressions, reach, frequency, link_clicks, results from raw.meta_ads__campaign_daily order by day"
    )
    assert rows == [
        ("2026-09-01", "164.4", "2497", "1988", "1.25", "65", "11"), ("2026-09-02", "1234.56", "12730", "2100", "1.3", "71", None),
    ]  # fmt: skip


def test_meta_without_breakdown_by_day_keeps_one_row_per_period(landed):
    text = "Reporting starts,Reporting ends,Campaign name,Amount spent (EUR),Impressions,Link clicks\n"
    rows = "2026-09-01,2026-09-30,A,1234.56,45000,850\n2026-10-01,2026-10-31,A,10,20,1\n"
    report, ask = landed({"campaigns.csv": (text + rows).encode()})
    whole(report, rows=2)
    assert ask("select reporting_starts, spend from raw.meta_ads__campaign_report order by 1") == [
        ("2026-09-01", "1234.56"), ("2026-10-01", "10"),
    ]  # fmt: skip


def _microsoft(header: str, rows: list[str], title: str, total: str) -> bytes:
    lines = [
        f'"Report Name: ","{title}"', '"Report Time: ","9/1/2026 - 9/2/2026"', '"Time Zone: ","(GMT+01:00) Paris"',
        '"Last Completed Available Day: ","9/2/2026"', '"Report Aggregation: ","Daily"', '"Potential Incomplete Data: ","false"',
        '"Rows: ","2"', "", header, *rows, total, "", '"©2026 Microsoft Corporation. All rights reserved. "',
    ]  # fmt: skip
    return codecs.BOM_UTF8 + ("\r\n".join(lines) + "\r\n").encode()


MICROSOFT = {
    "interface": _microsoft(
        '"Gregorian date","Account name","Campaign name","Campaign ID","Currency code","Impressions","Clicks","CTR","Spend","Conversions"',
        ['"9/1/2026","Atelier","Bing, brand","777","EUR","9,000","22","0.24%","1,031.50","1"',
         '"9/2/2026","Atelier","Bing, brand","777","EUR","800","20","2.50%","29.00","0"'],
        "Campaign report", '"Total","-","-","-","-","9,800","42","0.43%","1,060.50","1"',
    ),
    "service": _microsoft(
        '"TimePeriod","AccountName","CampaignName","CampaignId","CurrencyCode","Impressions","Clicks","Spend","Conversions"',
        ['"2026-09-01","Atelier","Bing, brand","777","EUR","9000","22","1031.50","1"',
         '"2026-09-02","Atelier","Bing, brand","777","EUR","800","20","29.00","0"'],
        "CampaignPerformanceReportRequest", '"@2026 Microsoft Corporation. All rights reserved. "',
    ),
    "french": _microsoft(
        '"Date grégorienne","Nom du compte","Nom de la campagne","ID de la campagne","Code de devise","Impressions","Clics","Dépenses"',
        [f'"01/09/2026","Atelier","Bing, marque","777","EUR","9{BROAD}000","22","1{BROAD}031,50"',
         '"02/09/2026","Atelier","Bing, marque","777","EUR","800","20","29,00"'],
        "Rapport de campagne", f'"Total","-","-","-","-","9{BROAD}800","42","1{BROAD}060,50"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("content", MICROSOFT.values(), ids=MICROSOFT.keys())
def test_microsoft_lands_without_title_lines_total_and_copyright_line(landed, content):
    report, ask = landed({"microsoft_ads_campaigns.csv": content})
    whole(report, rows=2, skipped=2)
    rows = ask(
        "select day, campaign_id, impressions, clicks, spend, currency from raw.microsoft_ads__campaign_daily order by day"
    )
    assert rows == [
        ("2026-09-01", "777", "9000", "22", "1031.50", "EUR"), ("2026-09-02", "777", "800", "20", "29.00", "EUR"),
    ]  # fmt: skip


MEMBERS = """\
{labels},MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS
ana@atelier.example,Ana,"Martin, Roy",2,,,"2026-03-16 14:40:47",192.0.2.7,45.7500000,4.8500000,1,2,Europe/Paris,FR,ARA,"2026-04-16 14:40:47",90498395,810826c56e,,"""
MEMBERS += '"""vip"",""salon 2026"""\n'


@pytest.mark.parametrize(
    "labels", ['"Email Address","First Name","Last Name"', '"Adresse e-mail",Prénom,Nom'], ids=["en", "fr"]
)
def test_a_mailchimp_audience_lands_in_both_languages_with_times_in_utc(landed, labels):
    report, ask = landed({"subscribed_members_export_15d17415eb.csv": MEMBERS.format(labels=labels).encode()})
    whole(report, rows=1)
    rows = ask("select last_name, member_rating, confirm_time, euid, tags from raw.mailchimp__audience_members")
    assert rows == [("Martin, Roy", "2", "2026-03-16 13:40:47.000000", "810826c56e", '"vip","salon 2026"')]


@pytest.mark.parametrize(("first", "last"), [("FIRSTNAME", "LASTNAME"), ("PRENOM", "NOM")], ids=["en", "fr"])
def test_brevo_contacts_land_in_both_languages_and_an_account_s_own_attributes_are_noted(landed, first, last):
    text = (
        f"CONTACT ID;EMAIL;{first};{last};SMS;SCORE_2026;ADDED_TIME;MODIFIED_TIME\r\n"
        "12;zoe@atelier.example;Zoé;L’Hostis;33600000001;7;01-09-2026 08:12:00;02-09-2026 09:00:00\r\n"
    )
    report, ask = landed({"contacts-2026-09-03.csv": text.encode("cp1252")})
    whole(report, rows=1)
    assert report.noticed["brevo/contacts"] == [
        "SCORE_2026: column 'SCORE_2026' is not in the profile: kept in the original only"
    ]
    rows = ask("select contact_id, last_name, sms, added_at, modified_at from raw.brevo__contacts")
    assert rows == [("12", "L’Hostis", "33600000001", "2026-09-01 06:12:00.000000", "2026-09-02 07:00:00.000000")]


BREVO_CAMPAIGNS = {
    "en": "Campaign ID;Campaign Name;Subject;Sent Date;Recipients;Delivered;Unique opens;Unique clicks;Unsubscribed\n"
          "22;Weekly - 1;News;2026-09-01 08:00:00;19887;19765;7779;2300;2\n",
    "fr": "ID de la campagne;Nom de la campagne;Objet;Date d'envoi;Destinataires;Délivrés;Ouvertures uniques;Clics uniques;Désinscrits\n"
          f"22;Hebdo - 1;Actus;01/09/2026 08:00;19{NARROW}887;19{NARROW}765;7{NARROW}779;2{NARROW}300;2\n",
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
def test_brevo_campaigns_of_the_interface_have_the_same_figures_in_both_languages(landed, language):
    report, ask = landed({"campaigns.csv": BREVO_CAMPAIGNS[language].encode()})
    whole(report, rows=1)
    rows = ask("select campaign_id, sent_at, recipients, delivered, unique_opens, unsubscribed from raw.brevo__campaigns")
    assert rows == [("22", "2026-09-01 06:00:00.000000", "19887", "19765", "7779", "2")]


def test_brevo_campaigns_of_the_programming_interface_land_from_json_with_their_statistics(landed):
    stats = {"uniqueClicks": 2300, "clickers": 2665, "complaints": 1, "delivered": 19765, "sent": 19887, "softBounces": 100,
             "hardBounces": 87, "uniqueViews": 7779, "viewed": 8999, "unsubscriptions": 2}  # fmt: skip
    campaign = {
        "id": 22, "name": "Weekly - 1", "subject": "News", "type": "classic", "status": "sent",
        "createdAt": "2026-05-01T12:30:00Z", "modifiedAt": "2026-05-02T12:30:00.000Z", "sentDate": "2026-05-02T14:30:00.000+02:00",
        "recipients": {"lists": [22], "exclusionLists": []}, "statistics": {"globalStats": stats},
    }  # fmt: skip
    report, ask = landed({"emailCampaigns.json": json.dumps({"count": 1, "campaigns": [campaign]}).encode()})
    assert report.rows == {"in": 1, "loaded": 1, "quarantined": 0, "skipped": 0}
    rows = ask("select campaign_id, sent, unique_opens, created_at, sent_at from raw.brevo__campaigns_api")
    assert rows == [("22", "19887", "7779", "2026-05-01 12:30:00.000000", "2026-05-02 12:30:00.000000")]


def _event(number: int, **fields: object) -> dict:
    return {
        "event_date": "20260901", "event_timestamp": str(1788249600000000 + number), "event_name": "page_view",
        "event_params": [{"key": "page_location", "value": {"string_value": f"https://atelier.example/{number}"}}],
        "event_bundle_sequence_id": "77", "stream_id": "123", "platform": "WEB", "is_active_user": True,
        "traffic_source": {"name": "(organic)", "medium": "organic", "source": "google"},
        "device": {"category": "desktop", "web_info": {"hostname": "atelier.example"}}, "geo": {"country": "France"}, **fields,
    }  # fmt: skip


def test_ga4_events_land_from_json_lines_with_what_lies_within_and_without_consent(landed):
    collected = {"manual_source": "linkedin", "manual_medium": "paid-social", "manual_campaign_name": "abm"}
    events = [_event(1, user_pseudo_id="1.2", collected_traffic_source=collected), _event(2), _event(2)]
    text = "".join(json.dumps(event) + "\n" for event in events)
    report, ask = landed({"events_20260901.json": text.encode()})
    assert report.rows == {"in": 3, "loaded": 3, "quarantined": 0, "skipped": 0}
    rows = ask(
        """select event_date, event_timestamp, user_pseudo_id, traffic_source_medium, collected_manual_campaign_name, geo_country,
             hostname, is_active_user from raw.ga4__events order by 2"""
    )
    common = ("France", "atelier.example", "true")
    assert rows == [
        ("2026-09-01", "1788249600000001", "1.2", "organic", "abm", *common),
        ("2026-09-01", "1788249600000002", None, "organic", None, *common),
    ]


@pytest.mark.parametrize("separator", [".", "_"])
def test_ga4_events_land_from_a_flat_file_with_dots_or_underscores(landed, separator):
    names = [name.replace(".", separator) for name in ("traffic_source.source", "traffic_source.medium")]
    text = f"event_date,event_timestamp,event_name,user_pseudo_id,{','.join(names)}\n20260901,1788249600000001,purchase,1.2,google,cpc\n"
    report, ask = landed({"ga4 export.csv": text.encode()})
    whole(report, rows=1)
    assert ask("select event_date, traffic_source_medium from raw.ga4__events_flat") == [("2026-09-01", "cpc")]


def test_connector_cost_in_micros_is_read_in_units_of_the_currency(landed):
    text = (
        "_fivetran_id,customer_id,date,_fivetran_synced,base_campaign,clicks,cost_micros,id,impressions\n"
        "a=,212,2026-09-01,2026-09-02 03:00:00,customers/212/campaigns/99,49,36150000,99,166\n"
        "b=,212,2026-09-01,2026-09-02 03:00:00,customers/212/campaigns/99,1,5,99,10\n"
    )
    report, ask = landed({"google_ads_campaign_stats.csv": text.encode()})
    whole(report, rows=2)
    assert ask("select id, date, cost from raw.google_ads_connector__campaign_stats order by clicks desc") == [
        ("99", "2026-09-01", "36.150000"), ("99", "2026-09-01", "0.000005"),
    ]  # fmt: skip


def test_paths_keep_equal_rows_apart(landed):
    text = "path;total_conversions;total_conversion_value;total_null\na > b;1;0.244;3\na > b;1;0.244;3\n"
    report, ask = landed({"Data.csv": text.encode()})
    whole(report, rows=2)
    assert ask("select count(*), count(distinct _record_id) from raw.attribution_paths__paths") == [(2, 2)]


def test_figures_in_another_notation_than_the_language_s_are_reported(landed, home):
    text = "Jour,Campagne,Numéro de campagne,Type de campagne,Code de la devise,Impr.,Clics,Coût\n"
    row = '2026-09-01,Marque,1,Réseau de Recherche,EUR,"1,204",41,"1,172.45"\n'
    landed({"google_ads_campagne.csv": (text + row).encode()})
    unreadable = {(item["code"], item["column_name"]) for item in Ledger(home.ledger).findings()}
    assert {("unreadable_value", "impressions"), ("unreadable_value", "cost")} <= unreadable
