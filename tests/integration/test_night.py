"""How a night ends: exit codes, what readers see, the same night twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from nights import night_on

from orchestration.ops import run as night_run
from orchestration.ops.run import run_night
from orchestration.publish.query import run_query
from orchestration.publish.versions import list_versions
from orchestration.settings import PROJECT_DIR, Settings

TANDEM = Path(sys.executable).parent / "tandem"
PIPELINE = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "A1,Ann,GTXPro,Acme,Won,2026-01-02,2026-02-03,100\n"
    "A2,Ann,GTXPro,,Engaging,2026-01-05,,\n"
)
VERIFICATIONS = "verification_id,entity_type,record_id,field_name,verified_at,outcome,method,value\n"
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\n"


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    (folder / "sales_pipeline_2026-02-05.csv").write_text(PIPELINE)
    (folder / "products_2026-02-05.csv").write_text(PRODUCTS)
    (folder / "sales_teams_2026-02-05.csv").write_text("sales_agent,regional_office\nAnn,West\n")
    (folder / "shoes.csv").write_text("colour,size\nred,1\n")
    return folder


@pytest.fixture(scope="module")
def first_night(exports, tmp_path_factory):
    """The command itself, in a process of its own."""
    home = tmp_path_factory.mktemp("home") / "home"
    return subprocess.run([TANDEM, "nightly", "--exports", exports, "--home", home], capture_output=True, text=True), home


def test_a_night_with_refused_files_is_published_and_says_so_in_its_last_line(first_night):
    process, home = first_night
    assert process.returncode == 0, process.stderr[-2000:]
    summary = json.loads(process.stdout.strip().splitlines()[-1])
    assert summary["published"] is True
    assert summary["as_of"] == "2026-02-05"
    assert summary["files"] == {"new": 2, "known": 0, "quarantined": 2}
    assert summary["rows"] == {"in": 3, "loaded": 3, "quarantined": 0, "skipped": 0}
    assert set(summary["seconds"]) == {"land", "build", "audit", "publish", "total"}
    assert (home / "scorecard" / "index.html").exists()
    assert "'manager'" in process.stderr
    assert "shoes.csv" in process.stderr


def test_the_same_night_built_again_is_the_same_version(first_night, exports):
    _, home = first_night
    before = [item.version for item in list_versions(night_run.Home(home))]
    result = run_night(Settings(home=home, exports=exports, rebuild=True))
    assert result.exit_code == 0
    assert result.summary["version"] == before[0]
    assert result.summary["seconds"]["build"] > 0
    assert [item.version for item in list_versions(night_run.Home(home))] == before


def test_a_night_with_nothing_new_builds_nothing_and_says_what_is_published(first_night, exports):
    process, home = first_night
    first = json.loads(process.stdout.strip().splitlines()[-1])
    result = run_night(Settings(home=home, exports=exports))
    assert result.exit_code == 0
    assert "nothing new" in result.message
    told = {key: result.summary[key] for key in first if key not in ("seconds", "files", "rows", "run_id")}
    assert told == {key: first[key] for key in told}
    assert result.summary["files"] == {"new": 0, "known": 2, "quarantined": 2}
    assert result.summary["seconds"]["build"] == result.summary["seconds"]["publish"] == 0


def test_a_changed_feed_builds_what_depends_on_it_and_gives_what_a_whole_build_gives(
    first_night, exports, tmp_path, monkeypatch
):
    from orchestration.transform import dbt_build

    _, home = first_night
    built: list[list[str]] = []
    invoke = dbt_build.invoke_dbt
    monkeypatch.setattr(dbt_build, "invoke_dbt", lambda arguments, *rest: built.append(arguments) or invoke(arguments, *rest))
    changes = {
        "verifications-1.csv": f"{VERIFICATIONS}v1,contact,77,email,2026-02-04 10:00:00,confirmed,phone,\n",
        "verifications-2.csv": f"{VERIFICATIONS}v2,contact,77,email,2026-02-05 10:00:00,bounced,phone,\n",
        "sales_pipeline_2026-02-04.csv": PIPELINE.replace("Engaging", "Prospecting"),
    }
    versions = [list_versions(night_run.Home(home))[0].version]
    for name, content in changes.items():
        (tmp_path / name).write_text(content)
        versions.append(run_night(Settings(home=home, exports=tmp_path)).summary["version"])
    whole = run_night(Settings(home=home, exports=tmp_path, rebuild=True))
    assert whole.summary["version"] == versions[-1]
    assert len(set(versions[1:])) > 1, "the changes change something"
    assert [arguments[1:3] for arguments in built][-1] == ["--no-write-json", "--exclude-resource-types"]
    n_models = [len(arguments) for arguments in built]
    assert all("--select" in arguments for arguments in built[:-1])
    assert n_models[1] < 60 < n_models[2]
    assert run_night(Settings(home=home, exports=tmp_path)).message.startswith("nothing new")


def test_a_failed_data_test_refuses_the_night_and_the_last_good_version_stays(first_night, exports, monkeypatch):
    from orchestration.definitions import build_defs
    from orchestration.publish.assets import PUBLISHED
    from orchestration.transform import assets

    _, home = first_night
    before = run_query(night_run.Home(home), "select count(*) from fct_opportunity", "csv")
    original = assets.data_test_queries

    def with_a_failing_row(settings):
        queries = original(settings)
        # Of a mart: another day's marts are built and asked anew.
        asked = next(name for name in queries if "fct_opportunity" in name)
        return {**queries, asked: "select 'a row that may not be'"}

    monkeypatch.setattr(assets, "data_test_queries", with_a_failing_row)
    result = run_night(Settings(home=home, exports=exports, as_of="2026-02-06"))
    assert result.exit_code == 2
    assert result.summary["checks"]["failed"] == 1
    assert result.summary["published"] is False
    assert run_query(night_run.Home(home), "select count(*) from fct_opportunity", "csv") == before

    page = (home / "scorecard" / "index.html").read_text()
    assert "The later night was refused" in page

    job = build_defs(Settings(home=home)).resolve_job_def("nightly")
    alone = job.execute_in_process(asset_selection=[PUBLISHED], raise_on_error=False)
    assert not alone.success, "publish launched alone must ask the refused night's audit"


@pytest.mark.parametrize(
    "step",
    [
        "night_inputs",
        "build_models",
        # Whole nights but for their end; "publish" is one too.
        pytest.param("run", marks=pytest.mark.long),
        "publish",
        pytest.param("render", marks=pytest.mark.long),
    ],
)
def test_a_night_that_breaks_at_any_step_leaves_the_published_file_as_it_was(first_night, exports, monkeypatch, step):
    from orchestration.publish import assets as publish_assets
    from orchestration.quality.runner import SuiteRunner
    from orchestration.scorecard import page
    from orchestration.transform import assets

    _, home = first_night
    places = {
        "night_inputs": assets,
        "build_models": assets,
        "run": SuiteRunner,
        "publish": publish_assets,
        "render": page,
    }
    before = [item.version for item in list_versions(night_run.Home(home))]

    def break_off(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(places[step], step, break_off)
    result = run_night(Settings(home=home, exports=exports, rebuild=True))
    if step == "render":
        assert result.exit_code == 0
    else:
        assert result.exit_code == 1
        assert "disk full" in result.message
    assert [item.version for item in list_versions(night_run.Home(home))] == before
    assert run_query(night_run.Home(home), "select count(*) from fct_opportunity", "csv") == "count_star()\n2\n"


def test_nothing_to_land_in_an_empty_home_is_exit_4_with_a_message(tmp_path):
    result = run_night(Settings(home=tmp_path / "home"))
    assert result.exit_code == 4
    assert "holds no file" in result.message


@pytest.mark.parametrize("as_of", ["2026-13-01", "tomorrow"])
def test_an_as_of_that_is_no_day_is_exit_4(tmp_path, as_of):
    result = run_night(Settings(home=tmp_path / "home", as_of=as_of))
    assert result.exit_code == 4
    assert as_of in result.message


def test_a_second_run_in_the_same_home_is_exit_3(first_night, exports):
    _, home = first_night
    holder = "import sys,time;from orchestration.home import Home;from pathlib import Path\n"
    holder += "with Home(Path(sys.argv[1])).lock():\n print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder, home], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "held"
        assert run_night(Settings(home=home, exports=exports)).exit_code == 3
        process.kill()


def test_a_home_of_a_newer_format_is_refused(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "home.json").write_text('{"format_version": 99}')
    result = run_night(Settings(home=home))
    assert result.exit_code == 4
    assert "newer" in result.message


def test_a_past_as_of_knows_only_what_had_been_extracted_by_then(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "sales_pipeline_2026-02-05.csv").write_text(PIPELINE)
    lost = PIPELINE.replace("Engaging,2026-01-05,,", "Lost,2026-01-05,2026-03-01,0")
    (folder / "sales_pipeline_2026-03-05.csv").write_text(lost)
    result, home = night_on(folder, tmp_path / "home")
    assert result.exit_code == 0, result.message
    sql = "select outcome, count(*) from fct_opportunity group by 1 order by 1"
    assert run_query(home, sql, "csv") == "outcome,count_star()\nlost,1\nwon,1\n"
    result, home = night_on(folder, tmp_path / "home", as_of="2026-02-10")
    assert result.exit_code == 0, result.message
    assert run_query(home, sql, "csv") == "outcome,count_star()\nopen,1\nwon,1\n"


def test_definitions_load_without_a_home_and_show_every_feed_and_mart():
    from orchestration.definitions import build_defs

    defs = build_defs(Settings(home=PROJECT_DIR / "var" / "does-not-exist"))
    keys = {key.to_user_string() for key in defs.resolve_all_asset_keys()}
    assert {"raw/olist/closed_deals", "marts/rpt_lead_to_revenue", "published/marts", "scorecard/page"} <= keys
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    assert all(spec.owners and spec.group_name != "default" for name, spec in specs.items())
    assert not (PROJECT_DIR / "var" / "does-not-exist").exists()
