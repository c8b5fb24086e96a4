"""What journeys still bring: by hand on a company that runs like clockwork, and nothing that was not known on the day."""

import datetime as dt

import pandas as pd
import pytest

from orchestration.science.still_to_come import SCHEMA, STAGE_OF, still_to_come

FIRST, LAST, AS_OF = pd.Timestamp(2026, 9, 1), pd.Timestamp(2026, 9, 30), dt.date(2026, 9, 15)
START = pd.Timestamp(2025, 1, 1)
DAYS = pd.DataFrame({"calendar": "all", "day": pd.date_range("2024-01-01", "2027-12-31"), "is_business_day": True})
NO_FILTER = pd.DataFrame({"objective_id": [], "dimension": [], "value": []})


def aim(numerator: str, **changes) -> pd.DataFrame:
    row = {
        "objective_id": "o",
        "numerator": numerator,
        "denominator": None,
        "calendar": "all",
        "period_first": FIRST,
        "period_last": LAST,
    }
    return pd.DataFrame([row | changes])


def clockwork(until: pd.Timestamp, stops: pd.Timestamp | None = None, channel: str = "email") -> pd.DataFrame:
    """Ten inquiries a day. After ten days half of them become MQLs, after twenty the others end; an MQL is a SAL after five."""
    rows = []
    for day in pd.date_range(START, min(until, stops or until)):
        for n, lag, moved in ((5, 10, True), (5, 20, False)):
            left = day + pd.Timedelta(days=lag)
            rows.append((channel, 0, day, left, moved, True, n))
            if moved and left <= until:
                rows.append((channel, 1, left, left + pd.Timedelta(days=5), True, False, n))
            if moved and left + pd.Timedelta(days=5) <= until:
                rows.append((channel, 2, left + pd.Timedelta(days=5), pd.NaT, False, False, n))
    frame = pd.DataFrame(rows, columns=["channel", "stage_no", "entered_on", "left_on", "has_moved", "is_first", "n"])
    ahead = frame["left_on"] > until
    return frame.assign(left_on=frame["left_on"].mask(ahead), has_moved=frame["has_moved"] & ~ahead)


def counted(moves: pd.DataFrame, stage_no: int, each: float = 1.0) -> pd.DataFrame:
    entries = moves[moves["stage_no"] == stage_no].groupby("entered_on")["n"].sum()
    return pd.DataFrame({"objective_id": "o", "metric_date": entries.index, "actual_numerator": entries.to_numpy() * each})


def ask(moves: pd.DataFrame, numerator: str, as_of: dt.date = AS_OF, each: float = 1.0, **changes) -> pd.Series:
    table = still_to_come(
        moves, aim(numerator, **changes), NO_FILTER, DAYS, counted(moves, STAGE_OF[numerator], each), as_of
    ).to_pandas()
    return table.set_index(pd.to_datetime(table["pacing_date"]))["still_to_come"]


@pytest.mark.parametrize("numerator", ["mql_count", "sal_count"])
def test_where_all_runs_like_clockwork_the_rest_of_the_period_brings_the_same_each_day(numerator):
    coming = ask(clockwork(pd.Timestamp(AS_OF)), numerator)
    assert list(coming.index) == list(pd.date_range(FIRST, LAST))
    expected = [5.0 * (LAST - day).days for day in coming.index]
    assert coming.to_list() == pytest.approx(expected, abs=1e-5)


def test_money_counts_what_a_journey_brings_on_the_mean():
    coming = ask(clockwork(pd.Timestamp(AS_OF)), "mql_count", each=3.5)
    assert coming[FIRST] == pytest.approx(3.5 * 5 * 29)


