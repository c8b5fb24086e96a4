"""A night on Spark is refused before anything runs when Spark can't be had. Needs no Spark."""

import json
import socket
import sys
import types

import pytest

from orchestration.ops.run import INPUT_REFUSED, run_night
from orchestration.settings import Settings
from orchestration.transform.spark_session import SparkUnavailableError, require_spark


@pytest.fixture
def installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", types.ModuleType("pyspark"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_without_the_extra_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(SparkUnavailableError, match=r"requirements-spark\.lock"):
        require_spark(Settings(engine="spark"))


def test_a_night_whose_master_does_not_answer_ends_with_4_and_leaves_the_exports(installed, tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "leads.csv").write_text("id\n1\n")
    master = f"spark://127.0.0.1:{_free_port()}"
    result = run_night(Settings(home=tmp_path / "home", exports=exports, engine="spark", spark_master=master))
    assert result.exit_code == INPUT_REFUSED
    assert master in result.message
    assert "make spark-up" in result.message
    assert not (tmp_path / "home").exists()


def test_one_of_several_masters_is_enough(installed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        require_spark(Settings(engine="spark", spark_master=f"spark://127.0.0.1:{_free_port()},127.0.0.1:{port}"))


def test_local_mode_asks_for_no_master(installed):
    require_spark(Settings(engine="spark", spark_master="local[2]"))


def test_an_unknown_engine_is_refused_by_the_settings():
    from typer.testing import CliRunner

    from orchestration.cli import app

    answer = CliRunner().invoke(app, ["nightly", "--engine", "postgres"])
    assert answer.exit_code == 4
    assert "TANDEM_ENGINE" in answer.output
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.stdout or "")
