"""CRM values are judged by what tells of them: through whole nights, over seeds, and without telling anyone's address."""

import csv
import json
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import night_on

from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt

# Two whole nights, on machines that do other work besides.
pytestmark = pytest.mark.timeout(1800)

SYNCED = "2026-09-30 12:00:00"
CREATED = "2025-01-01 08:00:00"
# No one of these may be found anywhere but in raw, quarantine and the candidate.
CANARIES = ("canary.person", "+33199007777", "0199007777", "Canarinette", "Piepmatz")

CONTACTS = {  # id → address, the change that its name says, what must come of it
    "101": ("synced", "stale", "A"),
    "102": ("verified", "fresh", "B"),
    "103": ("bounced", "invalid", "A"),
    "104": ("survivor", "fresh", "B"),
    "105": ("own_form", "fresh", "A"),
    "106": ("workflow_only", "stale", "D"),
    "107": ("soft_bounce", "stale", "A"),
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
]
EMAILS = [("102", "DELIVERED", None), ("103", "BOUNCE", "UNKNOWN_USER"), ("107", "BOUNCE", "MAILBOX_FULL")]

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


@pytest.fixture(scope="module")
def vector_night(tmp_path_factory):
    """The vectors as a connector's tables, beside a CRM without any date; then the same night refused by its policy."""
    root = tmp_path_factory.mktemp("vectors")
    exports = root / "exports"
    exports.mkdir()
    write_table(exports, "contact", [
        {"id": id, "property_email": address(name), "property_createdate": CREATED, "fivetran_synced": SYNCED,
         "fivetran_deleted": "FALSE", "property_firstname": "Canarinette", "property_lastname": "Piepmatz",
         "property_jobtitle": "CFO"}
        for id, (name, *_) in CONTACTS.items()
    ])  # fmt: skip
    write_table(exports, "contact_property_history", [
        {"contact_id": id, "name": field, "source": source, "timestamp": at, "fivetran_synced": SYNCED,
         "value": address(value) if field == "email" else value}
        for id, field, source, at, value in HISTORY
    ])  # fmt: skip
    write_table(exports, "contact_merge_audit", [
        {"canonical_vid": "104", "contact_id": "104", "vid_to_merge": "900", "timestamp": "2026-09-25 08:00:00",
         "fivetran_synced": SYNCED}
    ])  # fmt: skip
    write_table(exports, "email_event", [
        {"id": f"e{id}", "type": kind, "recipient": address(CONTACTS[id][0]), "created": "2026-09-29 08:00:00",
         "fivetran_synced": SYNCED}
        for id, kind, _ in EMAILS
    ])  # fmt: skip
    write_table(exports, "email_event_bounce", [
        {"id": f"e{id}", "category": category, "fivetran_synced": SYNCED} for id, _, category in EMAILS if category
    ])  # fmt: skip
    (exports / "fiches-2026-09-30.csv").write_text(
        "N° fiche;Courriel;Téléphone;Poste;Société\n"
        + "".join(f"{n};canary.person{n}@company.example;+33199007777;CFO;Acme\n" for n in range(1, 6))
    )
    profiles = root / "profiles"
    profiles.mkdir()
    (profiles / "undated.yaml").write_text(UNDATED)
    result, home = night_on(exports, root / "home", export_profiles_dir=profiles)
    assert result.exit_code == 0, result.message
    contract = root / "expectations"
    shutil.copytree(Settings().expectations_dir, contract)
    (contract / "publish_policy.yml").write_text("severities: {contact_email_is_fresh: critical}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "expectations_dir", contract)
        refused, _ = night_on(exports, root / "home", export_profiles_dir=profiles, rebuild=True)
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
    titles = dict(row[:2] for row in judged(home, "source_system = 'hubspot_connector' and field_name = 'job_title'"))
    assert titles["104"] == "stale", "what the merged record said of another value is no evidence"


def test_a_source_without_dates_is_not_judgeable_and_the_page_says_so(vector_night):
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
    page = home.scorecard.read_text()
    assert "Not judgeable, because nothing in the exports dates the values: lead.company (5), lead.email (5)" in page


def test_a_refused_night_tells_no_address_number_or_name_anywhere(vector_night):
    home, refused = vector_night
    assert refused.exit_code == 2, refused.message
    assert "contact_email_is_fresh" in refused.message
    private = {home.raw, home.quarantine, home.candidate, home.verdicts}
    files = [
        path for path in home.root.rglob("*")
        if path.is_file() and not any(place == path or place in path.parents for place in private)
    ]  # fmt: skip
    assert {home.dagster, home.logs, home.worklists, home.published, home.build} <= {
        parent for path in files for parent in path.parents
    }
    hits = [
        (str(path.relative_to(home.root)), canary)
        for path in files
        for canary in CANARIES
        if canary.encode() in path.read_bytes()
    ]
    assert hits == []
    assert not any(canary in refused.message + json.dumps(refused.summary) for canary in CANARIES)


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
        ["build", "--select", "+mart_crm_freshness", "--exclude-resource-types", "unit_test", "test"], settings, home
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
            assert len(found & stale) / len(found) >= 0.99, field
            assert len(found & stale) / len(stale) >= 0.99, field
            print(f"seed {seed} {field}: by record's modified time, recall {len(by_record & stale) / len(stale):.2f}")
            assert len(by_record & stale) / len(stale) < 0.9, field
