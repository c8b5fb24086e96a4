"""SQL that reads a profile's texts: numbers and times to one plain notation (1234.56; 2026-09-30 08:12:00 in UTC).

Raw keeps cells as they were delivered; the raw schema of a night reads them through these expressions. What does not fit comes
out as it was, for staging to count. Types are given in staging.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb

from orchestration.landing.clock_changes import MONTHS, changes_clock, is_night_of_change, may_change_clock
from orchestration.landing.ledger import LINES_KEPT, Finding
from orchestration.landing.moments import TIMES, moment_name
from orchestration.landing.profiles import Column, Feed, Locale, Profile
from orchestration.landing.row_versions import cheap_first, is_one_of, quoted

_CURRENCY_SYMBOLS = {"R$": "BRL", "€": "EUR", "£": "GBP", "$": "USD"}
_BOOLEANS = {"true": "true", "1": "true", "yes": "true", "oui": "true", "vrai": "true",
             "false": "false", "0": "false", "no": "false", "non": "false", "faux": "false"}  # fmt: skip
_ISO_DATES = ["%Y-%m-%d"]
_ISO_TIMES = [f"%Y-%m-%d{mark}%H:%M{seconds}" for mark in (" ", "T") for seconds in (":%S.%f", ":%S", "")]
_ISO_ZONED = [
    f"%Y-%m-%d{mark}%H:%M:%S{fraction}{zone}" for mark in (" ", "T") for fraction in ("", ".%f") for zone in ("Z", "%z")
]
_USUAL_LOCAL = [f"____-__-__{mark}__:__{seconds}" for mark in " T" for seconds in ("", ":__")]
_USUAL_UTC = [f"____-__-__{mark}__:__:__{fraction}Z" for mark in " T" for fraction in ("", ".___")]
_SCREENS_PER_PASS = 50
_LEAST_TYPED = 2
_READABLE = {
    "integer": r"'[+-]?\d+(\.0+)?'", "decimal": r"'[+-]?\d+(\.\d+)?'", "boolean": "'true|false'",
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
    cell = f'"{name}"'
    if feed.columns[name].type == "text":
        # Excel is told to leave an id alone by writing it as a formula: ="00123".
        cell = f"case when {cell} like '=\"%\"' then substr({cell}, 3, length({cell}) - 3) else {cell} end"
    value = f"nullif(trim({cell}), '')"
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
        formats = [*_ISO_DATES, *locale.date_formats, *locale.timestamp_formats]
        return f"coalesce(strftime({_moment(value, formats)}, '%Y-%m-%d'), {value})"
    if column.type == "timestamp":
        return plain_timestamp_sql(value, locale, timezone)
    if column.type == "boolean":
        cases = " ".join(f"when '{key}' then '{plain}'" for key, plain in _BOOLEANS.items())
        return f"case lower({value}) {cases} else {value} end"
    return value


def plain_number_sql(value: str, decimal: str) -> str:
    """SQL that rewrites a locale's number to digits, sign and point; anything else comes back unchanged.

    Groups must have three digits each: `1.23,4` is not a number in any locale. A number in parentheses is negative, a
    percentage is a hundredth.
    """
    group = "." if decimal == "," else ","
    bare = _bare_number(value)
    pattern = rf"[+-]?(\d+|\d{{1,3}}(\{group}\d{{3}})+)(\{decimal}\d+)?"
    plain = f"replace(replace({bare}, '{group}', ''), '{decimal}', '.')"
    return (
        f"case when regexp_full_match({value}, '[+-]?\\d+(\\{decimal}\\d+)?') then replace({value}, '{decimal}', '.') "
        f"when regexp_full_match({bare}, '{pattern}') then {plain} "
        f"when regexp_full_match({bare}, '{pattern}%') "
        f"then coalesce((try_cast(rtrim({plain}, '%') as decimal(27, 9)) * 0.01)::varchar, {value}) else {value} end"
    )


def _bare_number(value: str) -> str:
    """SQL for a number without blanks and currency signs, its sign before it."""
    stripped = f"regexp_replace({value}, '[\\s\\x{{00A0}}\\x{{202F}}\\x{{2009}}]|{_symbols()}', '', 'g')"
    return f"regexp_replace(translate({stripped}, '\u2212', '-'), '^\\(([^+-].*)\\)$', '-\\1')"


def _moment(value: str, formats: list[str]) -> str:
    """SQL for a time in one of these formats."""
    return _of_our_age(_strptime(value, formats))


def _strptime(value: str, formats: list[str]) -> str:
    return f"try_strptime({value}, [{', '.join(map(quoted, dict.fromkeys(formats)))}])"


def _of_our_age(time: str) -> str:
    """`%Y` also takes a year of two digits: such a year is nobody's meaning."""
    return f"case when {time} >= '1000-01-01' then {time} end"


