"""SQL that reads a profile's texts: numbers and times to one plain notation (1234.56; 2026-09-30 08:12:00 in UTC).

Raw keeps cells as they were delivered; the raw schema of a night reads them through these expressions. What does not fit comes
out as it was, for staging to count. Types are given in staging.
"""

from dataclasses import dataclass

import duckdb

from orchestration.landing.ledger import Finding
from orchestration.landing.profiles import Column, Feed, Locale, Profile
from orchestration.landing.row_versions import quoted

_CURRENCY_SYMBOLS = {"R$": "BRL", "€": "EUR", "£": "GBP", "$": "USD"}
_BOOLEANS = {"true": "true", "1": "true", "yes": "true", "oui": "true", "vrai": "true",
             "false": "false", "0": "false", "no": "false", "non": "false", "faux": "false"}  # fmt: skip
_ISO_DATES = ["%Y-%m-%d"]
_ISO_TIMES = ["%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"]
_READABLE = {
    "integer": r"'[+-]?\d+(\.0+)?'", "decimal": r"'[+-]?\d+(\.\d+)?'", "boolean": "'true|false'",
    "date": r"'\d{4}-\d{2}-\d{2}'", "timestamp": r"'\d{4}-\d{2}-\d{2}( .*)?'",
}  # fmt: skip


def normal_columns(profile: Profile, feed: Feed, language: str) -> dict[str, str]:
    """Canonical column → SQL that reads it, for a file in one language of the vendor's user interface."""
    locale = profile.locale(language)
    return {
        name: normal_sql(value_sql(feed, name), column, locale, column.timezone or profile.timezone)
        for name, column in feed.columns.items()
    }


def value_sql(feed: Feed, name: str) -> str:
    """SQL for a column's trimmed text; blank and what the vendor writes for missing are NULL."""
    value = f"nullif(trim(\"{name}\"), '')"
    if feed.null_values:
        nulls = ", ".join(quoted(text.strip()) for text in feed.null_values)
        return f'case when trim("{name}") not in ({nulls}) then {value} end'
    return value


def normal_sql(value: str, column: Column, locale: Locale, timezone: str) -> str:
    """SQL that rewrites one text to the plain notation of its column's type."""
    if column.type in ("integer", "decimal"):
        number = plain_number_sql(value, locale.decimal)
        if column.divide_by:
            return f"coalesce((try_cast({number} as decimal(38, 6)) / {column.divide_by})::decimal(38, 6)::varchar, {number})"
        return number
    if column.type == "date":
        formats = ", ".join(map(quoted, dict.fromkeys([*_ISO_DATES, *locale.date_formats, *locale.timestamp_formats])))
        return f"coalesce(strftime(try_strptime({value}, [{formats}]), '%Y-%m-%d'), {value})"
    if column.type == "timestamp":
        return plain_timestamp_sql(value, locale, timezone)
    if column.type == "boolean":
        cases = " ".join(f"when '{key}' then '{plain}'" for key, plain in _BOOLEANS.items())
        return f"case lower({value}) {cases} else {value} end"
    return value


def plain_number_sql(value: str, decimal: str) -> str:
    """SQL that rewrites a locale's number to digits, sign and point; anything else comes back unchanged.

    Groups must have three digits each: `1.23,4` is not a number in any locale.
    """
    group = "." if decimal == "," else ","
    bare = f"regexp_replace({value}, '[\\s\\x{{00A0}}\\x{{202F}}]|{_symbols()}', '', 'g')"
    pattern = rf"[+-]?(\d+|\d{{1,3}}(\{group}\d{{3}})+)(\{decimal}\d+)?"
    return (
        f"case when regexp_full_match({value}, '[+-]?\\d+(\\{decimal}\\d+)?') then replace({value}, '{decimal}', '.') "
        f"when regexp_full_match({bare}, '{pattern}') "
        f"then replace(replace({bare}, '{group}', ''), '{decimal}', '.') else {value} end"
    )


def plain_timestamp_sql(value: str, locale: Locale, timezone: str) -> str:
    """SQL that rewrites a time to UTC; a value without a time of day stays that day, never shifted."""
    formats = list(dict.fromkeys([*locale.timestamp_formats, *_ISO_TIMES]))
    zoned = [f for f in formats if f.endswith(("Z", "UTC", "%z"))]
    naive = [f for f in formats if f not in zoned]
    naive_time = f"try_strptime({value}, [{', '.join(map(quoted, naive))}])"
    if timezone != "UTC":
        naive_time = f"timezone('UTC', timezone({quoted(timezone)}, {naive_time}))"
    readings = [f"strftime({naive_time}, '%Y-%m-%d %H:%M:%S.%f')"]
    if zoned:
        zoned_time = f"try_strptime({value}, [{', '.join(map(quoted, zoned))}])"
        readings.insert(0, f"strftime({zoned_time}, '%Y-%m-%d %H:%M:%S.%f')")
    days = f"try_strptime({value}, [{', '.join(map(quoted, dict.fromkeys([*locale.date_formats, *_ISO_DATES])))}])"
    readings.append(f"strftime({days}, '%Y-%m-%d')")
    return f"coalesce({', '.join(readings)}, {value})"


