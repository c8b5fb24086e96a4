import duckdb
import pytest

from orchestration.home import Home
from orchestration.ops.night import Night
from orchestration.privacy.messages import without_values
from orchestration.settings import Settings

VALUE = "jane.canary@company.example"
ABOUT_DATA = [
    f"select cast('{VALUE}' as integer) as n from (select 1)",
    f"select cast(['{VALUE}'] as integer[])",
    f"select strptime('{VALUE}', '%Y')",
    f"select error('{VALUE} said\nsomething')",
    f"select cast('{VALUE}' as decimal(3, 1))",
    f"select ('{{\"' || '{VALUE}')::json",
    "create table once (email varchar primary key); insert into once values ('jane'), ('jane')",
    "select cast(199001234 as tinyint)",
]


def message(sql: str) -> str:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        # From a table, as in a night: the statement itself would be quoted with the value in it.
        connection.execute(sql)
    return str(caught.value).partition("LINE 1:")[0]


@pytest.mark.parametrize("sql", ABOUT_DATA)
def test_an_error_about_data_is_told_without_the_value(sql):
    told = message(sql)
    assert any(value in told for value in (VALUE, "jane", "199001234")), "it would quote the value"
    kept = without_values(f"Runtime Error in model m (models/m.sql)\n  {told}")
    assert "may hold values" in kept
    assert kept.startswith("Runtime Error in model m (models/m.sql)\n")
    assert not any(value in kept for value in (VALUE, "jane", "199001234"))


@pytest.mark.parametrize("sql", ["select nothing from (select 1 as a)", "select * from nowhere", "select from from"])
def test_an_error_about_sql_is_told_whole(sql):
    assert without_values(message(sql)) == message(sql)


def test_a_steps_error_reaches_nobody_with_the_value_it_broke_on(tmp_path):
    night = Night(Settings(home=tmp_path), Home(tmp_path))

    def build() -> None:
        with night.step("build"), duckdb.connect() as file:
            file.execute("create table t as select ? as email", [VALUE])
            file.execute("select cast(email as integer) from t")

    with pytest.raises(duckdb.ConversionException, match="may hold values") as caught:
        build()
    assert VALUE not in str(caught.value)
    assert caught.value.__suppress_context__
