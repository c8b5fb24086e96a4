"""Each macro that differs by engine gives the same value on both. The Spark leg needs the spark extra: make test-spark."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import jinja2
import pytest

from orchestration.engine import open_duckdb
from orchestration.settings import PROJECT_DIR, Settings

ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.long)]
FOLDER = PROJECT_DIR / "dbt_project" / "macros" / "engine"
NIGHT = "(select 'Europe/Paris' as business_timezone)"
NOON = "cast('2026-03-28 12:00:00' as timestamp)"
WORDS = "(select 'gmbh' as word union all select 'sa' as word) as words"
_FIRST_AND_LAST = "\"cast('{}' as date)\", \"cast('{}' as date)\""
DAYS = "select cast(day as string) from (select {{{{ explode_days(" + _FIRST_AND_LAST + ") }}}} as day) as days"

ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿāăąćĉċčďēĕėęěĝğġģĥĩīĭįĵķĺļľńņňōŏőŕŗřśŝşšţťũūŭůűųŵŷźżžſøđłħıŧð"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyyaaaccccdeeeeegggghiiiijklllnnnooorrrssssttuuuuuuwyzzzsodlhitd"

# macro → (call, the rows of its statement as text)
CASES = {
    "without_words": [
        (f"select {{{{ without_words(\"'acme gmbh france sa'\", array_of('word')) }}}} from {WORDS}", ["acme france"]),
        (f"select {{{{ without_words(\"'sapient'\", array_of('word')) }}}} from {WORDS}", ["sapient"]),
    ],
    "night": [("select {{ night('business_timezone') }}", ["Europe/Paris"])],
    "array_of": [(f"select {{{{ without_words(\"'gmbh sa'\", array_of('word')) }}}} from {WORDS}", [""])],
    "word_of": [("select {{ word_of(\"'STALE'\", ['FRESH', 'STALE']) }}", ["STALE"])],
    "sorted_words": [("select {{ sorted_words(\"'marie anne dupont'\") }}", ["anne dupont marie"])],
    "share_a_word": [
        ("select cast({{ share_a_word(\"'anne dupont'\", \"'dupont marie'\") }} as string)", ["true"]),
        ("select cast({{ share_a_word(\"'anne dupont'\", \"'dupond'\") }} as string)", ["false"]),
    ],
    "split_to_rows": [("select {{ split_to_rows(\"'a;b;;c'\", ';') }}", ["", "a", "b", "c"])],
    "quantile": [
        ("select cast({{ quantile('n', 0.9) }} as string) from (select 10 as n union all select 20) as t", ["19.0"]),
        ("select cast({{ quantile('n', 0.5) }} as string) from (select 1 as n union all select null) as t", ["1.0"]),
    ],
    "regexp_replace_all": [
        ("select {{ regexp_replace_all(\"'a-b_c  d'\", '[-_ ]+', ' ') }}", ["a b c d"]),
        ("select {{ regexp_replace_all(\"'https://www.acme.fr/x'\", '^(https?://)?(www[.])?|[/?#:].*$', '') }}", ["acme.fr"]),
    ],
    "matches_fully": [
        ("select cast({{ matches_fully(\"'a@b.fr'\", '[^@ ]+@[^@ ]+[.][a-z]+') }} as string)", ["true"]),
        ("select cast({{ matches_fully(\"'x a@b.fr'\", '[^@ ]+@[^@ ]+[.][a-z]+') }} as string)", ["false"]),
        ("select cast({{ matches_fully(\"'ab'\", 'a|b') }} as string)", ["false"]),
    ],
    "words_only": [
        ("select {{ words_only(\"' Étienne--Ω, 3e '\") }}", ["Étienne Ω 3e"]),
        ("select {{ words_only(\"'--'\") }}", [""]),
    ],
    "without_accents": [
        ("select {{ without_accents(\"'élève n° 1 ~ çà'\") }}", ["eleve n° 1 ~ ca"]),
        ("select {{ without_accents(\"'" + ACCENTED + "'\") }}", [PLAIN]),
        ("select {{ without_accents(\"'" + ACCENTED[:-8] + "'\") }}", [PLAIN[:-8]]),
        ("select {{ without_accents(\"'søren é, ạ ά й É'\") }}", ["soren e, ạ ά й É"]),
        ("select {{ without_accents('cast(null as string)') }}", [None]),
    ],
    "packed_key": [
        ("select cast({{ unpacked_key(packed_key(\"md5('tandem')\")) }} = md5('tandem') as string)", ["true"]),
        ("select {{ unpacked_key(packed_key('cast(null as string)')) }}", [None]),
        ("select cast({{ packed_key(\"md5('a')\") }} < {{ packed_key(\"md5('b')\") }} as string)", ["true"]),  # 0c… and 92…
    ],
    "unpacked_key": [
        ("select {{ unpacked_key(packed_key(\"'00f1e2d3c4b5a69788796a5b4c3d2e1f'\")) }}", ["00f1e2d3c4b5a69788796a5b4c3d2e1f"]),
    ],
    # Clocks go forward in Paris on 29 March 2026 at 01:00 UTC, back on 25 October.
    "business_day": [
        ("select cast({{ business_day(\"cast('2026-03-28 22:59:59' as timestamp)\") }} as string)", ["2026-03-28"]),
        ("select cast({{ business_day(\"cast('2026-03-28 23:00:00' as timestamp)\") }} as string)", ["2026-03-29"]),
        ("select cast({{ business_day(\"cast('2026-03-29 22:00:00' as timestamp)\") }} as string)", ["2026-03-30"]),
        ("select cast({{ business_day(\"cast('2026-10-25 22:30:00' as timestamp)\") }} as string)", ["2026-10-25"]),
        ("select cast({{ business_day('cast(null as timestamp)') }} as string)", [None]),
    ],
    "days_between": [
        (f"select cast({{{{ days_between(\"{NOON}\", \"cast('2026-03-30 18:00:00' as timestamp)\") }}}} as string)", ["2.25"]),
        (f"select cast({{{{ days_between(\"{NOON}\", \"cast('2026-03-28 00:00:00' as timestamp)\") }}}} as string)", ["-0.5"]),
    ],
    "microseconds_between": [
        (f"select cast({{{{ microseconds_between(\"{NOON}\", \"cast('2026-03-28 12:00:01.25' as timestamp)\") }}}} as string)",
         ["1250000"]),
    ],
    "add_days": [
        (f"select cast({{{{ add_days(\"{NOON}\", 2) }}}} as string)", ["2026-03-30 12:00:00"]),
        (f"select cast({{{{ add_days(\"{NOON}\", -28) }}}} as string)", ["2026-02-28 12:00:00"]),
    ],
    "next_month": [("select cast({{ next_month(\"cast('2026-12-01' as date)\") }} as string)", ["2027-01-01"])],
    "day_series": [
        ("select cast(day as string) from {{ day_series(\"'2026-02-27'\", \"'2026-03-01'\") }} as days",
         ["2026-02-27", "2026-02-28", "2026-03-01"]),
    ],
    "iso_week": [
        ("select cast({{ iso_week(\"cast('2027-01-01' as date)\") }} as string)", ["53"]),
        ("select cast({{ iso_week(\"cast('2026-01-01' as date)\") }} as string)", ["1"]),
    ],
    "iso_weekday": [
        ("select cast({{ iso_weekday(\"cast('2026-03-29' as date)\") }} as string)", ["7"]),
        ("select cast({{ iso_weekday(\"cast('2026-03-30' as date)\") }} as string)", ["1"]),
    ],
    "time_of_milliseconds": [
        ("select cast({{ time_of_milliseconds(\"'1774699200500'\") }} as string)", ["2026-03-28 12:00:00.5"]),
        ("select cast({{ time_of_milliseconds(\"'2026-03-28'\") }} as string)", [None]),
        ("select cast({{ time_of_text(\"'2026-03-28 12:00:00'\") }} as string)", ["2026-03-28 12:00:00"]),
    ],
    "explode_days": [
        (DAYS.format("2026-02-28", "2026-03-01"),
         ["2026-02-28", "2026-03-01"]),
        (DAYS.format("2026-03-02", "2026-03-01"),
         []),
    ],
    "add_months_to": [
        ("select cast({{ add_months_to(\"cast('2026-01-31 09:00:00' as timestamp)\", 1) }} as string)",
         ["2026-02-28 09:00:00"]),
        (f"select cast({{{{ add_months_to(\"{NOON}\", 12) }}}} as string)", ["2027-03-28 12:00:00"]),
    ],
    "date_diff_days": [
        ("select cast({{ date_diff_days(\"cast('2026-03-01' as date)\", \"cast('2026-02-27' as date)\") }} as string)", ["-2"]),
        ("select cast({{ date_diff_days(\"cast('2026-03-28' as date)\", \"cast('2026-03-30' as date)\") }} as string)", ["2"]),
    ],
}  # fmt: skip


class _Adapter:
    """What dbt's `adapter` does with a macro that has one body per engine."""

    def __init__(self, engine: str):
        self._engine = engine
        self.macros: jinja2.environment.TemplateModule

    def dispatch(self, name: str, _: str) -> Callable[..., str]:
        return getattr(self.macros, f"{self._engine}__{name}")


