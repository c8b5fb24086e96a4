"""A home as one archive and back; what does not agree is found and named."""

import datetime as dt
import sqlite3
import tarfile

import duckdb
import pytest

from orchestration.home import Home, HomeRefusedError
from orchestration.landing.deliver import land
from orchestration.privacy.erase import access, erase
from orchestration.publish.backup import ArchiveRefusedError, backup, restore
from orchestration.publish.causes import Inputs
from orchestration.publish.verify import current_hashes, faults_of
from orchestration.publish.versions import list_versions, publish
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf
from orchestration.transform.restatements import restatements_sql

GRAINS = {"mart_leads": ["channel"], "fct_restatement": ["restated_as_of", "mart_name", "grain_key", "column_name"]}
HEADER = (
    "id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),"
    "Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC)\n"
)
SUBSCRIBERS = HEADER + "".join(
    f"sub_{n},cus_{n},Firm {n},{name}@firm.example,Pro,1,eur,year,100.00,active,2025-01-28 11:04,2025-01-28 11:04,"
    "2026-01-28 11:04,2027-01-28 11:04,,\n"
    for n, name in enumerate(["kanarek", "stays"])
)


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "subscribers_2026-02-05.csv").write_text(SUBSCRIBERS)
    return Settings(home=tmp_path / "home", exports=tmp_path / "exports", pseudonym_key_file=tmp_path / "keys" / "key")


@pytest.fixture
def published_home(settings):
    home = Home(settings.home).prepare()
    land(home, settings)
    for day, leads in ((4, 10), (5, 12)):
        home.candidate.unlink(missing_ok=True)
        with duckdb.connect(str(home.candidate)) as connection:
            connection.execute("create schema marts")
            connection.execute(f"create table marts.mart_leads as select 'email' as channel, {leads} as leads")
            connection.execute(
                f"create table marts.fct_restatement as select *, null::date as as_of from ({restatements_sql(home)})"
            )
        publish(home, AsOf(dt.date(2026, 2, day), "Europe/Paris"), GRAINS, 3, Inputs(0, {}))
    return home


def test_a_backup_restored_elsewhere_has_equal_marts_and_no_fault(published_home, settings, tmp_path):
    backup(published_home, tmp_path / "backup.tar.gz")
    elsewhere = Home(tmp_path / "elsewhere").prepare()
    restore(tmp_path / "backup.tar.gz", elsewhere, settings, lambda line: None)
    assert current_hashes(elsewhere, GRAINS) == current_hashes(published_home, GRAINS)
    assert [item.version for item in list_versions(elsewhere)] == [item.version for item in list_versions(published_home)]
    assert elsewhere.identity == published_home.identity
    assert faults_of(elsewhere) == []
    again = land(elsewhere, settings)
    assert again.files == {"new": 0, "known": 1, "quarantined": 0}


@pytest.mark.parametrize("place", ["home", "elsewhere"])
def test_who_was_erased_after_a_backup_does_not_come_back_with_it(published_home, settings, tmp_path, place):
    backup(published_home, tmp_path / "backup.tar.gz")
    erase(published_home, settings, ["Kanarek@firm.example"], dt.date(2026, 3, 1), lambda line: None)
    target = Home(tmp_path / place).prepare()
    report = restore(tmp_path / "backup.tar.gz", target, settings, lambda line: None)
    assert report["erased_again"]["rows_redacted"] == 1
    assert access(target, settings, "kanarek@firm.example")["rows"] == {}
    assert access(target, settings, "stays@firm.example")["rows"]
    assert not any(b"kanarek" in path.read_bytes() for path in target.root.rglob("*") if path.is_file())
    assert faults_of(target) == []


def test_a_damaged_or_foreign_archive_is_refused_and_the_home_stays_as_it_was(published_home, settings, tmp_path):
    before = current_hashes(published_home, GRAINS)
    whole = tmp_path / "backup.tar.gz"
    backup(published_home, whole)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(whole.read_bytes()[:-2000])
    foreign = tmp_path / "foreign.tar.gz"
    with tarfile.open(foreign, "w:gz") as archive:
        entry = tarfile.TarInfo("../escaped")
        archive.addfile(entry)
    linked = tmp_path / "linked.tar.gz"
    with tarfile.open(linked, "w:gz") as archive:
        entry = tarfile.TarInfo("published/current.duckdb")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../escaped"
        archive.addfile(entry)
    for bad in (cut, foreign, linked, tmp_path / "absent.tar.gz"):
        with pytest.raises(ArchiveRefusedError):
            restore(bad, published_home, settings, lambda line: None)
    assert not (tmp_path / "escaped").exists()
    assert current_hashes(published_home, GRAINS) == before
    with pytest.raises(ArchiveRefusedError, match="within the home"):
        backup(published_home, published_home.root / "backup.tar.gz")


def _cut_parquet(home):
    path = next(home.raw.glob("stripe/*/*.parquet"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-10])


def _lose_parquet(home):
    next(home.raw.glob("stripe/*/*.parquet")).unlink()


def _damage_original(home):
    path = next(home.originals.glob("*.zst"))
    path.write_bytes(b"no archive")


def _damage_version(home):
    content = bytearray(home.current.resolve().read_bytes())
    content[:4096] = bytes(4096)
    home.current.resolve().write_bytes(content)


def _older_copy(home):
    (home.published / "copy" / "marts.duckdb").write_bytes(list_versions(home)[1].path.read_bytes())


def _other_parquet(home):
    duckdb.sql("select 'email' as channel, 99 as leads").write_parquet(str(home.published / "parquet" / "mart_leads.parquet"))


def _miscount(home):
    with sqlite3.connect(home.ledger) as connection:
        connection.execute("update file set rows_loaded = rows_loaded - 1")
    connection.close()


@pytest.mark.parametrize(
    "damage", [_cut_parquet, _lose_parquet, _damage_original, _damage_version, _older_copy, _other_parquet, _miscount]
)
def test_verify_finds_every_damage(published_home, damage):
    assert faults_of(published_home) == []
    damage(published_home)
    assert len(faults_of(published_home)) >= 1


def test_a_home_of_the_first_release_opens_and_gets_an_identity_that_stays(tmp_path):
    root = tmp_path / "old"
    root.mkdir()
    (root / "home.json").write_text('{"format_version": 1}\n')
    identity = Home(root).prepare().identity
    assert identity
    assert Home(root).prepare().identity == identity
    (root / "home.json").write_text("no json")
    with pytest.raises(HomeRefusedError):
        Home(root).prepare()
