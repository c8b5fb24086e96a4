import csv
from decimal import Decimal

import openpyxl
import pytest

from orchestration import failpoints
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.quality.stewardship import load_stewardship
from orchestration.quality.worklist_words import REASONS, TODO
from orchestration.quality.worklists import harmless, write_csv, write_workbook, write_worklists
from orchestration.settings import Settings

FORMULAS = [
    *("=1+1", "+33 1 99 00 12 34", "-2", "@SUM(A1)", " =1", "\t=1", "\r=1", "\n=1", "\u00a0=1", "\u202f=1", "\ufeff=1"),
    *("＝1", "＋1", "－1", "＠1", "text\n=1", "text\r\n  @x", "%0A=1", "|calc"),
    *('=HYPERLINK("http://x.example")', "=cmd|'/c calc'!A1"),
]
HARMLESS = ["", "007", "0199001234", "Société Générale", "a=b", "1-2", "'quoted", "12.5"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_line_of_a_csv_text_can_start_a_formula(text):
    assert all(line.lstrip()[:1] not in tuple("=+-@|%＝＋－＠") for line in harmless(text).splitlines() if line)
    assert harmless(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_a_workbook_has_no_formula_and_keeps_signs_zeros_and_accents(tmp_path):
    rows = [{"rank": number, "value": text, "why": "Modifiée à l'été"} for number, text in enumerate(FORMULAS + HARMLESS, 1)]
    write_workbook(tmp_path / "a.xlsx", rows, "fr")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    # A carriage return is written as the format's own escape; an empty text is an empty cell.
    read = [(sheet.cell(line, 2).value or "").replace("_x000D_", "\r") for line in range(2, len(rows) + 2)]
    assert read == [row["value"] for row in rows]
    assert sheet.cell(2, 3).value == "Modifiée à l'été"


def test_a_french_csv_is_read_back_with_its_accents_and_zeros(tmp_path):
    write_csv(tmp_path / "a.csv", [{"rank": 1, "what": "Téléphone", "value": "007"}], "fr")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream, delimiter=";"))[1] == ["1", "Téléphone", "007"]
    assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()[1] == '1;"Téléphone";"007"', (
        "text is quoted, numbers are not"
    )


def test_a_csv_writes_numbers_as_its_language_does_and_keeps_any_text(tmp_path):
    text = 'one "two"; three,\nfour'
    for language, delimiter, amount in (("fr", ";", "70500,50"), ("en", ",", "70500.50")):
        write_csv(tmp_path / "a.csv", [{"rank": 1, "what": text, "pipeline": 70500.5, "minutes": 4.0}], language)
        with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
            assert list(csv.reader(stream, delimiter=delimiter))[1] == ["1", text, amount, "4"]


def test_a_row_is_as_high_as_its_wrapped_text(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [{"rank": 1, "why": "word " * 30}, {"rank": 2, "why": "short"}], "en")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert [sheet.row_dimensions[line].height for line in (1, 2, 3)] == [None, 45, None], "one line has the height of a row"


@pytest.fixture
def published(tmp_path) -> Home:
    """A published worklist of four entries of two teams, one with a hostile record id."""
    home = Home(tmp_path / "home").prepare()
    with open_duckdb(home.published / "marts_x.duckdb") as connection:
        connection.execute("create schema marts")
        connection.execute(
            """create table marts.mart_crm_worklist (worklist_rank bigint, steward_team varchar, entity_type varchar,
            source_system varchar, record_id varchar, field_name varchar, status varchar, reason_code varchar,
            age_days integer, sla_days integer, last_verified_at timestamp, pipeline_at_stake decimal(18, 2),
            minutes_to_mend double)"""
        )
        at = "2026-05-04 08:00:00"
        connection.executemany(
            f"insert into marts.mart_crm_worklist values ({', '.join('?' * 13)})",
            [
                (1, "marketing", "lead", "salesforce", "00Q1", "phone", "stale", "stale_a", 149, 90, at, Decimal("70.5"), 4.0),
                (2, "marketing", "lead", "salesforce", "00Q1", "email", "missing", "missing", None, 90, None, Decimal(0), 5.0),
                (3, "marketing", "lead", "salesforce", "=1+1", "email", "invalid", "syntax", 3, 90, at, Decimal(0), 5.0),
                (4, "Sales Ops/FR", "company", "hubspot", "0042", "domain", "stale", "stale_d", 400, 365, at, Decimal(0), 5.0),
            ],
        )
    home.current.symlink_to("marts_x.duckdb")
    return home


def test_each_team_gets_its_ranked_list_and_an_import_file_without_values(published):
    settings = Settings(
        home=published.root, language="fr", record_links={"salesforce.lead": "https://crm.example/{record_id}/view"}
    )
    rules = load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    assert write_worklists(published, settings, rules) == {"marketing": 3, "Sales Ops/FR": 1}
    names = sorted(str(path.relative_to(published.worklists)) for path in published.worklists.rglob("*") if path.is_file())
    assert names == [
        "import/marketing_salesforce_lead.csv", "import/sales_ops_fr_hubspot_company.csv", "marketing.csv", "marketing.xlsx",
        "sales_ops_fr.csv", "sales_ops_fr.xlsx",
    ]  # fmt: skip
    sheet = openpyxl.load_workbook(published.worklists / "marketing.xlsx").active
    first = {sheet.cell(1, column).value: sheet.cell(2, column).value for column in range(1, sheet.max_column + 1)}
    assert first["À corriger"] == "Numéro de téléphone"
    assert first["Pourquoi"] == "Modifiée par une personne il y a 149 jours ; elle est réputée juste pendant 90 jours."
    assert (first["Lien"], first["Dernière vérification"]) == ("https://crm.example/00Q1/view", "04/05/2026")
    imported = (published.worklists / "import" / "marketing_salesforce_lead.csv").read_text().splitlines()
    assert imported == ["Id,Email,Phone", "00Q1,,"]
    assert (published.worklists / "import" / "sales_ops_fr_hubspot_company.csv").read_text().splitlines()[1] == "0042,"
    assert published.worklists.stat().st_mode & 0o077 == 0


def test_a_long_list_says_what_it_leaves_out_and_a_second_night_replaces_the_first(published):
    settings = Settings(home=published.root, worklist_rows=1)
    (published.root / "worklists").mkdir()
    (published.root / "worklists" / "of_a_team_that_is_no_more.csv").write_text("")
    write_worklists(published, settings, [])
    texts = [cell.value for row in openpyxl.load_workbook(published.worklists / "marketing.xlsx").active for cell in row]
    assert "1 of 3 entries are shown; the rest follows as these are mended." in texts
    assert not (published.worklists / "of_a_team_that_is_no_more.csv").exists()


def test_lists_are_never_away_while_new_ones_are_written(published, monkeypatch):
    settings, readable = Settings(home=published.root), {}
    for _ in range(3):
        write_worklists(published, settings, [])
        monkeypatch.setattr(
            failpoints, "passed", lambda boundary: readable.update({boundary: (published.worklists / "marketing.csv").exists()})
        )
    assert readable == {"after:worklists_written": True, "after:worklists": True}
    assert [path.name for path in published.root.glob("worklists_*")] == [published.worklists.readlink().name]


def test_every_reason_and_remedy_stands_in_both_languages():
    assert all(set(words) == {"en", "fr"} and all(words.values()) for table in (REASONS, TODO) for words in table.values())
    assert set(TODO) == {"missing", "invalid", "stale", "conflict"}