def plain_timestamp_sql(value: str, locale: Locale, timezone: str) -> str:
    """SQL that rewrites a time to UTC; a value without a time of day stays that day, never shifted.

    To find by trial that a format fails takes ten times as long as to read one that fits, so the usual notations are told by
    their shape. Nothing that is dear may stand twice in it: the engine evaluates that for every row, whatever guards it.
    """
    naive, zoned = _time_formats(locale)
    literal, offsets = ([f for f in zoned if f.endswith("%z") == has_offset] for has_offset in (False, True))
    branches = []
    if not any(f.endswith("%Z") for f in literal):
        branches.append(f"when right({value}, 1) in ('Z', 'C') then {_strptime(value, literal)}")
        literal = []
    usual = [*_USUAL_LOCAL, *_USUAL_UTC] if timezone == "UTC" else _USUAL_LOCAL
    if all(f in [*_ISO_TIMES, *_ISO_ZONED] or f.endswith(" UTC") for f in locale.timestamp_formats if f.startswith("%Y")):
        # The engine's cast takes ` 8` and 24 for an hour, too, and `2.` for a second.
        is_usual = (
            f"{_is_shaped(value, usual)} and substr({value}, 12, 2) between '00' and '23' "
            f"and right(rtrim({value}, 'Z'), 1) between '0' and '9'"
        )
        branches.append(f"when {is_usual} then {_in_utc(f'try_cast({value} as timestamp)', timezone)}")
    if timezone == "UTC":
        # There both branches mean the same, and the cast is the quicker one.
        branches.reverse()
    others = [_strptime(value, literal)] if literal else []
    others += [_in_utc(_strptime(value, naive), timezone), f"timezone('UTC', {_strptime(value, offsets)})"]
    time = f"case {' '.join(branches)} else coalesce({', '.join(others)}) end"
    days = [*locale.date_formats, *_ISO_DATES]
    day = value if ":" in "".join(days) else f"case when not contains({value}, ':') then {value} end"
    return (
        f"coalesce(strftime({_of_our_age(time)}, '%Y-%m-%d %H:%M:%S.%f'), strftime({_moment(day, days)}, '%Y-%m-%d'), {value})"
    )


def _in_utc(time: str, timezone: str) -> str:
    # By way of the number: a second call of `timezone` would look the zone up for every row again.
    return time if timezone == "UTC" else f"make_timestamp(epoch_us(timezone({quoted(timezone)}, {time})))"


def _time_formats(locale: Locale) -> tuple[list[str], list[str]]:
    """Formats of times without and with a zone."""
    formats = list(dict.fromkeys([*locale.timestamp_formats, *_ISO_TIMES, *_ISO_ZONED]))
    zoned = [f for f in formats if f.endswith(("Z", "UTC", "%z"))]
    return [f for f in formats if f not in zoned], zoned


def _is_ambiguous_time(value: str, locale: Locale, timezone: str) -> str:
    """SQL for local times that a change of clocks repeats or skips; only those at night are looked at closely."""
    local = _moment(value, _time_formats(locale)[0])
    return f"case when regexp_matches({value}, '[ T]0?[0-3]:') then {changes_clock(local, timezone)} else false end"


