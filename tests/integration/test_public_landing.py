"""Every file of the public source folders lands whole, or is refused because it is no export at all."""

import re

import duckdb
import pytest
from nights import night_on

from orchestration.home import Home
from orchestration.landing.deliver import LandingReport, land
from orchestration.landing.ledger import Ledger
from orchestration.settings import Settings

pytestmark = pytest.mark.public_data

FOLDERS = (
    "ads_connectors", "attribution_paths", "google_ads_ui_report", "hubspot_connector", "mailchimp_campaigns",
    "maven_crm_opportunities", "odoo_prospects_fr", "olist_funnel", "paid_media_funnel",
)  # fmt: skip
NO_EXPORTS = {"README.md", "Directions.csv"}
# The README counts every line below the first; the report has a title, a period and a header, then 12 campaigns and 5 totals.
NOT_DATA = {"Campaign report.csv": 2 + 5}
_TABLE_ROW = re.compile(r"^\| (?P<name>[^|]+\.csv) \| (?P<rows>\d+) \|", re.MULTILINE)


def rows_of_the_readme(folder) -> dict[str, int]:
    text = (folder / "README.md").read_text(encoding="utf-8")
    return {found["name"]: int(found["rows"]) for found in _TABLE_ROW.finditer(text)}


@pytest.fixture(scope="module", params=FOLDERS)
def landed(request, public_data, tmp_path_factory) -> tuple[str, LandingReport, dict[str, dict]]:
    """A folder of its own home: its name, what landing reported and the ledger's row of each file by name."""
    home = Home(tmp_path_factory.mktemp(request.param) / "home").prepare()
    report = land(home, Settings(home=home.root, exports=public_data / request.param))
    ledger = Ledger(home.ledger)
    files = {ledger.deliveries(sha256)[0].name: dict(row) for sha256, row in ledger.known_files().items()}
    return request.param, report, files


def test_only_what_is_no_export_is_refused_and_as_not_a_feed(landed, public_data):
    folder, report, _ = landed
    names = {path.name for path in (public_data / folder).iterdir()}
    assert {(name, code) for name, code, _ in report.refusals} == {(name, "not_a_feed") for name in names & NO_EXPORTS}
    assert report.files == {"new": len(names - NO_EXPORTS), "known": 0, "quarantined": len(names & NO_EXPORTS)}


def test_every_file_s_rows_are_loaded_or_quarantined_and_as_many_as_its_readme_counts(landed, public_data):
    folder, _, files = landed
    expected = {
        name: rows - NOT_DATA.get(name, 0)
        for name, rows in rows_of_the_readme(public_data / folder).items()
        if name not in NO_EXPORTS
    }
    landed_files = {name: row for name, row in files.items() if row["status"] == "landed"}
    assert {name: row["rows_in"] for name, row in landed_files.items()} == expected
    assert all(row["rows_in"] == row["rows_loaded"] + row["rows_quarantined"] for row in landed_files.values())


@pytest.mark.parametrize("landed", ["ads_connectors", "hubspot_connector"], indirect=True)
def test_every_connector_table_is_taken_for_the_feed_that_its_name_says(landed):
    _, _, files = landed
    for name, row in files.items():
        if row["status"] == "landed":
            table = name.removesuffix("_data.csv")
            vendor, entity = row["feed"].split("/")
            assert table.startswith(vendor.split("_")[0]) or vendor == "hubspot_connector", name
            assert table.endswith(entity), name


def test_all_source_folders_but_the_pollock_corpus_are_covered(public_data):
    assert {path.name for path in public_data.iterdir() if path.is_dir()} == {*FOLDERS, "pollock"}


def test_the_spend_of_connector_tables_reaches_the_marts_by_channel(public_data, tmp_path):
    result, home = night_on(public_data / "ads_connectors", tmp_path / "home")
    assert result.exit_code == 0, result.message
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        rows = connection.execute(
            """select source_system, channel, currency, sum(spend)::varchar, sum(impressions)::bigint, sum(clicks)::bigint
               from marts.fct_campaign_spend_daily group by all order by 1"""
        ).fetchall()
    assert rows == [
        ("facebook_ads_connector", "paid_social", "USD", "643.63", 37275, 149),
        ("google_ads_connector", "paid_search", "USD", "231.33", 1854, 280),
        ("linkedin_ads_connector", "paid_social", "USD", "530.62", 1359, 919),
    ]
