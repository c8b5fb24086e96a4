"""The macro's SQL on DuckDB says what the numpy estimator says."""

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest

from orchestration.science.survival import cumulative_incidence
from orchestration.settings import PROJECT_DIR

COLUMNS = ["incidence_reached", "incidence_terminal", "incidence_recycled", "survival"]
HORIZONS = [0, 14, 45, 60, 365]


@pytest.fixture(scope="module")
def macros():
    text = (PROJECT_DIR / "dbt_project/macros/aalen_johansen.sql").read_text()
    return jinja2.Environment().from_string(text).module


def spells(seed: int, *, late: bool) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 20_000
    frame = pd.DataFrame(
        {
            "cohort_month": rng.integers(0, 12, n),
            "segment": rng.choice(["all", "channel=email", "channel=paid_search"], n),
            "exit_days": np.floor(rng.exponential(60, n)).astype(int),
            "cause": rng.integers(0, 4, n),
            "entry_days": 0,
        }
    )
    if late:
        frame["entry_days"] = np.where(rng.random(n) < 0.4, np.floor(rng.random(n) * frame["exit_days"]), 0)
    return frame


@pytest.mark.parametrize("late", [False, True])
def test_sql_and_numpy_agree_to_the_ninth_digit(macros, late):
    frame, groups = spells(5, late=late), ["cohort_month", "segment"]
    entry = "entry_days" if late else None
    curves = macros.aalen_johansen("spells", groups, entry_days=entry)
    sql = macros.incidence_at_horizons("spells", curves, "horizons", groups, entry_days=entry)
    connection = duckdb.connect()
    connection.register("spells", frame)
    connection.register("horizons", pd.DataFrame({"horizon_days": HORIZONS}))
    found = connection.execute(f"select * from {sql} as rates order by cohort_month, segment, horizon_days").df()
    expected = cumulative_incidence(frame, groups, HORIZONS)
    assert len(found) == 12 * 3 * 5
    np.testing.assert_allclose(found[COLUMNS], expected[COLUMNS], atol=1e-9, rtol=0)
    assert found[["n_entered", "n_at_risk"]].to_numpy().tolist() == expected[["n_entered", "n_at_risk"]].to_numpy().tolist()


def test_sql_gives_zero_survival_when_all_at_risk_end_and_one_row_per_day_of_ends(macros):
    connection = duckdb.connect()
    connection.register(
        "spells", pd.DataFrame({"g": ["a"] * 4 + ["b"], "exit_days": [1, 3, 3, 2, 7], "cause": [1, 2, 1, 0, 0]})
    )
    curves = connection.execute(f"select * from {macros.aalen_johansen('spells', ['g'])} as curves order by g, day").fetchall()
    assert curves == [("a", 1.0, 4, 0.75, 0.25, 0.0, 0.0), ("a", 3.0, 2, 0.0, 0.625, 0.375, 0.0)]


def test_each_transition_has_its_own_horizon(macros):
    connection = duckdb.connect()
    frame = pd.DataFrame({"from_stage": ["mql", "mql", "sal"], "exit_days": [10, 20, 10], "cause": [1, 1, 1]})
    connection.register("spells", frame)
    connection.register("horizons", pd.DataFrame({"from_stage": ["mql", "sal"], "horizon_days": [14, 5]}))
    curves = macros.aalen_johansen("spells", ["from_stage"])
    sql = macros.incidence_at_horizons("spells", curves, "horizons", ["from_stage"], ["from_stage"])
    rows = connection.execute(
        f"select from_stage, horizon_days, incidence_reached from {sql} as rates order by from_stage"
    ).fetchall()
    assert rows == [("mql", 14, 0.5), ("sal", 5, 0.0)]