def latest_time(
    connection: duckdb.DuckDBPyConnection, relation: str, profile: Profile, feed: Feed, language: str, present: Iterable[str]
) -> str | None:
    """The latest time in the columns from which the feed's extract time follows, as far as the file has them, as UTC text."""
    columns = [name for name in feed.extract_time.latest_of if name in set(present)]
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
    """One thing to count in a file: SQL of a condition, and what to say when it is not zero."""

    code: str
    column: str
    condition: str
    message: str


def unusual_value_sql(
    profile: Profile, feed: Feed, language: str, present: Iterable[str], read: Collection[str] = ()
) -> tuple[str, dict[str, str]]:
    """SQL that is quickly true for a row of which a value may be unreadable or may be read in two ways: one for `notice`.

    With it the columns that it needs beside the feed's own (name → SQL), so that a time is read once and asked several things.

    Args:
        profile: How the file's vendor writes.
        feed: What the file holds.
        language: Of the vendor's user interface.
        present: The feed's columns that the file has.
        read: Those of times of which all rows are in a usual notation, and read already, as `moment_name` calls them.

    """
    locale = profile.locale(language)
    typed = {name: feed.columns[name] for name in present if feed.columns[name].type != "text"}
    # Hundreds of expressions at once would take more memory than a small file may use: then every row is looked at.
    if len(typed) > _SCREENS_PER_PASS:
        return "true", {}
    conditions = [
        _is_read_twice(name, item, item.timezone or profile.timezone)
        if name in read
        else _is_unusual(name, item, locale, item.timezone or profile.timezone)
        for name, item in typed.items()
    ]
    times = [name for name, item in typed.items() if item.type in TIMES and name not in read]
    return " or ".join(conditions) or "false", {moment_name(name): f'try_cast("{name}" as timestamp)' for name in times}


def _is_read_twice(name: str, column: Column, timezone: str) -> str:
    """SQL for a local time that has been read and may be two moments or none."""
    if column.type != "timestamp" or timezone == "UTC":
        return "false"
    moment = f'"{moment_name(name)}"'
    return cheap_first(may_change_clock(moment, timezone), changes_clock(moment, timezone))


def _is_unusual(name: str, column: Column, locale: Locale, timezone: str) -> str:
    """SQL for one column. The branches of a case end early: a time in its usual notation is matched once."""
    if column.type not in TIMES:
        return _is_not_plain(name, column, locale)
    text, moment = f'"{name}"', f'"{moment_name(name)}"'
    iso, others = _is_read_twice(name, column, timezone), [_is_not_plain(name, column, locale)]
    if column.type == "timestamp" and timezone != "UTC":
        others += _ambiguous_plain_times(text, locale, timezone)[1:]
    return (
        f"case when {text} is null then false when {moment} is not null and {_is_iso(text)} then {iso} "
        f"when {_is_iso(text)} then true else {' or '.join(others)} end"
    )


def no_value_fits_sql(profile: Profile, feed: Feed, language: str, present: Iterable[str]) -> str | None:
    """SQL for a row in which no value of a type but text can be read as its column's: no record of the feed.

    NULL for a feed with too few such columns to tell, or too many to ask.
    """
    locale = profile.locale(language)
    typed = {name: feed.columns[name] for name in present if feed.columns[name].type != "text"}
    if not _LEAST_TYPED <= len(typed) <= _SCREENS_PER_PASS:
        return None
    # Most rows have a plain value: only of the others is each value read in full.
    plain = " or ".join(f'not {_is_not_plain(name, item, locale)} and "{name}" is not null' for name, item in typed.items())
    values = {name: value_sql(feed, name) for name in typed}
    reads = {name: normal_sql(values[name], item, locale, item.timezone or profile.timezone) for name, item in typed.items()}
    unreadable = [f"({values[name]} is not null and {_is_unreadable(reads[name], item.type)})" for name, item in typed.items()]
    n_filled = " + ".join(f"({value} is not null)::integer" for value in values.values())
    n_unreadable = " + ".join(f"coalesce({condition}, false)::integer" for condition in unreadable)
    return f"case when {plain} then false else {n_filled} >= {_LEAST_TYPED} and {n_filled} = {n_unreadable} end"


