"""What counts as nothing new: the same raw, day, seeds, product and settings, and readers still on that version."""

import datetime as dt
import shutil

import pytest

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.ops import unchanged
from orchestration.ops.night import Night
from orchestration.settings import Settings
from tests.corpus.model import csv_bytes, deals


@pytest.fixture(scope="module")
def landed(tmp_path_factory):
    """A folder with one delivery, and a home in which it landed."""
    folder = tmp_path_factory.mktemp("landed")
    (folder / "exports").mkdir()
    (folder / "exports" / "transactions-2026-10-01.csv").write_bytes(csv_bytes(deals(5)))
    home = Home(folder / "home").prepare()
    land(home, Settings(home=home.root, exports=folder / "exports"))
    return folder


@pytest.fixture
def published(landed, tmp_path):
    """That home with the places that a published night has."""
    shutil.copytree(landed, tmp_path, symlinks=True, dirs_exist_ok=True)
    home = Home(tmp_path / "home")
    for path in (home.published / "copy" / "marts.duckdb", home.scorecard, home.candidate, home.published / "marts_v1.duckdb",
                 home.published / "marts_v2.duckdb", home.published / "parquet" / "x"):  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    home.current.symlink_to("marts_v1.duckdb")
    remember(home)
    return home


def remember(home, **settings) -> None:
    night = Night(Settings(home=home.root, **settings), home)
    night.inputs = unchanged.inputs_hash(night)
    unchanged.remember(night, {"version": "v1"})


def known(home, **settings) -> dict | None:
    return unchanged.summary_if_unchanged(Night(Settings(home=home.root, **settings), home))


def test_the_same_files_on_the_same_day_are_nothing_new(published, tmp_path):
    assert known(published) == {"version": "v1"}
    land(published, Settings(home=published.root, exports=tmp_path / "exports"))
    assert known(published, as_of="2026-10-01", exports=tmp_path / "exports") == {"version": "v1"}


@pytest.mark.parametrize(
    "settings",
    [{"as_of": "2026-10-02"}, {"reporting_currency": "USD"}, {"language": "fr"}, {"business_timezone": "UTC"}],
    ids=str,
)
def test_another_day_or_setting_is_new(published, settings):
    assert known(published, **settings) is None


def test_a_row_more_is_new_and_so_is_the_same_content_on_another_day(published, tmp_path):
    exports = tmp_path / "exports"
    shutil.copy(exports / "transactions-2026-10-01.csv", exports / "transactions-2026-09-30.csv")
    land(published, Settings(home=published.root, exports=exports))
    assert known(published) is None
    remember(published)
    assert known(published) == {"version": "v1"}
    (exports / "transactions-2026-10-01-b.csv").write_bytes(csv_bytes(deals(6)))
    land(published, Settings(home=published.root, exports=exports))
    assert known(published) is None


@pytest.mark.parametrize("folder", unchanged._PRODUCT)
def test_a_change_to_code_models_seeds_or_expectations_is_new(published, tmp_path, monkeypatch, folder):
    product = tmp_path / "product"
    for name in unchanged._PRODUCT:
        (product / name).mkdir(parents=True)
        (product / name / "file").write_text("one")
    monkeypatch.setattr(unchanged, "PROJECT_DIR", product)
    remember(published)
    assert known(published) == {"version": "v1"}
    (product / folder / "file").write_text("two")
    assert known(published) is None


def test_a_profile_of_the_company_s_own_is_new(published, tmp_path):
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    remember(published, export_profiles_dir=profiles)
    assert known(published, export_profiles_dir=profiles) == {"version": "v1"}
    (profiles / "note.txt").write_text("one more file")
    assert known(published, export_profiles_dir=profiles) is None


def test_another_version_in_use_or_a_missing_place_is_not_taken_for_published(published):
    published.current.unlink()
    published.current.symlink_to("marts_v2.duckdb")
    assert known(published) is None
    published.current.unlink()
    published.current.symlink_to("marts_v1.duckdb")
    assert known(published) == {"version": "v1"}
    (published.published / "copy" / "marts.duckdb").unlink()
    assert known(published) is None


def test_state_that_the_catalog_does_not_name_is_new_too(published):
    (published.root / "erasures.json").write_text("{}")
    assert known(published) is None
    remember(published)
    parquet = next(published.raw.glob("*/*/*.parquet"))
    parquet.chmod(0o600)
    parquet.write_bytes(parquet.read_bytes() + b" ")
    assert known(published) is None


def test_what_a_later_extract_left_behind_in_raw_is_no_part_of_a_night(published, tmp_path):
    """Sightings are written anew with each extract; the old file stays until the next landing."""
    exports = tmp_path / "exports"
    shutil.copy(exports / "transactions-2026-10-01.csv", exports / "transactions-2026-10-02.csv")
    shutil.copy(exports / "transactions-2026-10-01.csv", exports / "transactions-2026-10-03.csv")
    land(published, Settings(home=published.root, exports=exports))
    n_files = len(list(published.raw.glob("*/*/*.parquet")))
    remember(published)
    land(published, Settings(home=published.root, exports=exports))
    assert len(list(published.raw.glob("*/*/*.parquet"))) < n_files
    assert known(published) == {"version": "v1"}


def test_a_night_that_was_begun_is_remembered_no_more(published):
    assert unchanged.is_remembered(published)
    unchanged.forget(published)
    assert not unchanged.is_remembered(published)


def test_the_hash_is_of_the_day_not_of_how_it_was_given(published):
    night = Night(Settings(home=published.root, as_of=dt.date(2026, 10, 1).isoformat()), published)
    assert unchanged.inputs_hash(night) == unchanged.inputs_hash(Night(Settings(home=published.root), published))
