"""One recognised file to one Parquet file of text columns, in one pass of DuckDB.

Numbers and times are rewritten to one plain notation (1234.56; 2026-09-30 08:12:00 in UTC) as the profile
declares; what does not fit stays as it was, for staging to count. Types are given in staging.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from orchestration.landing.ledger import Finding
from orchestration.landing.profiles import Column, Locale
from orchestration.landing.recognise import Recognition, RefusedError

_CURRENCY_SYMBOLS = {"R$": "BRL", "€": "EUR", "£": "GBP", "$": "USD"}
_BOOLEANS = {"true": "true", "1": "true", "yes": "true", "oui": "true", "vrai": "true",
             "false": "false", "0": "false", "no": "false", "non": "false", "faux": "false"}  # fmt: skip
_MAX_LINE_BYTES = 4_000_000


@dataclass(frozen=True)
class LoadResult:
    """Counts of records, what was noticed, and the rows that were set aside (line, reason, text)."""

    rows_in: int
    rows_loaded: int
    rows_skipped: int
    rejected: list[tuple[int, str, str]]
    findings: list[Finding]
    latest_timestamp: str | None


def load(
    connection: duckdb.DuckDBPyConnection, text_file: Path, recognition: Recognition, sha256: str, target: Path
) -> LoadResult:
    """Write `target`: the contracted columns as text, `_row_number`, `_file_sha256`.

    Raises:
        RefusedError: `record_count` when DuckDB and our own count of the records disagree.

    """
    header = recognition.header
    raw_columns = {f"c{position}": "VARCHAR" for position in range(len(header))}
    connection.execute("drop table if exists delivered")
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    relation = """
        create temp table delivered as
        select row_number() over () as _row_number, * from read_csv(
            $path, auto_detect = false, header = false, skip = $skip, columns = $columns, delim = $delimiter,
            quote = '"', escape = '"', strict_mode = true, null_padding = false, max_line_size = $max_line,
            store_rejects = true, rejects_limit = 0)
    """
    connection.execute(
        relation,
        {
            "path": str(text_file), "skip": recognition.header_line + 1, "columns": raw_columns,
            "delimiter": recognition.delimiter, "max_line": _MAX_LINE_BYTES,
        },
    )  # fmt: skip
    rejected = connection.execute(
        "select line, any_value(error_type::varchar), any_value(csv_line) from reject_errors group by line order by line"
    ).fetchall()
    rows_read = connection.execute("select count(*) from delivered").fetchone()[0]
    skipped = _drop_non_data_rows(connection, recognition)
    rows_in = rows_read - skipped + len(rejected)
    expected = count_records(text_file.read_bytes(), recognition.header_line + 1)
    if expected != rows_read + len(rejected):
        raise RefusedError(
            "record_count",
            f"{recognition.feed.name}: {expected} records counted, {rows_read + len(rejected)} read; "
            "remedy: look for an unclosed quote or a cut-off last line, and export again",
            recognition.feed.name,
        )
    locale = recognition.profile.locale(recognition.language)
    expressions, findings = _plain_expressions(connection, recognition, locale)
    selects = ", ".join(f'{expression} as "{name}"' for name, expression in expressions.items())
    connection.execute(
        f"copy (select {selects}, _row_number, $sha as _file_sha256 from delivered order by _row_number) "
        f"to {_quoted(str(target))} (format parquet, compression zstd)",
        {"sha": sha256},
    )
    latest = _latest_timestamp(connection, target, recognition)
    return LoadResult(rows_in, rows_read - skipped, skipped, rejected, findings, latest)


def count_records(content: bytes, lines_to_skip: int) -> int:
    """Count CSV records by line ends outside quotes, blank lines not counted.

    Apart from DuckDB's own count, so that a row that one of them loses is noticed.
    """
    start = 0
    for _ in range(lines_to_skip):
        start = content.find(b"\n", start) + 1
        if start == 0:
            return 0
    body = np.frombuffer(content, dtype=np.uint8, offset=start)
    if body.size == 0:
        return 0
    quotes = body == ord('"')
    outside = ~np.bitwise_xor.accumulate(quotes)
    ends = np.flatnonzero((body == ord("\n")) & outside)
    begins = np.concatenate(([0], ends[:-1] + 1)) if ends.size else np.array([], dtype=np.int64)
    lengths = ends - begins
    has_carriage_return = (ends > begins) & (body[np.maximum(ends - 1, 0)] == ord("\r"))
    records = int(np.count_nonzero(lengths - has_carriage_return > 0))
    tail = body[ends[-1] + 1 :] if ends.size else body
    return records + int(tail.size > 0 and bytes(tail).strip(b"\r\n") != b"")


def _drop_non_data_rows(connection: duckdb.DuckDBPyConnection, recognition: Recognition) -> int:
    """Delete empty rows, repeated headers and declared totals; return how many."""
    width = len(recognition.header)
    cells = [f"c{position}" for position in range(width)]
    empty = " and ".join(f"coalesce(trim({cell}), '') = ''" for cell in cells)
    repeated = " and ".join(f"coalesce({cell}, '') = ?" for cell in cells)
    conditions, parameters = [f"({empty})", f"({repeated})"], list(recognition.header)
    if recognition.feed.skip_rows_matching:
        conditions.append("regexp_matches(coalesce(c0, ''), ?)")
        parameters.append(recognition.feed.skip_rows_matching)
    where = " or ".join(conditions)
    deleted = connection.execute(f"delete from delivered where {where}", parameters).fetchone()
    return deleted[0] if deleted else 0


def _plain_expressions(
    connection: duckdb.DuckDBPyConnection, recognition: Recognition, locale: Locale
) -> tuple[dict[str, str], list[Finding]]:
    positions = {name: position for position, name in recognition.columns.items()}
    expressions: dict[str, str] = {}
    findings: list[Finding] = []
    nulls = ", ".join(_quoted(value.strip()) for value in recognition.feed.null_values)
    for name, column in recognition.feed.columns.items():
        if name not in positions:
            expressions[name] = "cast(null as varchar)"
            continue
        cell = f"c{positions[name]}"
        value = f"nullif(trim({cell}), '')"
        if nulls:
            value = f"case when trim({cell}) not in ({nulls}) then {value} end"
        expressions[name] = _plain(value, column, locale, recognition.profile.timezone)
        if column.type == "decimal":
            findings += _money_findings(connection, name, value, column, locale)
        if column.type != "text":
            findings += _unreadable_findings(connection, name, value, expressions[name], column)
    findings += [
        Finding("extra_column", header, 0, f"column '{header}' is not in the profile: kept in the original only")
        for header in recognition.extra_columns.values()
    ]
    return expressions, findings


def _plain(value: str, column: Column, locale: Locale, profile_timezone: str) -> str:
    if column.type in ("integer", "decimal"):
        return plain_number_sql(value, locale.decimal)
    if column.type == "date":
        formats = ", ".join(map(_quoted, [*locale.date_formats, *locale.timestamp_formats]))
        return f"coalesce(strftime(try_strptime({value}, [{formats}]), '%Y-%m-%d'), {value})"
    if column.type == "timestamp":
        return plain_timestamp_sql(value, locale, column.timezone or profile_timezone)
    if column.type == "boolean":
        cases = " ".join(f"when '{key}' then '{plain}'" for key, plain in _BOOLEANS.items())
        return f"case lower({value}) {cases} else {value} end"
    return value


def plain_number_sql(value: str, decimal: str) -> str:
    """SQL that rewrites a locale's number to digits, sign and point; anything else comes back unchanged.

    Groups must have three digits each: `1.23,4` is not a number in any locale.
    """
    group = "." if decimal == "," else ","
    symbols = "|".join(symbol.replace("$", r"\$") for symbol in _CURRENCY_SYMBOLS)
    bare = f"regexp_replace({value}, '[\\s\\x{{00A0}}\\x{{202F}}]|{symbols}', '', 'g')"
    pattern = rf"[+-]?(\d+|\d{{1,3}}(\{group}\d{{3}})+)(\{decimal}\d+)?"
    return (
        f"case when regexp_full_match({bare}, '{pattern}') "
        f"then replace(replace({bare}, '{group}', ''), '{decimal}', '.') else {value} end"
    )


def plain_timestamp_sql(value: str, locale: Locale, timezone: str) -> str:
    """SQL that rewrites a time to UTC; a value without a time of day stays that day, never shifted."""
    zoned = [f for f in locale.timestamp_formats if f.endswith(("Z", "UTC", "%z"))]
    naive = [f for f in locale.timestamp_formats if f not in zoned]
    naive_time = f"try_strptime({value}, [{', '.join(map(_quoted, naive))}])"
    if timezone != "UTC":
        naive_time = f"timezone('UTC', timezone({_quoted(timezone)}, {naive_time}))"
    readings = [f"strftime({naive_time}, '%Y-%m-%d %H:%M:%S.%f')"] if naive else []
    if zoned:
        zoned_time = f"try_strptime({value}, [{', '.join(map(_quoted, zoned))}])"
        readings.insert(0, f"strftime({zoned_time}, '%Y-%m-%d %H:%M:%S.%f')")
    days = f"try_strptime({value}, [{', '.join(map(_quoted, locale.date_formats))}])"
    readings.append(f"strftime({days}, '%Y-%m-%d')")
    return f"coalesce({', '.join(readings)}, {value})"


def _money_findings(
    connection: duckdb.DuckDBPyConnection, name: str, value: str, column: Column, locale: Locale
) -> list[Finding]:
    group = "." if locale.decimal == "," else ","
    symbols = "|".join(symbol.replace("$", r"\$") for symbol in _CURRENCY_SYMBOLS)
    bare = f"trim(regexp_replace({value}, '{symbols}', '', 'g'))"
    ambiguous, decimals, *symbol_counts = connection.execute(
        f"select count(*) filter (regexp_full_match({bare}, '[+-]?\\d{{1,3}}\\{group}\\d{{3}}')), "
        f"count(*) filter (regexp_full_match({bare}, '[+-]?[\\d\\s.,]*\\{locale.decimal}\\d{{1,2}}')), "
        + ", ".join(f"count(*) filter (contains({value}, {_quoted(symbol)}))" for symbol in _CURRENCY_SYMBOLS)
        + " from delivered"
    ).fetchone()
    findings = []
    if ambiguous:
        evidence = f"{decimals} other values of this column have a decimal '{locale.decimal}'" if decimals else "declared"
        findings.append(
            Finding(
                "ambiguous_number", name, ambiguous,
                f"{ambiguous} values like 50{group}000 could be thousands or decimals: read as thousands, because the "
                f"profile declares the decimal mark '{locale.decimal}' ({evidence})",
            )
        )  # fmt: skip
    counts = dict(zip(_CURRENCY_SYMBOLS, symbol_counts, strict=True))
    counts["$"] -= counts["R$"]
    for symbol, count in counts.items():
        if count and column.currency and _CURRENCY_SYMBOLS[symbol] != column.currency:
            findings.append(
                Finding(
                    "currency_contradicted", name, count,
                    f"{count} values are written with '{symbol}' ({_CURRENCY_SYMBOLS[symbol]}), which is contradicted: read as "
                    f"{column.currency}, as the profile declares: {column.currency_reason or 'no reason given'}",
                )
            )  # fmt: skip
    return findings


_READABLE = {
    "integer": r"'[+-]?\d+(\.0+)?'", "decimal": r"'[+-]?\d+(\.\d+)?'", "boolean": "'true|false'",
    "date": r"'\d{4}-\d{2}-\d{2}'", "timestamp": r"'\d{4}-\d{2}-\d{2}( .*)?'",
}  # fmt: skip


def _unreadable_findings(
    connection: duckdb.DuckDBPyConnection, name: str, value: str, plain: str, column: Column
) -> list[Finding]:
    count, first = connection.execute(
        f"select count(*), min(_row_number) from delivered "
        f"where {value} is not null and not regexp_full_match({plain}, {_READABLE[column.type]})"
    ).fetchone()
    if not count:
        return []
    message = f"{count} values are not a {column.type} as the profile declares it (first in record {first}): kept as text"
    return [Finding("unreadable_value", name, count, message)]


def _latest_timestamp(connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition) -> str | None:
    columns = recognition.feed.extract_time.latest_of
    if not columns:
        return None
    latest = ", ".join(f"max(try_cast({name} as timestamp))" for name in columns)
    value = connection.execute(f"select greatest({latest})::varchar from read_parquet({_quoted(str(target))})").fetchone()[0]
    return value


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
