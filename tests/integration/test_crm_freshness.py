"""CRM values are judged by what tells of them: through whole nights, over seeds, and without telling anyone's address."""

import csv
import json
import shutil
from copy import deepcopy
from html import unescape
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from nights import night_on

from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.scorecard.page import render
from orchestration.settings import Settings
from orchestration.transform import dbt_build
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt
from orchestration.transform.project import parsed_project

# Two whole nights, on machines that do other work besides.
pytestmark = pytest.mark.timeout(1800)

SYNCED = "2026-09-30 12:00:00"
CREATED = "2025-01-01 08:00:00"
# No one of these may be found anywhere but in raw, quarantine and the candidate.
CANARIES = ("canary.person", "+33199007777", "0199007777", "Canarinette", "Piepmatz")

CONTACTS = {  # id → address, the vector that its name says, what must come of it
    "101": ("synced", "stale", "A"),
    "102": ("verified", "fresh", "B"),
    "103": ("bounced", "invalid", "A"),
    "104": ("survivor", "fresh", "B"),
    "105": ("own_form", "fresh", "A"),
    "106": ("workflow_only", "stale", "D"),
    "107": ("soft_bounce", "stale", "A"),
    "108": ("emptied_by_a_person_filled_by_a_sync", "stale", "D"),
    "109": ("another_address_of_the_merged_record", "stale", "A"),
    "110": ("merged_after_the_day", "stale", "D"),
    "111": ("Delivered_in_upper_case", "fresh", "B"),
    "112": ("bounced_before_another_address", "fresh", "A"),
    "113": ("form_sent", "fresh", "B"),
    "114": ("enrichment", "stale", "D"),
    "115": ("imported_by_a_person", "stale", "D"),
}
HISTORY = [
    ("101", "email", "CRM_UI", "2025-08-26 08:00:00", "synced"),
    ("101", "email", "INTEGRATION", "2026-09-30 08:00:00", "synced"),
    ("102", "email", "CRM_UI", "2025-08-26 08:00:00", "verified"),
    ("103", "email", "CRM_UI", "2026-09-20 08:00:00", "bounced"),
    ("900", "email", "CRM_UI", "2026-09-20 08:00:00", "survivor"),
    ("900", "jobtitle", "CRM_UI", "2026-09-20 08:00:00", "another title"),
    ("105", "email", "FORM", "2026-09-27 08:00:00", "own_form"),
    ("106", "email", "AUTOMATION_PLATFORM", "2026-09-27 08:00:00", "workflow_only"),
    ("107", "email", "CRM_UI", "2025-08-26 08:00:00", "soft_bounce"),
    ("108", "email", "CRM_UI", "2026-09-10 08:00:00", ""),
    ("108", "email", "INTEGRATION", "2026-09-11 08:00:00", "emptied_by_a_person_filled_by_a_sync"),
    ("109", "email", "CRM_UI", "2025-08-26 08:00:00", "another_address_of_the_merged_record"),
    ("901", "email", "CRM_UI", "2026-09-20 08:00:00", "the_merged_records_own"),
    ("902", "email", "CRM_UI", "2026-09-20 08:00:00", "merged_after_the_day"),
    ("112", "email", "CRM_UI", "2026-09-12 08:00:00", "bounced_before_another_address"),
    ("114", "jobtitle", "CRM_UI", "2025-08-26 08:00:00", "CFO"),
    ("114", "jobtitle", "ENRICHMENT", "2026-09-12 08:00:00", "cfo"),
    ("115", "jobtitle", "CRM_UI", "2025-08-26 08:00:00", "CFO"),
    ("115", "jobtitle", "ENRICHMENT", "2026-09-12 08:00:00", "Chief of something else"),
    ("115", "email", "IMPORT", "2026-09-12 08:00:00", "imported_by_a_person"),
]
# What e-mails were sent to, how they ended, when.
EMAILS = [
    ("verified", "DELIVERED", None, "2026-09-29 08:00:00"),
    ("bounced", "BOUNCE", "UNKNOWN_USER", "2026-09-29 08:00:00"),
    ("soft_bounce", "BOUNCE", "MAILBOX_FULL", "2026-09-29 08:00:00"),
    ("the_merged_records_own", "DELIVERED", None, "2026-09-29 08:00:00"),
    ("DELIVERED_IN_UPPER_CASE", "DELIVERED", None, "2026-09-29 08:00:00"),
    ("bounced_before", "BOUNCE", "UNKNOWN_USER", "2026-09-11 08:00:00"),
]
MERGES = [("104", "900", "2026-09-25 08:00:00"), ("109", "901", "2026-09-25 08:00:00"), ("110", "902", "2026-10-01 08:00:00")]

