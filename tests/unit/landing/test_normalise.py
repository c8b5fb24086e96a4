import datetime as dt

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.normalise import plain_number_sql, plain_timestamp_sql
from orchestration.landing.profiles import Locale

CONNECTION = duckdb.connect()


def plain_number(text: str, decimal: str) -> str:
    return CONNECTION.execute(f"select {plain_number_sql('v', decimal)} from (select ? as v)", [text]).fetchone()[0]


def plain_timestamp(text: str, locale: Locale, timezone: str) -> str:
    sql = plain_timestamp_sql("v", locale, timezone)
    return CONNECTION.execute(f"select {sql} from (select ?::varchar as v)", [text]).fetchone()[0]


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("27245,67", ",", "27245.67"),
        ("R$ 100.000", ",", "100000"),
        ("12 500,50", ",", "12500.50"),
        ("12\u00a0500,50 €", ",", "12500.50"),
        ("1,234.5", ".", "1234.5"),
        ("1.234,5", ".", "1.234,5"),
        ("1.23,4", ",", "1.23,4"),
        ("-5", ",", "-5"),
        ("n/a", ",", "n/a"),
    ],
)
def test_a_number_is_read_as_its_locale_writes_it_or_left_alone(text, decimal, plain):
    assert plain_number(text, decimal) == plain


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2), st.sampled_from([",", "."]), st.booleans())
def test_every_number_of_both_locales_comes_back_exactly(number, decimal, grouped):
    english = f"{number:,.2f}" if grouped else f"{number:.2f}"
    written = english if decimal == "." else english.translate(str.maketrans({",": ".", ".": ","}))
    assert plain_number(written, decimal) == f"{number:.2f}"


FRENCH = Locale(decimal=",", date_formats=["%d/%m/%Y"], timestamp_formats=["%d/%m/%Y %H:%M"])


@given(st.dates(dt.date(2000, 1, 1), dt.date(2049, 12, 31)))
def test_a_day_without_a_time_is_never_shifted(day):
    assert plain_timestamp(day.strftime("%d/%m/%Y"), FRENCH, "Europe/Paris") == day.isoformat()


def test_a_local_time_becomes_utc_on_both_sides_of_the_change_of_clock():
    assert plain_timestamp("28/03/2026 12:00", FRENCH, "Europe/Paris").startswith("2026-03-28 11:00:00")
    assert plain_timestamp("29/03/2026 12:00", FRENCH, "Europe/Paris").startswith("2026-03-29 10:00:00")
