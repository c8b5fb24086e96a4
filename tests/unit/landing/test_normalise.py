import datetime as dt
import unicodedata
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.landing.normalise import normal_columns, notice, plain_number_sql, plain_timestamp_sql
from orchestration.landing.profiles import Locale, Profile, normalise_header

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
        ("(1 234,50)", ",", "-1234.50"),
        ("($1,234.50)", ".", "-1234.50"),
        ("(-5)", ".", "(-5)"),
        ("\u22121\u202f234,5", ",", "-1234.5"),
        ("-€12", ".", "-12"),
        ("12,5 %", ",", "0.12500000000"),
        ("1'234.50", ".", "1'234.50"),
        ("1,234,50", ",", "1,234,50"),
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


GROUPS = {",": [" ", "\u00a0", "\u202f", ".", ""], ".": [",", " ", "\u00a0", ""]}
SIGNS = {"minus": "-{}", "typographic": "\u2212{}", "parentheses": "({})", "after_currency": "-€{}", "plain": "{}"}


@given(
    st.decimals(min_value=0, max_value=10**12, places=2),
    st.sampled_from([",", "."]),
    st.data(),
    st.sampled_from(sorted(SIGNS)),
    st.sampled_from(["", " €", "\u00a0€", "€"]),
)
def test_groups_signs_and_currencies_never_change_a_number(number, decimal, data, sign, currency):
    group = data.draw(st.sampled_from(GROUPS[decimal]))
    written = f"{number:,.2f}".replace(",", "_").replace(".", decimal).replace("_", group)
    shown = SIGNS[sign].format(written + ("" if sign == "after_currency" else currency))
    assert Decimal(plain_number(shown, decimal)) == (number if sign == "plain" else -number)


@given(
    st.decimals(min_value=-1000, max_value=1000, places=3), st.sampled_from([",", "."]), st.sampled_from(["", " ", "\u00a0"])
)
def test_a_percentage_is_a_hundredth(number, decimal, space):
    written = f"{number:.3f}".replace(".", decimal) + space + "%"
    assert Decimal(plain_number(written, decimal)) == number / 100


@given(st.text(alphabet="0123456789.,()-+% €$", max_size=12), st.sampled_from([",", "."]))
def test_what_is_read_as_a_number_reads_the_same_again_and_the_rest_is_left_alone(text, decimal):
    read = plain_number(text, decimal)
    if read != text:
        assert plain_number(read, ".") == read
        assert Decimal(read) is not None


DAY_FIRST = Locale(date_formats=["%d/%m/%Y"], timestamp_formats=["%d/%m/%Y %H:%M:%S"])
YEARS = (dt.datetime.fromisoformat("1980-01-01"), dt.datetime.fromisoformat("2037-12-31"))
MONTH_FIRST = Locale(date_formats=["%m/%d/%Y"], timestamp_formats=["%m/%d/%Y %I:%M %p"])


@given(st.dates(dt.date(1950, 1, 1), dt.date(2099, 12, 31)))
def test_the_locale_alone_says_which_number_is_the_month(day):
    assert plain_timestamp(day.strftime("%d/%m/%Y"), DAY_FIRST, "Europe/Paris") == day.isoformat()
    assert plain_timestamp(day.strftime("%m/%d/%Y"), MONTH_FIRST, "Europe/Paris") == day.isoformat()
    if day.day > 12:
        wrong = day.strftime("%m/%d/%Y")
        assert plain_timestamp(wrong, DAY_FIRST, "Europe/Paris") == wrong


@given(st.datetimes(*YEARS), st.integers(-12, 12))
def test_an_instant_with_its_zone_is_that_instant_whatever_the_profiles_zone(moment, hours):
    moment = moment.replace(microsecond=0)
    aware = moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours)))
    read = plain_timestamp(aware.isoformat(), DAY_FIRST, "Europe/Paris")
    assert dt.datetime.fromisoformat(read).replace(tzinfo=dt.UTC) == aware


