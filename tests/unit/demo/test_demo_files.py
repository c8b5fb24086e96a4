"""The exports as files: same bytes for the same arguments, headers, encodings, and what each night may show."""

import csv
import datetime as dt
import io
import json
import re
from pathlib import Path

import pytest

from orchestration.demo.company import generate

HEADERS = {
    "hubspot-crm-exports-contacts-": "ID d'enregistrement;Prénom;Nom;E-mail;Numéro de téléphone;Intitulé du poste;"
    "Nom de l'entreprise;ID de l'entreprise associée;Source d'origine;Étape du cycle de vie;Date de création;"
    "Date de passage en lead qualifié marketing;Date de dernière modification;ID des contacts fusionnés",
    "hubspot-crm-exports-entreprises-": "ID d'enregistrement;Nom de l'entreprise;Nom de domaine de l'entreprise;"
    "Secteur d'activité;Nombre d'employés;Ville;Pays/Région;Date de création",
    "hubspot-crm-exports-transactions-": "ID d'enregistrement;Nom de la transaction;Pipeline;Phase de la transaction;"
    "Montant;Devise;Date de création;Date de fermeture;ID de l'entreprise associée;ID de l'opportunité Salesforce;"
    "Propriétaire de la transaction",
    "salesforce_Lead_": "Id,FirstName,LastName,Email,EmailBouncedDate,Phone,Title,Company,Industry,LeadSource,"
    "Status,Rejection_Reason__c,OwnerId,CreatedDate,"
    "LastModifiedDate,IsConverted,ConvertedDate,ConvertedAccountId,ConvertedContactId,ConvertedOpportunityId,IsDeleted",
    "salesforce_Account_": "Id,Name,Website,ParentId,Industry,NumberOfEmployees,BillingCity,BillingCountry,CreatedDate,"
    "LastModifiedDate,IsDeleted",
    "salesforce_Opportunity_": "Id,Name,AccountId,StageName,Amount,CurrencyIsoCode,CloseDate,CreatedDate,"
    "LastModifiedDate,OwnerId,LeadSource,Type,IsClosed,IsWon,IsDeleted",
    "salesforce_OpportunityHistory_": "Id,OpportunityId,StageName,Amount,CloseDate,Probability,ForecastCategory,"
    "CreatedById,CreatedDate,IsDeleted",
    "salesforce_LeadHistory_": "Id,LeadId,Field,OldValue,NewValue,CreatedById,CreatedDate,IsDeleted",
    "salesforce_Task_": "Id,WhoId,WhatId,Subject,Type,TaskSubtype,Status,ActivityDate,CallDurationInSeconds,"
    "CallDisposition,OwnerId,CreatedDate,LastModifiedDate,IsDeleted",
    "salesforce_User_": "Id,Username,Name,Email,UserRole.Name,Department,IsActive,UserType,CreatedDate",
    "linkedin_campaign_performance_report_": "Start Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\t"
    "Campaign ID\tCampaign Name\tCampaign Type\tTotal Spent\tImpressions\tClicks\tLeads",
    "google_ads_campaign_report_": "Day,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,Cost,Conversions",
    "stripe_subscriptions_": "id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,"
    "Status,Created (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),"
    "Ended At (UTC)",
}
LAYOUTS = {  # by vendor: encoding, delimiter, lines before the header
    "hubspot": ("utf-8-sig", ";", 0),
    "salesforce": ("utf-8", ",", 0),
    "linkedin": ("utf-16", "\t", 5),
    "google": ("utf-8", ",", 2),
    "stripe": ("utf-8", ",", 0),
}
ID_PREFIXES = {"Lead": "00Q", "Account": "001", "Opportunity": "006", "OpportunityHistory": "008",
               "LeadHistory": "017", "Task": "00T", "User": "005"}  # fmt: skip
PARIS_SUMMER = dt.timedelta(hours=2)  # all nights of the tests lie in September


def read(path: Path) -> list[list[str]]:
    """Read one file with the standard library, header first."""
    encoding, delimiter, preamble = LAYOUTS[re.match("[a-z]+", path.name)[0]]
    text = io.StringIO(path.read_bytes().decode(encoding), newline="")
    return list(csv.reader(text, delimiter=delimiter))[preamble:]


def read_records(path: Path) -> list[dict[str, str]]:
    header, *rows = read(path)
    return [dict(zip(header, row, strict=True)) for row in rows]


def paris_day(stamp: str) -> str:
    moment = dt.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.000Z").replace(tzinfo=dt.UTC)
    return (moment + PARIS_SUMMER).date().isoformat()


def file_of(night: Path, start: str) -> Path:
    return night / f"{start}{night.name}.csv"


