"""The SQL's clustered spread is the derivative of the estimate by each account's weight, and agrees with the bootstrap."""

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest

from orchestration.science.resampling import t_quantile
from orchestration.science.survival import cumulative_incidence
from orchestration.settings import PROJECT_DIR

HORIZON = 40
GROUPS = ["cohort"]


@pytest.fixture(scope="module")
def macros():
    files = ("aalen_johansen", "clustered_spread")
    text = "\n".join((PROJECT_DIR / f"dbt_project/macros/{name}.sql").read_text() for name in files)
    return jinja2.Environment().from_string(text).module


def spells(seed: int, n: int, accounts: int, *, late: bool) -> pd.DataFrame:
    """Leads whose accounts are quick or slow, so that those of one account are alike."""
    rng = np.random.default_rng(seed)
    account = rng.integers(0, accounts, n)
    scale = rng.lognormal(3.4, 0.6, accounts)[account]
    likely = rng.beta(1.5, 2.5, accounts)[account]
    frame = pd.DataFrame(
        {
            "cohort": rng.integers(0, 2, n),
            "account": [f"account {a}" for a in account],
            "exit_days": np.ceil(rng.exponential(scale)).astype(int),
            "cause": np.where(rng.random(n) < 0.25, 0, np.where(rng.random(n) < likely, 1, rng.integers(2, 4, n))),
            "entry_days": 0,
        }
    )
    if late:
        frame["entry_days"] = np.where(rng.random(n) < 0.4, np.floor(rng.random(n) * frame["exit_days"]), 0).astype(int)
    return frame


def spread_in_sql(macros, frame: pd.DataFrame) -> pd.DataFrame:
    curves = macros.aalen_johansen("spells", GROUPS, entry_days="entry_days", every_day=True)
    sql = macros.clustered_spread("spells", curves, "horizons", GROUPS, "account", entry_days="entry_days")
    connection = duckdb.connect()
    connection.register("spells", frame)
    connection.register("horizons", pd.DataFrame({"horizon_days": [HORIZON]}))
    return connection.execute(f"select * from {sql} as spreads order by cohort").df()


def weighted_incidence(frame: pd.DataFrame, weight: np.ndarray) -> float:
    """Aalen-Johansen with weights, day by day, as the textbook has it."""
    exits, entries, cause = (frame[column].to_numpy() for column in ("exit_days", "entry_days", "cause"))
    survival, incidence = 1.0, 0.0
    for day in sorted(set(exits[(cause > 0) & (exits <= HORIZON)])):
        at_risk = weight[(exits >= day) & ((entries == 0) | (entries < day)) & ((entries == 0) | (entries < exits))].sum()
        here = (exits == day) & ((entries == 0) | (entries < exits))
        incidence += survival * weight[here & (cause == 1)].sum() / at_risk
        survival *= 1 - weight[here & (cause > 0)].sum() / at_risk
    return incidence


@pytest.mark.parametrize("late", [False, True])
def test_the_spread_is_that_of_the_derivatives_by_account(macros, late):
    frame = spells(3, 400, 60, late=late)
    found = spread_in_sql(macros, frame)
    for cohort, part in frame.groupby("cohort"):
        seen = part[(part["entry_days"] == 0) | ((part["entry_days"] < part["exit_days"]) & (part["entry_days"] < HORIZON))]
        accounts, step = seen["account"].unique(), 1e-6
        moved = [
            (
                weighted_incidence(seen, 1 + step * (seen["account"] == account).to_numpy())
                - weighted_incidence(seen, 1 - step * (seen["account"] == account).to_numpy())
            )
            / (2 * step)
            for account in accounts
        ]
        n = len(accounts)
        assert found["n_clusters"][cohort] == n
        assert found["spread"][cohort] == pytest.approx(np.sqrt(np.sum(np.square(moved)) * n / (n - 1)), rel=1e-6)


def test_it_agrees_with_the_bootstrap_over_accounts(macros):
    frame = spells(11, 6_000, 400, late=False)
    found = spread_in_sql(macros, frame)
    bootstrap = cumulative_incidence(frame, GROUPS, [HORIZON], account_column="account", replicates=800)
    connection = duckdb.connect()
    connection.register("found", found.assign(rate=bootstrap["incidence_reached"], n_at_risk=bootstrap["n_at_risk"]))
    for bound, column in ((-1, "ci_low"), (1, "ci_high")):
        end = macros.incidence_bound("rate", "spread", "n_clusters", "n_at_risk", bound)
        ends = connection.execute(f"select {end} as bound from found order by cohort").df()["bound"]
        half = (bootstrap["ci_high"] - bootstrap["ci_low"]) / 2
        assert ((ends - bootstrap[column]).abs() < 0.08 * half).all()


def test_leads_that_share_accounts_are_less_sure_than_as_many_alone(macros):
    frame = spells(5, 3_000, 60, late=False)
    alone = frame.assign(account=[f"person {row}" for row in range(len(frame))])
    assert (spread_in_sql(macros, frame)["spread"] > 1.5 * spread_in_sql(macros, alone)["spread"]).all()


def test_the_order_of_rows_changes_no_bit(macros):
    frame = spells(5, 3_000, 60, late=True)
    pd.testing.assert_frame_equal(
        spread_in_sql(macros, frame), spread_in_sql(macros, frame.sample(frac=1, random_state=9)), check_exact=True
    )


def test_one_account_has_no_interval_and_nothing_spread_ends_at_wilsons_bound(macros):
    one = pd.DataFrame({"cohort": 0, "account": "a", "exit_days": [3, 50, 60], "cause": [1, 0, 0], "entry_days": 0})
    assert spread_in_sql(macros, one)["spread"].isna().all()
    none = (
        macros.incidence_bound("cast(0 as double)", "0.0", "20", "30", 1),
        macros.incidence_bound("0.0", "0.0", "20", "30", -1),
    )
    assert duckdb.execute(f"select {none[0]}, {none[1]}").fetchall() == [(pytest.approx(3.8414588 / 23.8414588), 0)]


def test_students_t_is_the_science_rooms(macros):
    degrees = [1, 2, 3, 7, 40, 5_000]
    found = [duckdb.execute(f"select {macros.t_quantile_975(str(n))}").fetchall()[0][0] for n in degrees]
    np.testing.assert_allclose(found, t_quantile(0.975, np.array(degrees)), rtol=1e-12)