def _rendered(engine: str, statement: str) -> str:
    adapter = _Adapter(engine)
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals.update({"adapter": adapter, "source": lambda *_: NIGHT, "return": lambda value: value})
    macros = environment.from_string("\n".join(path.read_text() for path in sorted(FOLDER.glob("*.sql"))))
    adapter.macros = macros.module
    return environment.from_string(statement).render(macros.module.__dict__)


@pytest.fixture(scope="module")
def spark(tmp_path_factory) -> Iterator:
    from orchestration.transform.spark_session import spark_session

    settings = Settings(spark_master="local[1]", spark_options="spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1")
    with spark_session(settings, tmp_path_factory.mktemp("spark")) as session:
        # In a night `declare_night` does this.
        session.sql("declare or replace variable night_business_timezone string default 'Europe/Paris'")
        yield session


@pytest.fixture
def answers(engine, request) -> Callable[[str], list[str | None]]:
    if engine == "duckdb":
        connection = open_duckdb()
        return lambda sql: [row[0] for row in connection.execute(sql).fetchall()]
    session = request.getfixturevalue("spark")
    return lambda sql: [row[0] for row in session.sql(sql).collect()]


def test_every_macro_with_a_body_per_engine_has_a_case_and_both_bodies():
    texts = "\n".join(path.read_text() for path in FOLDER.glob("*.sql"))
    bodies = {engine: set(re.findall(rf"macro {engine}__(\w+)", texts)) for engine in ("duckdb", "spark")}
    # Seeds are dbt's own business but on Spark: they are compared whole in test_spark_agrees.
    assert bodies["spark"] - {"load_csv_rows"} == bodies["duckdb"] == set(CASES)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("macro", CASES)
def test_the_macro_gives_the_same_on_this_engine(macro, answers, engine):
    for statement, expected in CASES[macro]:
        found = answers(_rendered(engine, statement))
        assert sorted(found, key=str) == sorted(expected, key=str), statement


@pytest.mark.long
def test_a_seeds_cell_is_a_literal_whatever_it_holds(spark):
    for text in ("Côte d'Ivoire", "a \\ b", "100 %", "\\'", "né(e)\nle"):
        statement = _rendered("spark", "select {{ spark_literal(text) }}".replace("text", repr(text)))
        assert spark.sql(statement).collect()[0][0] == text
    assert spark.sql(_rendered("spark", "select {{ spark_literal(none) }}")).collect()[0][0] is None


def test_no_model_or_test_names_an_engine():
    for folder in ("models", "tests"):
        for path in (PROJECT_DIR / "dbt_project" / folder).rglob("*.sql"):
            assert not re.search(r"target\.(type|name)|adapter\.", path.read_text()), Path(path).name