def test_the_same_arguments_write_the_same_bytes(tmp_path):
    for run in ("first", "second"):
        generate(tmp_path / run, leads=400, nights=3, seed=11)
    first = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    second = sorted(path.relative_to(tmp_path / "second") for path in (tmp_path / "second").rglob("*") if path.is_file())
    assert first == second
    assert len(first) == 3 * len(HEADERS) + len(["truth.json", "identity_labels.csv"])
    differing = [
        path for path in first if (tmp_path / "first" / path).read_bytes() != (tmp_path / "second" / path).read_bytes()
    ]
    assert differing == []


def test_another_seed_gives_another_company(tmp_path):
    truths = [json.loads(generate(tmp_path / str(seed), leads=300, nights=1, seed=seed).read_text()) for seed in (1, 2)]
    assert truths[0]["realised"] != truths[1]["realised"]


def test_the_number_of_nights_does_not_change_the_company(tmp_path):
    for nights in (1, 4):
        generate(tmp_path / str(nights), leads=300, nights=nights, seed=3)
    contacts = "2026-09-30/hubspot-crm-exports-contacts-2026-09-30.csv"
    assert (tmp_path / "1" / contacts).read_bytes() == (tmp_path / "4" / contacts).read_bytes()


@pytest.mark.parametrize("leads", [1, 7])
def test_a_tiny_company_is_written_whole(tmp_path, leads):
    generate(tmp_path, leads=leads, nights=2, seed=5)
    assert len(list(tmp_path.glob("*/*.csv"))) == 2 * len(HEADERS)


@pytest.mark.parametrize(("leads", "nights"), [(0, 1), (10, 0), (10, 731)])
def test_impossible_sizes_are_refused_with_the_allowed_range(tmp_path, leads, nights):
    with pytest.raises(ValueError, match="must be"):
        generate(tmp_path, leads=leads, nights=nights)


def test_every_night_has_every_export_under_its_exact_header(exports):
    for night in exports.nights:
        assert {path.name for path in night.iterdir()} == {f"{start}{night.name}.csv" for start in HEADERS}
        for start, header in HEADERS.items():
            delimiter = LAYOUTS[re.match("[a-z]+", start)[0]][1]
            assert read(file_of(night, start))[0] == header.split(delimiter)


def test_nights_are_consecutive_and_end_on_the_last_day(exports):
    days = [dt.date.fromisoformat(night.name) for night in exports.nights]
    assert days[-1] == dt.date(2026, 9, 30)
    assert [day.toordinal() for day in days] == list(range(days[0].toordinal(), days[-1].toordinal() + 1))


