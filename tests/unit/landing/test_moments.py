import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.landing.moments import moment_name, told_in_utc, with_moments
from orchestration.landing.normalise import _is_iso, plain_timestamp_sql
from orchestration.landing.profiles import Locale

CONNECTION = duckdb.connect()
CONNECTION.execute("set timezone = 'UTC'")
ISO = st.datetimes().flatmap(
    lambda moment: st.sampled_from(
        [moment.strftime(f"%Y-%m-%d{mark}%H:%M{seconds}").zfill(16) for mark in " T" for seconds in ("", ":%S")]
        + [f"{moment.date():%Y-%m-%d}"]
    )
)
ANY = st.text(alphabet="0123456789-/: TZ.", max_size=22)
CLOSE = ISO.flatmap(lambda text: st.builds(lambda at, char: text[:at] + char + text[at + 1 :], st.integers(0, 18), ANY))


def read_by_rows(texts):
    """As the SQL of a mark reads each text by itself."""
    CONNECTION.register("cells", pa.table({"x": pa.array(texts, pa.string())}))
    return CONNECTION.execute(f"select case when {_is_iso('x')} then try_cast(x as timestamp) end from cells").fetchall()


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(ISO | st.none() | ANY | CLOSE, min_size=1, max_size=4))
def test_a_column_that_is_read_at_once_is_read_as_each_of_its_texts_is(texts):
    cells, read = with_moments(pa.table({"x": pa.array(texts, pa.string())}), ["x"])
    if read:
        assert [(moment,) for moment in cells.column(moment_name("x")).to_pylist()] == read_by_rows(texts)


@pytest.mark.parametrize(
    ("texts", "is_read"),
    [
        (["2026-09-30 08:15:00", None, "2026-09-30T08:15", "2024-02-29"], True),
        (["2026-09-30 08:15:00", "30/09/2026 08:15:00"], False),
        (["2026-02-29"], False),
        (["2026-09-30 08"], False),
        (["2026-09-30 24:00:00"], False),
        (["2026-09-30 08:15:00Z"], False),
        ([""], False),
        ([None, None], True),
    ],
)
def test_only_a_column_in_one_usual_notation_throughout_is_read_at_once(texts, is_read):
    assert with_moments(pa.table({"x": pa.array(texts, pa.string())}), ["x"])[1] == ({"x"} if is_read else set())


IN_UTC = st.datetimes().flatmap(
    lambda moment: st.sampled_from(
        [moment.strftime(f"%Y-%m-%d{mark}%H:%M:%S{part}Z") for mark in " T" for part in ("", ".000")]
    )
)
CLOSE_TO_UTC = IN_UTC.flatmap(
    lambda text: st.builds(lambda at, char: text[:at] + char + text[at + 1 :], st.integers(0, 23), ANY)
)


@settings(max_examples=500, deadline=None)
@given(texts=st.lists(IN_UTC | st.none() | ANY | CLOSE_TO_UTC, min_size=1, max_size=3))
def test_of_a_column_that_tells_utc_throughout_every_text_is_read_and_as_that_moment_in_any_zone(texts):
    cells = pa.table({"x": pa.array(texts, pa.string())})
    if told_in_utc(cells, ["x"]):
        CONNECTION.register("cells", cells)
        sql = ", ".join(plain_timestamp_sql("x", Locale(), zone) for zone in ("Europe/Paris", "UTC"))
        for text, paris, utc in CONNECTION.execute(f"select x, {sql} from cells").fetchall():
            assert paris == utc
            assert text is None or utc == f"{text[:19]}.{text[20:-1]:0<6}".replace("T", " ")


@pytest.mark.parametrize(
    ("texts", "is_told"),
    [
        (["2026-09-30T08:15:00.000Z", None, "2026-09-30T08:15:00Z"], True),
        (["2026-09-30T08:15:00.000Z", "2026-09-30 08:15:00"], False),
        (["2026-09-30T08:15:00+02:00"], False),
        (["2026-02-29T08:15:00Z"], False),
        (["0926-09-30T08:15:00Z"], False),
        ([None, None], True),
    ],
)
def test_only_a_column_that_tells_utc_throughout_is_taken_for_it(texts, is_told):
    assert told_in_utc(pa.table({"x": pa.array(texts, pa.string())}), ["x"]) == ({"x"} if is_told else set())