# Leads of a CRM that exports changes and checks of its fields under the product's own names; times in Paris, whose day ends
# at 22:00 UTC. A vector: id, field, value in the export, changes (when, by a person, value), checks (when, outcome, value),
# and what must come of it by hand: an address is stale past 90 days, a number past 180, a company's name past 365.
X = "canary.person.x@company.example"
LEADS = [
    ("checked_before_it_changed", "email", X, [("2026-06-01 08:00", True, X)], [("2026-05-01 08:00", "ok", "")], "stale", "A"),
    ("two_checks_on_a_day_good_last", "email", X,
     [], [("2026-09-20 09:00", "wrong", X), ("2026-09-20 15:00", "ok", X)], "fresh", "B"),
    ("two_checks_on_a_day_bad_last", "email", X,
     [], [("2026-09-20 09:00", "ok", X), ("2026-09-20 15:00", "wrong", X)], "invalid", "B"),
    ("two_checks_at_an_instant", "email", X,
     [], [("2026-09-20 09:00", "ok", X), ("2026-09-20 09:00", "wrong", X)], "invalid", "B"),
    ("workflow_after_a_person", "email", X,
     [("2026-01-10 08:00", True, "old"), ("2026-09-20 08:00", False, X)], [], "stale", "A"),
    ("rewritten_as_it_was", "email", X, [("2025-06-01 08:00", True, X), ("2026-09-01 08:00", True, X)], [], "fresh", "A"),
    ("checked_after_the_day", "email", X, [], [("2026-10-01 00:00:00", "ok", X)], "stale", "D"),
    ("checked_as_the_day_ends", "email", X, [], [("2026-09-30 23:59:59", "ok", X)], "fresh", "B"),
    ("changed_after_the_day", "email", X, [("2026-10-01 00:00:00", True, X)], [], "stale", "D"),
    ("changed_there_and_back", "email", X, [("2026-09-01 08:00", True, "y"), ("2026-09-05 08:00", True, X)], [], "fresh", "A"),
    ("on_the_limit", "email", X, [("2026-07-03 00:00:00", True, X)], [], "fresh", "A"),
    ("a_second_past_the_limit", "email", X, [("2026-07-02 23:59:59", True, X)], [], "stale", "A"),
    ("checked_in_upper_case", "email", X, [], [("2026-09-20 09:00", "confirmed", X.upper())], "fresh", "B"),
    ("another_value_was_checked", "email", X, [], [("2026-09-20 09:00", "confirmed", "y@company.example")], "stale", "D"),
    ("another_value_was_refuted", "email", X, [], [("2026-09-20 09:00", "invalid", "y@company.example")], "stale", "D"),
    ("refuted_then_written_by_a_sync", "email", X,
     [("2026-09-12 08:00", False, X)], [("2026-09-10 08:00", "wrong", "")], "stale", "D"),
    ("value_refuted_then_written_again_by_a_sync", "email", X,
     [("2026-09-12 08:00", False, X)], [("2026-09-10 08:00", "wrong", X)], "invalid", "D"),
    ("refuted_then_written_by_a_person", "email", X,
     [("2026-09-12 08:00", True, X)], [("2026-09-10 08:00", "wrong", X)], "fresh", "A"),
    ("refuted_long_ago", "email", X, [("2024-09-12 08:00", True, X)], [("2025-02-10 08:00", "wrong", X)], "invalid", "A"),
    ("check_without_a_day", "email", X, [], [("", "ok", X)], "stale", "D"),
    ("check_without_a_clear_outcome", "email", X, [], [("2026-09-20 08:00", "perhaps", X)], "stale", "D"),
    ("empty", "email", "", [("2026-09-20 08:00", True, X)], [], "missing", "A"),
    ("blank", "email", "  \t\u00a0 ", [], [], "missing", "D"),
    ("number_checked_in_another_notation", "phone", "01 99 00 77 77",
     [], [("2026-09-20 08:00", "ok", "+33199007777")], "fresh", "B"),
    ("number_refuted_in_another_notation", "phone", "+33 1 99 00 77 77",
     [], [("2026-09-20 08:00", "wrong", "0199007777")], "invalid", "D"),
    ("number_with_extension", "phone", "+33 1 99 00 77 77 ext. 12",
     [], [("2026-09-20 08:00", "ok", "0199007777")], "fresh", "B"),
    ("number_that_cannot_be", "phone", "0033 1 99", [], [("2026-09-20 08:00", "ok", "0033 1 99")], "invalid", "B"),
    ("enrichment_contradicts", "company", "Acme", [], [("2026-09-20 08:00", "confirmed", "Other SA")], "stale", "D"),
    ("enrichment_confirms", "company", "Acme", [], [("2026-09-20 08:00", "Confirmé", "ACME")], "fresh", "B"),
    ("immutable_changed_by_a_sync", "lead_source", "web", [("2026-02-01 08:00", False, "web")], [], "conflict", "D"),
    ("immutable_changed_long_after_by_a_person", "lead_source", "web",
     [("2025-01-01 08:00", False, "fair"), ("2026-02-01 08:00", True, "web")], [], "conflict", "A"),
    ("immutable_written_again_as_it_was", "lead_source", "web",
     [("2025-01-01 08:00", True, "web"), ("2026-02-01 08:00", False, "Web")], [], "fresh", "A"),
    ("immutable_mended_on_its_first_day", "lead_source", "web", [("2025-01-01 20:00", True, "web")], [], "fresh", "A"),
]  # fmt: skip
# Of a CRM without any history, two exports: title, number, source, and what must come of the three.
TWICE = [
    ("same", ("CFO", "0199007777", "web"), ("CFO", "0199007777", "web"), ("stale D", "stale D", "fresh D")),
    ("rewritten", ("CFO", "0199007777", "web"), ("CEO", "0199007778", "fair"), ("fresh C", "fresh C", "conflict C")),
    ("another_notation", ("CFO", "01 99 00 77 77", "web"), ("cfo", "+33199007777", "WEB"), ("stale D", "stale D", "fresh D")),
    ("filled", ("", "", ""), ("CFO", "0199007777", "web"), ("fresh C", "fresh C", "fresh C")),
    ("emptied", ("CFO", "0199007777", "web"), ("", " ", "web"), ("missing D", "missing D", "fresh D")),
]  # fmt: skip