@given(st.datetimes(*YEARS))
def test_a_local_time_that_exists_once_is_the_instant_that_the_zone_says(moment):
    moment, zone = moment.replace(microsecond=0), ZoneInfo("Europe/Paris")
    early, late = (moment.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    read = plain_timestamp(moment.strftime("%d/%m/%Y %H:%M:%S"), DAY_FIRST, "Europe/Paris")
    if early == late:
        assert dt.datetime.fromisoformat(read).replace(tzinfo=dt.UTC) == early


@pytest.mark.parametrize("text", ["04/03/26", "31/02/2026", "46082", "3 mars 2026", "2026-13-01"])
def test_what_is_no_day_of_the_locale_is_left_alone(text):
    assert plain_timestamp(text, DAY_FIRST, "Europe/Paris") == text


def noticed(kind: str, values: list[str], timezone: str = "Europe/Paris") -> dict[str, int]:
    profile = Profile.model_validate(
        {
            "vendor": "x", "label": "X", "source_note": "test", "timezone": timezone,
            "locales": {"any": DAY_FIRST.model_dump()},
            "feeds": {"f": {"description": "", "delivery": "full", "key": [], "columns": {"v": {"header": "V", "type": kind}}}},
        }
    )  # fmt: skip
    CONNECTION.execute("create or replace table told (v varchar)")
    CONNECTION.executemany("insert into told values (?)", [[value] for value in values])
    rows = "(select *, rowid as file_row_number from told)"
    return {
        item.code: item.n_rows
        for item in notice(CONNECTION, rows, profile, profile.feeds["f"], "any", profile.feeds["f"].columns)
    }


@pytest.mark.parametrize(
    ("kind", "values", "codes"),
    [
        ("timestamp", ["25/10/2026 02:30:00", "25/10/2026 01:59:00", "25/10/2026 03:00:00"], {"ambiguous_time": 1}),
        ("timestamp", ["29/03/2026 02:30:00", "2026-03-29T02:10:00", "29/03/2026 03:00:00"], {"ambiguous_time": 2}),
        ("timestamp", ["2026-10-25T02:30:00Z", "2026-10-25T02:30:00+02:00", "25/10/2026"], {}),
        ("timestamp", ["2026-13-01", "04/03/26", "2026/03/04", "04/03/2026"], {"unreadable_value": 3}),
        ("date", ["2026-02-30", "soon", "2026-02-28", "28/02/2026"], {"unreadable_value": 2}),
        ("decimal", ["1e400", "(12.5)", "twelve", "12%"], {"unreadable_value": 2}),
    ],
)
def test_what_can_not_be_read_or_means_two_things_is_counted(kind, values, codes):
    assert noticed(kind, values) == codes


@given(st.text(max_size=40))
def test_a_normalised_header_stays_as_it_is(text):
    assert normalise_header(normalise_header(text)) == normalise_header(text)


@given(st.sampled_from(["ID de l'entreprise associée", "Étape du cycle de vie", "Cost / conv.", "Date de création"]), st.data())
def test_case_blanks_apostrophes_and_composition_do_not_make_another_header(header, data):
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    changed = unicodedata.normalize(form, data.draw(st.sampled_from([header, header.upper(), header.lower()])))
    changed = changed.replace("'", data.draw(st.sampled_from(["'", "’"])))
    changed = changed.replace(" ", data.draw(st.sampled_from([" ", "\u00a0", "  ", "\t"])))
    blank = data.draw(st.sampled_from(["", " ", "\u00a0", "\n"]))
    assert normalise_header(blank + changed + blank) == normalise_header(header)


def test_an_id_that_excel_is_told_to_leave_alone_is_read_without_its_formula():
    profile = Profile.model_validate(
        {
            "vendor": "x", "label": "X", "source_note": "test", "timezone": "UTC", "locales": {"any": {"decimal": "."}},
            "feeds": {"f": {"description": "", "delivery": "full", "key": [], "columns": {"v": {"header": "V"}}}},
        }
    )  # fmt: skip
    read = normal_columns(profile, profile.feeds["f"], "any")["v"]
    values = ['="00123"', '=""', '=" a "', "=1+1", '="', "plain"]
    found = [CONNECTION.execute(f"select {read} from (select ?::varchar as v)", [value]).fetchone()[0] for value in values]
    assert found == ["00123", None, "a", "=1+1", '="', "plain"]