def _screens(profile: Profile, feed: Feed, language: str, present: Iterable[str]) -> dict[str, list[str]]:
    """Typed column → SQL of conditions for a value that is not plain, and for a plain local time that may be ambiguous."""
    locale, screens = profile.locale(language), {}
    for name in present:
        column = feed.columns[name]
        if column.type == "text":
            continue
        zone = column.timezone or profile.timezone
        screens[name] = [_is_not_plain(name, column, locale)]
        if column.type == "timestamp" and zone != "UTC":
            screens[name] += _ambiguous_plain_times(f'"{name}"', locale, zone)
    return screens


def _is_not_plain(name: str, column: Column, locale: Locale) -> str:
    plain = _is_plain(f'"{name}"', column.type, locale)
    return f'("{name}" is not null and not coalesce({plain}, false))'


def notice(
    connection: duckdb.DuckDBPyConnection, relation: str, profile: Profile, feed: Feed, language: str, present: Iterable[str]
) -> list[Finding]:
    """What is ambiguous, contradicted or unreadable in the columns that a file has.

    One pass with cheap tests finds the columns that hold anything else than plain values; only of these are the other values
    looked at closely, each distinct one once. A finding's lines are numbers of rows in the relation, counted from 0.

    Args:
        connection: Where to work.
        relation: SQL over the rows to look at, with their `file_row_number`.
        profile: How the file's vendor writes.
        feed: What the file holds.
        language: Of the vendor's user interface.
        present: The feed's columns that the file has.

    """
    locale = profile.locale(language)
    screens = _screens(profile, feed, language, present)
    conditions = [(name, condition) for name, some in screens.items() for condition in some]
    # Hundreds of expressions at once would take more memory than a small file may use.
    totals = [
        total
        for some in (conditions[at : at + _SCREENS_PER_PASS] for at in range(0, len(conditions), _SCREENS_PER_PASS))
        for total in connection.execute(
            f"select {', '.join(f'count(*) filter ({condition})' for _, condition in some)} from {relation}"
        ).fetchone()
    ]
    found_by = dict(zip(conditions, totals, strict=True))
    findings: list[Finding] = []
    for name, (odd, *ambiguous) in screens.items():
        column = feed.columns[name]
        counts = _counts(name, column, feed, locale, column.timezone or profile.timezone)
        found = dict.fromkeys(counts, 0)
        if found_by[name, odd]:
            selects = ", ".join(f"coalesce(sum(n) filter ({item.condition}), 0)::bigint" for item in counts)
            others = f'select "{name}", count(*) as n from {relation} where {odd} group by "{name}"'
            found = dict(zip(counts, connection.execute(f"select {selects} from ({others})").fetchone(), strict=True))
        n_ambiguous = sum(found_by[name, condition] for condition in ambiguous)
        for item, count in found.items():
            total = count + (n_ambiguous if item.code == "ambiguous_time" else 0)
            if total:
                where = f"{odd} and {item.condition}" if count else " or ".join(ambiguous)
                rows = connection.execute(f"select file_row_number from {relation} where {where} limit {LINES_KEPT}").fetchall()
                findings.append(
                    Finding(item.code, name, total, f"{total} values {item.message}", tuple(row for (row,) in rows))
                )
    return findings