def test_a_pipeline_that_is_no_longer_filled_runs_dry():
    """The last inquiry came on 1 August: on 25 August nobody is left who could become an MQL, and the pace was nothing."""
    stopped = clockwork(pd.Timestamp(AS_OF), stops=pd.Timestamp(2026, 8, 1))
    assert ask(stopped, "mql_count").to_list() == [0.0] * 30
    steady = ask(clockwork(pd.Timestamp(AS_OF)), "mql_count")
    late = ask(clockwork(pd.Timestamp(AS_OF), stops=pd.Timestamp(2026, 8, 28)), "mql_count")
    assert 0 < late[FIRST] < steady[FIRST]


def test_a_past_day_says_what_it_said_on_that_day():
    late = ask(clockwork(pd.Timestamp(2026, 9, 30), stops=pd.Timestamp(2026, 9, 5)), "sal_count", as_of=dt.date(2026, 9, 30))
    for day in (4, 10, 20):
        known = clockwork(pd.Timestamp(2026, 9, day), stops=pd.Timestamp(2026, 9, 5))
        then = ask(known, "sal_count", as_of=dt.date(2026, 9, day))
        pd.testing.assert_series_equal(then[: pd.Timestamp(2026, 9, day)], late[: pd.Timestamp(2026, 9, day)])


def test_the_order_of_rows_has_no_effect():
    moves = clockwork(pd.Timestamp(AS_OF))
    known = counted(moves, 1).assign(actual_numerator=lambda rows: 0.1 + rows.index / 7)
    one = still_to_come(moves, aim("mql_count"), NO_FILTER, DAYS, known, AS_OF)
    other = still_to_come(
        moves.sample(frac=1, random_state=1), aim("mql_count"), NO_FILTER, DAYS, known.sample(frac=1, random_state=2), AS_OF
    )
    assert one.equals(other)


def test_a_period_ahead_counts_its_own_days_only():
    ahead = ask(clockwork(pd.Timestamp(AS_OF)), "mql_count", period_first=pd.Timestamp(2026, 11, 1),
                period_last=pd.Timestamp(2026, 11, 30))  # fmt: skip
    assert ahead.index[0] == pd.Timestamp(2026, 10, 31)
    assert ahead.iloc[:2].to_list() == pytest.approx([5 * 30, 5 * 29], abs=1e-5)
    assert ahead.iloc[-1] == 0


def test_a_channel_alone_counts_its_own_and_borrows_the_curve_of_all_while_it_has_few_moves():
    both = pd.concat([clockwork(pd.Timestamp(AS_OF)), clockwork(pd.Timestamp(AS_OF), channel="event").assign(n=1)])
    small = both[(both["channel"] == "email") | (both["entered_on"] >= pd.Timestamp(2026, 8, 1))]
    narrowed = pd.DataFrame({"objective_id": ["o"], "dimension": ["channel"], "value": ["event"]})
    own = small[small["channel"] == "event"]
    table = still_to_come(small, aim("mql_count"), narrowed, DAYS, counted(own, 1), AS_OF).to_pandas()
    assert table["still_to_come"].iloc[0] == pytest.approx(29, rel=0.02)


def test_where_too_little_is_known_nothing_is_said():
    young = clockwork(pd.Timestamp(AS_OF))
    young = young[young["entered_on"] >= pd.Timestamp(2026, 8, 28)]
    assert ask(young, "mql_count").empty
    assert (
        still_to_come(clockwork(pd.Timestamp(AS_OF)), aim("sqo_count"), NO_FILTER, DAYS, counted(young, 4), AS_OF).num_rows == 0
    )
    by_source = pd.DataFrame({"objective_id": ["o"], "dimension": ["source_system"], "value": ["crm"]})
    whole = clockwork(pd.Timestamp(AS_OF))
    assert still_to_come(whole, aim("mql_count"), by_source, DAYS, counted(whole, 1), AS_OF).num_rows == 0
    rate = aim("sal_count", denominator="decided_count")
    assert still_to_come(whole, rate, NO_FILTER, DAYS, counted(whole, 2), AS_OF).num_rows == 0
    assert still_to_come(whole, aim("campaign_spend"), NO_FILTER, DAYS, counted(whole, 1), AS_OF).schema == SCHEMA
