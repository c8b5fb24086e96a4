import os
import subprocess
import sys
from pathlib import Path

import pytest

TANDEM = Path(sys.executable).parent / "tandem"


def tandem(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run([TANDEM, *arguments], capture_output=True, text=True, env={**os.environ, **environment})


@pytest.mark.parametrize("verb", ["nightly", "land", "demo", "query", "versions", "rollback"])
def test_every_verb_has_help_with_an_example(verb):
    process = tandem(verb, "--help")
    assert process.returncode == 0
    assert f"tandem {verb}" in process.stdout


def test_a_wrong_option_is_exit_4_and_not_that_of_a_refused_night():
    assert tandem("nightly", "--no-such-option").returncode == 4


def test_a_wrong_setting_is_exit_4_and_names_its_variable(tmp_path):
    process = tandem("versions", "--home", tmp_path / "home", TANDEM_LANGUAGE="de")
    assert process.returncode == 4
    assert "TANDEM_LANGUAGE" in process.stderr


def test_a_query_before_anything_is_published_is_exit_4_with_the_remedy(tmp_path):
    process = tandem("query", "select 1", "--home", tmp_path / "home")
    assert process.returncode == 4
    assert "tandem nightly" in process.stderr


def test_versions_of_a_fresh_home_are_none(tmp_path):
    process = tandem("versions", "--json", "--home", tmp_path / "home")
    assert (process.returncode, process.stdout.strip()) == (0, "[]")


def test_the_demo_is_generated_by_the_command(tmp_path):
    process = tandem("demo", "--out", tmp_path / "exports", "--leads", "100", "--nights", "1")
    assert process.returncode == 0
    assert (tmp_path / "exports" / "truth.json").exists()


@pytest.mark.parametrize("verb", ["nightly", "land"])
def test_a_command_that_finds_the_home_taken_is_exit_3_and_names_the_process(tmp_path, verb):
    holder = "import sys,time;from orchestration.home import Home;from pathlib import Path\n"
    holder += "with Home(Path(sys.argv[1])).lock():\n print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder, tmp_path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "held"
        busy = tandem(verb, "--home", tmp_path)
        process.kill()
    assert (busy.returncode, busy.stdout) == (3, "")
    assert f"another run is in progress in {tmp_path}: PID {process.pid}, since 2" in busy.stderr