TWICE_PROFILE = """
vendor: twice
label: A CRM that keeps no history
source_note: Written for this test.
currency: EUR
timezone: Europe/Paris
feeds:
  cards:
    description: One row per contact
    delivery: full
    key: [id]
    columns: {id: card, created_at: {header: made on, type: timestamp}, phone: telephone, job_title: position, origin: came by}
    canonical:
      entity: lead
      columns: {id: id, created_at: created_at, phone: phone, job_title: job_title, origin_channel: origin}
"""

UNDATED = """
vendor: undated
label: A CRM whose export has no dates
source_note: Written for this test.
currency: EUR
timezone: Europe/Paris
feeds:
  fiches:
    description: One row per contact
    delivery: full
    key: [numero]
    columns: {numero: N° fiche, courriel: Courriel, telephone: Téléphone, poste: Poste, societe: Société}
    canonical:
      entity: lead
      columns: {id: numero, email: courriel, phone: telephone, job_title: poste, company_name: societe}
"""


def address(name: str) -> str:
    return f"canary.person.{name}@company.example"


def write_table(folder: Path, entity: str, rows: list[dict[str, str]]) -> None:
    """A table of the connector under its profile's own headers."""
    feed = known_profiles(Settings())["hubspot_connector"].feeds[entity]
    headers = {name: column.header["any"][0] for name, column in feed.columns.items()}
    with (folder / f"{entity}_data.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(headers.values()))
        writer.writeheader()
        writer.writerows({headers[name]: value for name, value in row.items()} for row in rows)


def write_leads(folder: Path) -> None:
    """The vectors of LEADS under the product's own names, those of TWICE in two exports."""
    fields = ("email", "phone", "company_name", "origin_channel")
    column = {"company": "company_name", "lead_source": "origin_channel"}
    rows = {
        "leads": [("lead_id", "created_at", "mql_at", *fields)],
        "field_changes": [("change_id", "entity_type", "record_id", "field_name", "changed_at", "is_human", "new_value")],
        "field_verifications": [
            ("verification_id", "entity_type", "record_id", "field_name", "verified_at", "outcome", "method", "value")
        ],
    }
    for name, field, value, changes, checks, *_ in LEADS:
        values = [value if column.get(field, field) == other else "" for other in fields]
        rows["leads"].append((name, "2025-01-01 08:00:00", "2025-01-02 08:00:00", *values))
        for at, by_person, new in changes:
            rows["field_changes"].append((f"{name}{at}", "lead", name, field, at, by_person, new))
        for number, (at, outcome, checked) in enumerate(checks):
            rows["field_verifications"].append((f"{name}{number}", "lead", name, field, at, outcome, "", checked))
    for name, table in rows.items():
        with (folder / f"{name}-2026-09-30.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows(table)
    for number, day in enumerate(("2026-09-20", "2026-09-30")):
        with (folder / f"cards-{day}.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("card", "made on", "position", "telephone", "came by"))
            writer.writerows((name, "2025-01-01 08:00:00", *exports[number]) for name, *exports, _ in TWICE)


@pytest.fixture(scope="module")
def vector_night(tmp_path_factory):
    """The vectors as a connector's tables, beside a CRM without any date; then the same night refused by its policy."""
    root = tmp_path_factory.mktemp("vectors")
    exports = root / "exports"
    exports.mkdir()
    write_table(exports, "contact", [
        {"id": id, "property_email": address(name), "property_createdate": CREATED, "fivetran_synced": SYNCED,
         "fivetran_deleted": "FALSE", "property_firstname": "Canarinette", "property_lastname": "Piepmatz",
         "property_jobtitle": "Chief of something else" if id == "115" else "CFO"}
        for id, (name, *_) in CONTACTS.items()
    ])  # fmt: skip
    write_table(exports, "contact_property_history", [
        {"contact_id": id, "name": field, "source": source, "timestamp": at, "fivetran_synced": SYNCED,
         "value": address(value) if field == "email" and value else value}
        for id, field, source, at, value in HISTORY
    ])  # fmt: skip
    write_table(exports, "contact_merge_audit", [
        {"canonical_vid": survivor, "contact_id": survivor, "vid_to_merge": gone, "timestamp": at, "fivetran_synced": SYNCED}
        for survivor, gone, at in MERGES
    ])  # fmt: skip
    write_table(exports, "email_event", [
        {"id": f"e{recipient}", "type": kind, "recipient": address(recipient), "created": at, "fivetran_synced": SYNCED}
        for recipient, kind, _, at in EMAILS
    ])  # fmt: skip
    write_table(exports, "email_event_bounce", [
        {"id": f"e{recipient}", "category": category, "fivetran_synced": SYNCED}
        for recipient, _, category, _ in EMAILS if category
    ])  # fmt: skip
    write_table(
        exports,
        "contact_form_submission",
        [{"conversion_id": "f1", "contact_id": "113", "timestamp": "2026-09-20 08:00:00", "fivetran_synced": SYNCED}],
    )
    write_leads(exports)
    (exports / "fiches-2026-09-30.csv").write_text(
        "N° fiche;Courriel;Téléphone;Poste;Société\n"
        + "".join(f"{n};canary.person{n}@company.example;+33199007777;CFO;Acme\n" for n in range(1, 6))
    )
    profiles = root / "profiles"
    profiles.mkdir()
    (profiles / "undated.yaml").write_text(UNDATED)
    (profiles / "twice.yaml").write_text(TWICE_PROFILE)
    result, home = night_on(exports, root / "home", export_profiles_dir=profiles)
    assert result.exit_code == 0, result.message
    contract = root / "expectations"
    shutil.copytree(Settings().expectations_dir, contract)
    (contract / "publish_policy.yml").write_text("severities: {contact_email_is_fresh: critical}\n")
    # A check that fails on most values, and one that breaks on the first that is no number.
    (contract / "suites" / "values.yml").write_text(
        "relation: intermediate.int_crm_values\nexpectations:\n"
        "  - {name: values_are_few, type: expect_column_values_to_be_in_set, kwargs: {column: field_value, value_set: [CFO]}}\n"
        "  - {name: values_are_small, type: expect_column_values_to_be_between, kwargs: {column: field_value, max_value: 9}}\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "expectations_dir", contract)
        refused, _ = night_on(exports, root / "home", export_profiles_dir=profiles, rebuild=True, data_docs=True)
    return home, refused


def judged(home: Home, where: str) -> list[tuple]:
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        return connection.execute(
            f"select record_id, status, evidence_level from intermediate.int_crm_field_values where {where} order by all"
        ).fetchall()


def test_each_vector_is_judged_by_what_tells_of_its_value(vector_night):
    home, _ = vector_night
    found = judged(home, "source_system = 'hubspot_connector' and field_name = 'email'")
    assert found == [(id, status, level) for id, (_, status, level) in CONTACTS.items()]
    titles = {row[0]: row[1:] for row in judged(home, "source_system = 'hubspot_connector' and field_name = 'job_title'")}
    assert titles["104"] == ("stale", "D"), "what the merged record said of another value is no evidence"
    assert titles["114"] == ("fresh", "B"), "an enrichment that finds the same value confirms it"
    assert titles["115"] == ("stale", "A"), "an enrichment that finds another value confirms nothing"


@pytest.mark.parametrize("field", ["email", "phone", "company", "lead_source"])
def test_changes_and_checks_of_a_crms_own_files_are_judged_by_their_times_and_values(vector_night, field):
    home, _ = vector_night
    expected = {(lead[0], *lead[5:]) for lead in LEADS if lead[1] == field}
    names = "', '".join(lead[0] for lead in LEADS if lead[1] == field)
    found = judged(home, f"source_system = 'generic' and field_name = '{field}' and record_id in ('{names}')")
    assert set(found) == expected


def test_two_exports_are_evidence_only_of_another_value(vector_night):
    home, _ = vector_night
    for position, field in enumerate(("job_title", "phone", "lead_source")):
        found = judged(home, f"source_system = 'twice' and field_name = '{field}'")
        assert {row[0]: f"{row[1]} {row[2]}" for row in found} == {vector[0]: vector[3][position] for vector in TWICE}, field


def test_a_source_without_dates_is_not_judgeable_and_the_page_says_so(vector_night, tmp_path):
    home, _ = vector_night
    assert {row[1:] for row in judged(home, "source_system = 'undated'")} == {("not_judgeable", None)}
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        (count,) = connection.execute(
            "select sum(n_not_judgeable) from marts.mart_crm_freshness where field_name in ('email', 'company')"
        ).fetchone()
        assert connection.execute(
            "select count(*) from marts.mart_crm_worklist where source_system = 'undated'"
        ).fetchone() == (0,)
    assert count == 10
    page = unescape(home.scorecard.read_text())
    said = "Not judgeable, because nothing in the exports dates the values: lead: company name (5), lead: e-mail address (5)."
    assert said in page
    french = unescape(render(home.current, None, tmp_path / "index.html", language="fr").read_text()).replace("\u00a0", " ")
    said = "Non jugeables, faute de toute date dans les exports : lead : nom de l'entreprise (5), lead : adresse e-mail (5)."
    assert said in french


def places_of_canaries(home: Home) -> list[tuple[str, str]]:
    """The files that hold an address, a number or a name, without those that are there to hold them."""
    private = {home.raw, home.quarantine, home.candidate, home.verdicts}
    files = [
        path for path in home.root.rglob("*")
        if path.is_file() and not any(place == path or place in path.parents for place in private)
    ]  # fmt: skip
    assert {home.dagster, home.logs, home.build} <= {parent for path in files for parent in path.parents}
    return [
        (str(path.relative_to(home.root)), canary)
        for path in files
        for canary in CANARIES
        if canary.encode() in path.read_bytes()
    ]


def test_a_refused_night_tells_no_address_number_or_name_anywhere(vector_night):
    home, refused = vector_night
    assert refused.exit_code == 2, refused.message
    assert "contact_email_is_fresh" in refused.message
    results = pq.read_table(home.check_results).to_pylist()
    assert {row["check_name"] for row in results if not row["has_passed"]} >= {"values_are_few", "values_are_small"}
    pages = [path.read_text() for path in (home.data_docs / "validations").rglob("*.html")]
    assert any("values_are_few" in page or "field_value" in page for page in pages)
    assert places_of_canaries(home) == []
    assert not any(canary in refused.message + json.dumps(refused.summary) for canary in CANARIES)


def test_a_night_that_breaks_on_a_value_does_not_tell_it(vector_night, tmp_path, monkeypatch, capfd):
    """A model that breaks in the middle of the build on an address, as the engine's error quotes it."""
    earlier, _ = vector_night
    manifest = deepcopy(parsed_project(Settings()))
    node = manifest.nodes["model.tandem.int_crm_values"]
    node.raw_code = f"select *, cast(field_value as integer) as broken from (\n{node.raw_code}\n) as all_values"
    monkeypatch.setattr(dbt_build, "parsed_project", lambda settings: manifest)
    broken, home = night_on(
        earlier.root.parent / "exports", tmp_path / "home", export_profiles_dir=earlier.root.parent / "profiles"
    )
    assert broken.exit_code == 1
    assert "int_crm_values" in broken.message
    assert "Conversion Error: its text may hold values" in (home.logs / "dbt.log").read_text()
    assert places_of_canaries(home) == []
    told = capfd.readouterr()
    assert not any(canary in broken.message + json.dumps(broken.summary) + told.out + told.err for canary in CANARIES)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_what_is_planted_comes_back_and_a_records_modified_time_would_miss_it(tmp_path, seed):
    exports = tmp_path / "exports"
    generate(exports, leads=3000, nights=2, seed=seed)
    truth = json.loads((exports / "truth.json").read_text())["staleness"]
    home = Home(tmp_path / "home").prepare()
    settings = Settings(home=home.root, exports=exports)
    profiles = known_profiles(settings)
    land(home, settings)
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    as_of = AsOf(latest_extract_day(home), settings.business_timezone)
    with open_duckdb(home.candidate) as connection:
        write_catalog(DuckDBEngine(connection), home, profiles, rules, as_of, settings.reporting_currency)
    outcome = invoke_dbt(
        ["build", "--select", "+mart_crm_freshness", "+int_crm_field_values", "--exclude-resource-types", "unit_test", "test"],
        settings,
        home,
    )
    assert outcome.errors == []
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        for field, entry in truth.items():
            name = "job_title" if field == "title" else field
            (required, *counts) = connection.execute(
                "select n_required, n_stale, n_missing, n_invalid from marts.mart_crm_freshness "
                "where entity_type = 'lead' and field_name = ?", [name]
            ).fetchone()  # fmt: skip
            planted = entry["shares_of_required"]
            for count, verdict in zip(counts, ("stale", "missing", "invalid"), strict=True):
                assert abs(count / required - planted[verdict]) <= 0.005, (field, verdict)
            found = {row[0] for row in connection.execute(
                "select record_id from intermediate.int_crm_field_values "
                "where entity_type = 'lead' and field_name = ? and status = 'stale'", [name]
            ).fetchall()}  # fmt: skip
            by_record = {row[0] for row in connection.execute(
                "select lead_id from raw.salesforce__lead where not coalesce(try_cast(is_deleted as boolean), false) "
                "and date_diff('second', last_modified_at::timestamp, (select as_of_at from raw.night)) > ?",
                [entry["limit_days"] * 86400],
            ).fetchall()}  # fmt: skip
            stale = set(entry["stale_lead_ids"])
            shown = {name: (len(said & stale) / max(len(said), 1), len(said & stale) / len(stale))
                     for name, said in (("by value", found), ("by record's modified time", by_record))}  # fmt: skip
            for name, (precision, recall) in shown.items():
                print(f"seed {seed} {field} {name}: precision {precision:.3f}, recall {recall:.3f}")
            assert min(shown["by value"]) >= 0.99, field
            assert shown["by record's modified time"][1] < 0.9, field
