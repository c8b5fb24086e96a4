import datetime as dt

import pytest
import yaml
from openpyxl import Workbook
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.guess import guess_column
from orchestration.landing.ledger import Ledger
from orchestration.landing.profile_file import NotProfiledError, accept_proposal, profile_file
from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profiles import Profile, load_profiles
from orchestration.landing.propose import guess_entity, name_pattern, snake_case, vendor_of
from orchestration.settings import Settings


def proposal_for(tmp_path, text, name="gizmo.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return profile_file(path, Settings(export_profiles_dir=tmp_path / "profiles")).proposal


def types(proposal):
    return {column["name"]: column["type"] for column in proposal.columns}


def named(proposal):
    return {(item.code, item.column) for item in proposal.ambiguities}


def test_types_formats_key_and_shares_are_proposed_as_yaml_that_validates(tmp_path):
    rows = "".join(f"L{n:03};{n % 28 + 1:02}/01/2026;1 0{n % 90 + 10},50;oui\n" for n in range(40))
    found = proposal_for(tmp_path, f"Identifiant Lead;Créé le;Montant dû;Actif\n{rows}", "mon-crm-2026-03-01.csv")
    profile = Profile.model_validate(yaml.safe_load(found.yaml))
    feed = profile.feeds[found.entity]
    assert (profile.vendor, feed.files, feed.delivery) == ("mon_crm", ["mon-crm*.csv"], "full")
    assert types(found) == {"identifiant_lead": "text", "cree_le": "date", "montant_du": "decimal", "actif": "boolean"}
    assert (profile.locale("any").decimal, profile.locale("any").date_formats) == (",", ["%d/%m/%Y"])
    assert (feed.key, found.key_candidates[0]) == ([], "identifiant_lead")
    assert all(column["support"] == 1.0 for column in found.columns)


@pytest.mark.parametrize(
    ("values", "code"),
    [(["50.000", "12.500"], "number"), (["1,234", "5,678"], "number"), (["03/04/2026", "05/06/2026"], "day_order")],
)
def test_what_can_be_read_in_two_ways_is_named_and_stays_text(tmp_path, values, code):
    found = proposal_for(tmp_path, "code;value\n" + "".join(f"x{n};{value}\n" for n, value in enumerate(values * 3)))
    assert (code, "value") in named(found)
    assert types(found)["value"] == "text"
    assert f"# open: {code} of value: " in found.yaml


def test_one_value_that_can_be_read_in_one_way_only_settles_the_others(tmp_path):
    rows = "a;03/04/2026;50.000\nb;25/04/2026;1.050,75\n"
    found = proposal_for(tmp_path, f"code;day;value\n{rows}")
    assert types(found) == {"code": "text", "day": "date", "value": "decimal"}
    assert not {code for code, _ in named(found)} & {"number", "day_order"}


def test_columns_that_contradict_each_other_are_named(tmp_path):
    rows = "a;25/04/2026;04/25/2026\nb;26/04/2026;04/26/2026\n"
    found = proposal_for(tmp_path, f"code;first;second\n{rows}")
    assert {column for code, column in named(found) if code == "day_order"} == {"first", "second"} & {
        name for name, kind in types(found).items() if kind == "text"
    }


def test_digits_that_are_names_stay_text():
    assert guess_column("siret", ["123", "456"]).type == "text"
    assert guess_column("amount", ["00123", "00456"]).type == "text"
    assert guess_column("amount", ["123", "-4"]).type == "integer"
    assert guess_column("amount", ["1.5e-3", "2.0"]).type == "decimal"


def land_with(tmp_path, name, proposal):
    settings = Settings(exports=tmp_path / "exports", export_profiles_dir=tmp_path / "profiles", settle_seconds=0)
    accept_proposal(proposal, settings)
    settings.exports.mkdir()
    (settings.exports / name).write_bytes((tmp_path / name).read_bytes())
    home = Home(tmp_path / "home").prepare()
    report = land(home, settings)
    return report, Ledger(home.ledger)


def test_a_file_with_doubled_and_empty_headers_lands_by_position(tmp_path):
    found = proposal_for(tmp_path, "id,amount,amount,\n1,2.5,3.5,x\n2,4.5,5.5,y\nTotal,7,9,\n")
    assert [column["name"] for column in found.columns] == ["id", "amount", "amount_2", "column_4"]
    report, _ = land_with(tmp_path, "gizmo.csv", found)
    assert (report.refusals, report.rows) == ([], {"in": 3, "loaded": 3, "quarantined": 0, "skipped": 0})


@pytest.mark.parametrize(
    "text",
    ["1,2026-01-01,a\n2,2026-01-02,b\n3,2026-01-03,c\n", 
     "A title\n\nid\x1fday\x1fname\n1\x1f2026-01-01\x1fa\n2\x1f2026-01-02\x1fb\n",
     "id|day|name\n1|2026-01-01|'a|b'\n2|2026-01-02|'c'\n3|2026-01-02|'d'\n",
     "x,y,z\ng,h,i\n,1,2\n,3,4\n"],
    ids=["no header", "rare separator", "apostrophes", "two header rows"],
)  # fmt: skip
def test_an_accepted_proposal_lands_its_file_whole(tmp_path, text):
    found = proposal_for(tmp_path, text)
    report, _ = land_with(tmp_path, "gizmo.csv", found)
    assert (report.refusals, report.rows["quarantined"], report.rows["skipped"]) == ([], 0, 0)
    assert report.rows["loaded"] >= 2


def test_sheets_json_and_parquet_are_proposed_too(tmp_path):
    book = Workbook()
    book.active.append(["Ref", "Signed", "Amount"])
    for n in range(5):
        book.active.append([f"R{n}", dt.date(2026, 1, n + 1), 10.5 + n])
    book.save(tmp_path / "gizmo.xlsx")
    found = profile_file(tmp_path / "gizmo.xlsx", Settings(export_profiles_dir=tmp_path / "profiles")).proposal
    assert types(found) == {"ref": "text", "signed": "date", "amount": "decimal"}
    found = proposal_for(tmp_path, '[{"ref": "a", "n": 1}, {"ref": "b", "n": 2}]', "gizmo.json")
    assert types(found) == {"ref": "text", "n": "integer"}


def test_a_known_file_is_matched_with_its_evidence(tmp_path):
    profile = next(item for item in load_profiles(SHIPPED_PROFILES).values() if item.vendor == "maven")
    header = ",".join(column.header_in("any") for column in profile.feeds["products"].columns.values())
    (tmp_path / "products.csv").write_text(header + "\n" + ",".join("x" for _ in header.split(",")) + "\n")
    found = profile_file(tmp_path / "products.csv", Settings(export_profiles_dir=tmp_path / "profiles"))
    assert found.proposal is None
    match = found.matches[0]
    assert (match.feed, match.format, match.encoding, match.absent_columns) == ("maven/products", "csv", "utf-8", [])
    assert match.dialect["delimiter"] == ","


def test_the_command_keeps_a_proposal_once_and_refuses_with_4(tmp_path, monkeypatch):
    monkeypatch.setenv("TANDEM_EXPORT_PROFILES_DIR", str(tmp_path / "profiles"))
    path = tmp_path / "gizmo.csv"
    path.write_text("id,name\n1,a\n2,b\n")
    first = CliRunner().invoke(app, ["profile", str(path), "--accept-proposal"])
    assert (first.exit_code, (tmp_path / "profiles/gizmo.yaml").exists()) == (0, True)
    assert "vendor: gizmo" in first.stdout
    again = CliRunner().invoke(app, ["profile", str(path)])
    assert (again.exit_code, "gizmo/rows, language any" in again.stdout) == (0, True)
    (tmp_path / "empty.csv").write_text("")
    refused = CliRunner().invoke(app, ["profile", str(tmp_path / "empty.csv")])
    assert refused.exit_code == 4
    assert "line 1" in refused.stderr


def test_another_profile_is_never_overwritten(tmp_path):
    found = proposal_for(tmp_path, "id,name\n1,a\n2,b\n")
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/gizmo.yaml").write_text("mine")
    with pytest.raises(NotProfiledError, match="is there already"):
        accept_proposal(found, Settings(export_profiles_dir=tmp_path / "profiles"))
    assert (tmp_path / "profiles/gizmo.yaml").read_text() == "mine"


def test_names():
    assert snake_case("Créé le (UTC)") == "cree_le_utc"
    assert snake_case("createdAt") == "created_at"
    assert vendor_of("1% nano+20% micro.csv", []) == "file_1_nano_20_micro"
    assert vendor_of("hubspot-2026-01-01.csv", ["hubspot"]) == "hubspot_2"
    assert name_pattern("a[1]-2026-01-31.csv") == "a?1?*.csv"
    assert guess_entity(["Opportunité", "Étape", "Montant"]) == "deal"
    assert guess_entity(["Campaign", "Impressions", "Clicks", "Cost"]) == "campaign_spend"
    assert guess_entity(["a", "b"]) is None


def test_a_file_that_is_not_there_is_said_in_plain_words(tmp_path):
    with pytest.raises(NotProfiledError, match=r"nope\.csv: no such file") as refused:
        profile_file(tmp_path / "nope.csv", Settings())
    assert refused.value.code == "no_such_file"