def _is_plain(text: str, kind: str, locale: Locale) -> str:
    """SQL that is quickly true for the usual notation of a type: such a value is readable and can't be read in two ways."""
    if kind == "integer":
        return rf"regexp_full_match({text}, '-?\d+')"
    if kind == "decimal":
        return rf"regexp_full_match({text}, '-?\d+(\{locale.decimal}\d+)?')"
    if kind in TIMES:
        return f"{_plain_moment(text, locale)} is not null"
    return is_one_of(f"lower({text})", _BOOLEANS)


def _plain_moment(text: str, locale: Locale) -> str:
    """SQL for a day or local time in the usual notation of all locales or of this one; NULL for anything else."""
    iso = f"case when {_is_iso(text)} then try_cast({text} as timestamp) end"
    own = _own_formats(locale)
    return f"coalesce({iso}, {_moment(text, own)})" if own else iso


def _own_formats(locale: Locale) -> list[str]:
    usual = [*_ISO_DATES, *_ISO_TIMES]
    formats = [*locale.timestamp_formats, *locale.date_formats]
    return [item for item in formats if item not in usual and not item.endswith(("Z", "UTC", "%z"))]


def _ambiguous_plain_times(text: str, locale: Locale, timezone: str) -> list[str]:
    """SQL for plain local times that a change of clocks repeats or skips; clocks change at night, in spring and autumn.

    A case is evaluated only where its condition holds, so the dear part is left to the few times that may be meant.
    """
    iso = (
        f"case when {_is_iso(text)} and {is_night_of_change(text)} "
        f"then {changes_clock(f'try_cast({text} as timestamp)', timezone)} end"
    )
    own = _own_formats(locale)
    if not own:
        return [iso]
    local = _moment(text, own)
    night = f"length({text}) > 10 and hour({local}) < 4 and contains('{MONTHS}', strftime({local}, '%m'))"
    return [iso, f"case when {_is_iso(text)} then false when {night} then {changes_clock(local, timezone)} end"]


def _counts(name: str, column: Column, feed: Feed, locale: Locale, timezone: str) -> list[_Count]:
    value = value_sql(feed, name)
    read = normal_sql(value, column, locale, timezone)
    counts = [
        _Count(
            "unreadable_value", name, f"{value} is not null and {_is_unreadable(read, column.type)}",
            f"are not a {column.type} as the profile declares it: kept as text",
        )
    ]  # fmt: skip
    if column.type == "timestamp" and timezone != "UTC":
        counts.append(
            _Count(
                "ambiguous_time", name, _is_ambiguous_time(value, locale, timezone),
                f"are local times that a change of clocks in {timezone} repeats or skips: read as winter time",
            )
        )  # fmt: skip
    if column.type != "decimal":
        return counts
    group = "." if locale.decimal == "," else ","
    bare = _bare_number(value)
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


def _is_unreadable(read: str, kind: str) -> str:
    """SQL for what staging's cast would turn into NULL."""
    if kind in TIMES:
        return f"(try_cast({read} as {kind}) is null or substr({read}, 5, 1) <> '-')"
    unlike = f"not regexp_full_match({read}, {_READABLE[kind]})"
    # Measured values come as 6.4e-08 too: readable as far as a decimal holds them.
    return f"({unlike} and try_cast({read} as decimal(38, 9)) is null)" if kind == "decimal" else unlike


def _is_iso(text: str) -> str:
    """SQL for the shapes of days and local times that every locale reads."""
    return _is_shaped(text, ["____-__-__", *_USUAL_LOCAL])


def _is_shaped(text: str, shapes: Iterable[str]) -> str:
    """SQL for texts of one of these shapes. A text is compared with those of its length only."""
    by_length: dict[int, list[str]] = {}
    for shape in shapes:
        by_length.setdefault(len(shape), []).append(f"{text} like '{shape}'")
    cases = " ".join(f"when {length} then {' or '.join(some)}" for length, some in by_length.items())
    return f"(case strlen({text}) {cases} else false end)"


def _symbols() -> str:
    return "|".join(symbol.replace("$", r"\$") for symbol in _CURRENCY_SYMBOLS)
