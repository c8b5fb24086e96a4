"""DuckDB as the product opens it: within the memory that a night may take, whichever release of it is installed."""

import duckdb
import pyarrow as pa
import pytest
from pydantic import ValidationError

from orchestration.engine import MEMORY_LIMIT, arrow_table, half_of, open_duckdb, register
from orchestration.settings import Settings


def bytes_of(limit: str) -> str:
    """As DuckDB itself reads a limit."""
    with duckdb.connect(config={"memory_limit": limit}) as connection:
        return connection.execute("select current_setting('memory_limit')").fetchone()[0]


def test_a_database_that_names_no_limit_has_the_one_of_the_settings(tmp_path):
    for path in (None, tmp_path / "a.duckdb"):
        with open_duckdb(path) as connection:
            assert connection.execute("select current_setting('memory_limit')").fetchone()[0] == bytes_of(MEMORY_LIMIT)


def test_a_database_keeps_the_limit_that_it_is_opened_with():
    with open_duckdb(config={"memory_limit": "256MB"}) as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchone()[0] == bytes_of("256MB")


@pytest.mark.parametrize(("limit", "half"), [("5GB", "2.5GB"), ("512 MiB", "256MiB"), ("1.5GB", "750MB"), (" 300mb ", "150MB")])
def test_half_of_a_limit_is_one_that_the_engine_takes(limit, half):
    assert bytes_of(half_of(limit)) == bytes_of(half)


@pytest.mark.parametrize("limit", ["80%", "6", "lots", "", "-1GB"])
def test_a_limit_without_number_or_unit_is_refused_as_a_setting(limit):
    with pytest.raises(ValidationError, match="memory_limit"):
        Settings(memory_limit=limit)


def test_a_table_is_shown_and_asked_for_while_an_answer_is_half_read():
    with open_duckdb() as connection:
        for number in range(3):
            assert connection.execute("from range(5)").fetchone() == (0,)
            register(connection, "shown", pa.table({"n": [number]}))
            assert connection.execute("from range(5)").fetchone() == (0,)
            assert arrow_table(connection, "select n from shown").to_pydict() == {"n": [number]}
