"""Frames that dbt's Python models read: the same values, in a tenth of the room."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.science.relations import read_frame
from orchestration.science.resampling import key_hashes

COLUMNS = ("k", "stage", "on_day", "amount", "n")


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        connection.execute(
            """create table deals as select * from (values
                ('b', 'offer', date '2026-09-30', 1.25::decimal(18, 2), 3, 'unread'),
                ('a', 'call', null, null, 1, 'unread'),
                ('é', 'offer', date '2026-01-01', 0.1::decimal(18, 2), 2, 'unread')
            ) as rows(k, stage, on_day, amount, n, other)"""
        )
        yield connection


def test_a_frame_has_the_relations_values_in_its_order(connection):
    found = read_frame(connection.table("deals"), COLUMNS, "k")
    assert tuple(found.columns) == COLUMNS
    assert list(found["stage"]) == ["offer", "call", "offer"]
    assert list(found["stage"].cat.categories) == ["call", "offer"]
    assert found["on_day"].tolist() == [pd.Timestamp("2026-09-30"), pd.NaT, pd.Timestamp("2026-01-01")]
    assert found["amount"].tolist()[::2] == [1.25, 0.1]
    assert np.isnan(found["amount"][1])


def test_a_key_draws_the_same_numbers_as_its_text(connection):
    found = read_frame(connection.table("deals"), COLUMNS, "k")
    assert found["k"].dtype == np.uint64
    assert (key_hashes(found["k"]) == key_hashes(pd.Series(["b", "a", "é"]))).all()


def test_a_frame_without_rows_has_its_columns(connection):
    found = read_frame(connection.table("deals").filter("false"), COLUMNS, "k")
    assert tuple(found.columns) == COLUMNS
    assert found.empty
