"""The key: made for its owner only, refused when others could read it, never shown; SQL and Python agree on its marks."""

import duckdb
import pytest

from orchestration.privacy.pseudonym import KeyRefusedError, PseudonymKey, load_key, mark_sql
from orchestration.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(pseudonym_key_file=tmp_path / "keys" / "key")


def test_a_key_is_made_on_first_use_for_its_owner_only_and_then_stays(settings, home):
    key = load_key(settings, home, create=True)
    assert settings.pseudonym_key_file.stat().st_mode & 0o777 == 0o600
    assert load_key(settings, home) == key
    assert key.secret.decode() not in repr(key)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_may_read_is_refused_with_its_remedy(settings, home, mode):
    load_key(settings, home, create=True)
    settings.pseudonym_key_file.chmod(mode)
    with pytest.raises(KeyRefusedError, match="chmod 600"):
        load_key(settings, home)


def test_a_key_within_the_home_too_short_missing_or_behind_a_link_is_refused(settings, home, tmp_path):
    with pytest.raises(KeyRefusedError, match="missing"):
        load_key(settings, home)
    with pytest.raises(KeyRefusedError, match="outside the home"):
        load_key(Settings(pseudonym_key_file=home.root / "key"), home, create=True)
    short = tmp_path / "short"
    short.touch(mode=0o600)
    short.write_text("too short")
    with pytest.raises(KeyRefusedError, match="needs 32"):
        load_key(Settings(pseudonym_key_file=short), home)
    link = tmp_path / "link"
    load_key(settings, home, create=True)
    link.symlink_to(settings.pseudonym_key_file)
    with pytest.raises(KeyRefusedError, match="can't be read"):
        load_key(Settings(pseudonym_key_file=link), home)


def test_sql_and_python_give_the_same_mark():
    key = PseudonymKey(b"0123456789abcdef0123456789abcdef")
    sql = f"select {mark_sql('kind', 'text')} from (select 'email' as kind, 'zoë@société.example' as text)"
    assert duckdb.execute(sql, key.sql_parameters()).fetchone()[0] == key.mark("email", "zoë@société.example")