def latest_time(
    connection: duckdb.DuckDBPyConnection, relation: str, profile: Profile, feed: Feed, language: str
) -> str | None:
    """The latest time in the columns from which the feed's extract time follows, as UTC text."""
    columns = feed.extract_time.latest_of
    if not columns:
        return None
    read, locale = normal_columns(profile, feed, language), profile.locale(language)
    formats = ", ".join(map(quoted, dict.fromkeys([*locale.timestamp_formats, *locale.date_formats])))
    # Reading a time in full is dear: the text that stands for the latest one is found first, and only that is read.
    moments = {
        name: f"coalesce(try_cast({value} as timestamp), try_strptime({value}, [{formats}]))"
        for name in columns
        for value in [value_sql(feed, name)]
    }
    texts = ", ".join(f'arg_max("{name}", {moment}) as "{name}"' for name, moment in moments.items())
    latest = ", ".join(f"try_cast({read[name]} as timestamp)" for name in columns)
    return connection.execute(f"select greatest({latest})::varchar from (select {texts} from {relation})").fetchone()[0]


@dataclass(frozen=True)
class _Count:
    """One thing to count in a pass over the file: SQL of a condition, and what to say when it is not zero."""

    code: str
    column: str
    condition: str
    message: str


def notice(connection: duckdb.DuckDBPyConnection, relation: str, profile: Profile, feed: Feed, language: str) -> list[Finding]:
    """What is ambiguous, contradicted or unreadable in a file, counted in one pass over its typed columns."""
    locale = profile.locale(language)
    read = normal_columns(profile, feed, language)
    counts = [
        item
        for name, column in feed.columns.items()
        if column.type != "text"
        for item in _counts(name, column, value_sql(feed, name), read[name], locale)
    ]
    if not counts:
        return []
    selects = ", ".join(f"count(*) filter ({item.condition})" for item in counts)
    totals = connection.execute(f"select {selects} from {relation}").fetchone()
    return [
        Finding(item.code, item.column, total, f"{total} values {item.message}")
        for item, total in zip(counts, totals, strict=True)
        if total
    ]


def _counts(name: str, column: Column, value: str, read: str, locale: Locale) -> list[_Count]:
    # Most values are plain already: a cast is cheap and spares them the regular expressions.
    quick = {
        "integer": f"try_cast({value} as hugeint) is not null and not contains({value}, '.')",
        "decimal": f"try_cast({value} as decimal(38, 9)) is not null" if locale.decimal == "." else "false",
        "date": f"try_cast({value} as date) is not null and length({value}) = 10",
        "timestamp": f"try_cast({value} as timestamp) is not null",
        "boolean": "false",
    }
    counts = [
        _Count(
            "unreadable_value", name,
            f"{value} is not null and case when {quick[column.type]} then false "
            f"else not regexp_full_match({read}, {_READABLE[column.type]}) end",
            f"are not a {column.type} as the profile declares it: kept as text",
        )
    ]  # fmt: skip
    if column.type != "decimal":
        return counts
    group = "." if locale.decimal == "," else ","
    bare = f"trim(regexp_replace({value}, '{_symbols()}', '', 'g'))"
    counts.append(
        _Count(
            "ambiguous_number", name,
            f"contains({value}, '{group}') and regexp_full_match({bare}, '[+-]?\\d{{1,3}}\\{group}\\d{{3}}')",
            f"like 50{group}000 could be thousands or decimals: read as thousands, because the profile declares the decimal "
            f"mark '{locale.decimal}'",
        )
    )  # fmt: skip
    for symbol, currency in _CURRENCY_SYMBOLS.items():
        if not column.currency or currency == column.currency:
            continue
        counts.append(
            _Count(
                "currency_contradicted", name,
                f"contains({value}, {quoted(symbol)})" + (f" and not contains({value}, 'R$')" if symbol == "$" else ""),
                f"are written with '{symbol}' ({currency}), which is contradicted: read as {column.currency}, as the profile "
                f"declares: {column.currency_reason or 'no reason given'}",
            )
        )  # fmt: skip
    return counts


def _symbols() -> str:
    return "|".join(symbol.replace("$", r"\$") for symbol in _CURRENCY_SYMBOLS)