def test_hubspot_files_have_a_mark_crlf_and_french_numbers(exports):
    night = exports.nights[-1]
    for start in (name for name in HEADERS if name.startswith("hubspot")):
        content = file_of(night, start).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.count(b"\n") == content.count(b"\r\n") > 1
    amounts = [row["Montant"] for row in read_records(file_of(night, "hubspot-crm-exports-transactions-"))]
    assert all(re.fullmatch("[0-9]{1,3}([\u00a0\u202f][0-9]{3})*,[0-9]{2}", amount) for amount in amounts)
    assert any("\u00a0" in amount for amount in amounts)
    assert any("\u202f" in amount for amount in amounts)
    contacts = read_records(file_of(night, "hubspot-crm-exports-contacts-"))
    assert all(re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", row["Date de création"]) for row in contacts)


def test_hubspot_names_that_need_quotes_have_them(exports):
    content = file_of(exports.nights[-1], "hubspot-crm-exports-entreprises-").read_text(encoding="utf-8-sig")
    assert '"Maison ""Clair"" ' in content
    assert re.search('"[^"]*Audit; Conseil[^"]*"', content)


def test_salesforce_values_are_all_quoted_and_lines_end_with_lf(exports):
    for start in (name for name in HEADERS if name.startswith("salesforce")):
        content = file_of(exports.nights[0], start).read_text(encoding="utf-8")
        assert "\r" not in content
        assert all(line.startswith('"') and line.endswith('"') for line in content.splitlines())
        assert ',,"' not in content
    for name, prefix in ID_PREFIXES.items():
        ids = [row["Id"] for row in read_records(file_of(exports.nights[0], f"salesforce_{name}_"))]
        assert ids
        assert len({record_id.casefold() for record_id in ids}) == len(ids)
        assert all(len(record_id) == 18 and record_id.startswith(prefix) for record_id in ids)


def test_linkedin_reports_are_utf_16_with_five_lines_before_the_header(exports):
    night = exports.nights[-1]
    content = file_of(night, "linkedin_campaign_performance_report_").read_bytes()
    assert content.startswith(b"\xff\xfe")
    lines = content.decode("utf-16").split("\r\n")
    assert lines[:5] == [
        "Campaign Performance Report (in UTC)",
        "Account Name: Lumière Logicielle",
        "Report Start: 9/24/2026",
        "Report End: 9/30/2026",
        "Date Generated: 9/30/2026, 11:45 PM",
    ]
    first = file_of(exports.nights[0], "linkedin_campaign_performance_report_").read_bytes().decode("utf-16")
    assert "Report Start: 10/1/2024" in first


def test_google_reports_group_thousands_mark_gaps_and_close_with_totals(exports):
    text = file_of(exports.nights[0], "google_ads_campaign_report_").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines[0] == "Campaign report"
    assert lines[1] == '"October 1, 2024 - September 22, 2026"'
    assert re.search(r',"\d{1,3},\d{3}",', text)
    assert text.count(", --\n") > 100
    rows = read_records(file_of(exports.nights[0], "google_ads_campaign_report_"))
    assert [row["Day"] for row in rows[-2:]] == ["Total: Campaigns", "Total: Account"]
    cents = [round(100 * float(row["Cost"].replace(",", ""))) for row in rows]
    assert cents[-1] == cents[-2] == sum(cents[:-2])


def test_ad_reports_hold_the_whole_history_first_and_then_seven_days(exports):
    for start, column in (("linkedin_campaign_performance_report_", "Start Date (in UTC)"),
                          ("google_ads_campaign_report_", "Day")):  # fmt: skip
        days = [
            len({row[column] for row in read_records(file_of(night, start)) if not row[column].startswith("Total")})
            for night in exports.nights
        ]
        assert days == [722] + [7] * (len(days) - 1)


@pytest.mark.parametrize("name", ["Lead", "Account", "Opportunity", "OpportunityHistory", "LeadHistory", "Task"])
def test_a_salesforce_delta_holds_exactly_what_changed_that_day(exports, name):
    changed_at = "CreatedDate" if name.endswith("History") else "LastModifiedDate"
    n_rows = 0
    for night in exports.nights[1:]:
        records = read_records(file_of(night, f"salesforce_{name}_"))
        assert {paris_day(record[changed_at]) for record in records} <= {night.name}
        n_rows += len(records)
    assert n_rows > 0
    first = read_records(file_of(exports.nights[0], f"salesforce_{name}_"))
    assert max(paris_day(record[changed_at]) for record in first) <= exports.nights[0].name
    assert min(paris_day(record[changed_at]) for record in first) < "2026-01-01"


def test_full_exports_lose_only_merged_contacts_and_never_show_the_future(exports):
    merged = {record.split(":")[1] for record in exports.truth["identity"]["merged"]}
    n_gone = 0
    for start, column in (("hubspot-crm-exports-contacts-", "Date de création"),
                          ("hubspot-crm-exports-entreprises-", "Date de création"),
                          ("hubspot-crm-exports-transactions-", "Date de création")):  # fmt: skip
        earlier: set[str] = set()
        for night in exports.nights:
            records = read_records(file_of(night, start))
            ids = {record["ID d'enregistrement"] for record in records}
            assert earlier - ids <= merged
            n_gone += len(earlier - ids)
            assert len(ids) == len(records)
            latest = max(tuple(reversed(record[column][:10].split("/"))) for record in records)
            assert "-".join(latest) <= night.name
            earlier = ids
    assert n_gone > 5


def test_a_record_that_changes_shows_its_earlier_state_on_earlier_nights(exports):
    def stages(night: Path) -> dict[str, str]:
        records = read_records(file_of(night, "hubspot-crm-exports-transactions-"))
        return {record["ID d'enregistrement"]: record["Phase de la transaction"] for record in records}

    first, last = stages(exports.nights[0]), stages(exports.nights[-1])
    moved = [deal for deal in first if first[deal] != last[deal]]
    assert len(moved) > 5
    assert all(first[deal] in ("Qualification", "Proposition") for deal in moved)

    statuses: dict[str, set[str]] = {}
    for night in exports.nights:
        for record in read_records(file_of(night, "salesforce_Lead_")):
            statuses.setdefault(record["Id"], set()).add(record["Status"])
    assert sum({"New", "Accepted"} <= seen for seen in statuses.values()) > 5


def test_a_young_day_of_ads_is_restated_but_its_cost_stays(exports):
    column = "Start Date (in UTC)"
    seen: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for night in exports.nights[1:]:
        for row in read_records(file_of(night, "linkedin_campaign_performance_report_")):
            seen.setdefault((row[column], row["Campaign ID"]), []).append((row["Total Spent"], int(row["Leads"])))
    assert all(len({cost for cost, _ in versions}) == 1 for versions in seen.values())
    assert all([leads for _, leads in versions] == sorted(leads for _, leads in versions) for versions in seen.values())
    assert any(versions[0][1] < versions[-1][1] for versions in seen.values())
