"""One recognised text file to one Parquet file of text columns, in one pass of the parser.

Cells stay as they were delivered (empty is NULL). Rows that are no data are skipped, rows that can't be right are set aside;
both are counted with their lines. How a dialect is parsed is `csv_reader.py`'s business.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from orchestration.landing.csv_reader import count_records, line_of_records, plain_csv, read_csv_sql, rejected_rows
from orchestration.landing.dialect import Dialect
from orchestration.landing.ledger import Finding
from orchestration.landing.normalise import value_sql
from orchestration.landing.recognise import Recognition, RefusedError
from orchestration.landing.row_versions import quoted
from orchestration.landing.spreadsheets import LOST_DIGITS

_TOTALS = ("total", "totals", "grand total", "total general", "total général", "totaux", "sous-total", "subtotal", "sub-total",
           "total:", "total :", "somme", "sum")  # fmt: skip
_ERROR_CELLS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!")
_LINES_KEPT = 20
_CHUNK_BYTES = 1 << 20
_SKIPPED = {"empty_row": "are empty", "repeated_header": "repeat the header", "total_row": "are totals or footers"}


@dataclass
class CsvRecords:
    """What one pass over a text file gave; rejected rows as (line, reason, text)."""

    rows_loaded: int
    rows_skipped: int
    rejected: list[tuple[int, str, str]]
    findings: list[Finding] = field(default_factory=list)


def read_csv_records(
    connection: duckdb.DuckDBPyConnection, text: Path, dialect: Dialect, recognition: Recognition, name: str, target: Path
) -> CsvRecords:
    """Write `target` with the contracted columns of every good row, in the file's order.

    Raises:
        RefusedError: `record_count` when the parser and our own count of the records disagree.

    """
    readable, readable_dialect, rejected = plain_csv(text, dialect)
    sql, parameters = read_csv_sql(readable, readable_dialect, len(recognition.header))
    n_read = connection.execute(
        f"copy (select {_selects(recognition)} from {sql}) to {quoted(target)} (format parquet, compression zstd)", parameters
    ).fetchone()[0]
    rejected = sorted([*rejected, *rejected_rows(connection)])
    counted = count_records(text, dialect)
    if counted != n_read + len(rejected):
        raise RefusedError(
            "record_count",
            f"{name}: {counted} records counted, {n_read} read and {len(rejected)} set aside; "
            "remedy: look for an unclosed quote or a cut-off last line, and export again",
            recognition.feed.name,
        )
    found = connection.execute(
        f"select row_no, reason from (select file_row_number as row_no, {_reason(recognition, _suspicions(text))} as reason "
        f"from read_parquet({quoted(target)})) where reason is not null order by row_no"
    ).fetchall()
    footers = [row for row in rejected if _is_footer(recognition, row[2], dialect)]
    records = CsvRecords(n_read - len(found), len(footers), [row for row in rejected if row not in footers])
    skipped_lines = {"total_row": [row[0] for row in footers]}
    if found:
        lines = _lines_of_rows(text, dialect, counted, rejected, [row_no for row_no, _ in found])
        _take_out(connection, target, recognition, dict(zip(lines, found, strict=True)), records, skipped_lines)
    for code, at in skipped_lines.items():
        if at:
            message = f"{len(at)} rows {_SKIPPED[code]}: skipped"
            records.findings.append(Finding(code, None, len(at), message, tuple(sorted(at)[:_LINES_KEPT])))
    return records


def _selects(recognition: Recognition) -> str:
    positions = {name: position for position, name in recognition.columns.items()}
    return ", ".join(
        f"nullif(c{positions[name]}, '') as \"{name}\"" if name in positions else f'null::varchar as "{name}"'
        for name in recognition.feed.columns
    )


def _suspicions(text: Path) -> set[str]:
    """Which rare faults a file may have at all: a search of the bytes spares the search of every cell."""
    found: set[str] = set()
    with text.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if b"E+" in chunk:
                found.add("id_in_scientific_notation")
            if b"#" in chunk:
                found.update(("error_cell", "lost_digits"))
    return found


def _reason(recognition: Recognition, suspicions: set[str]) -> str:
    """SQL for why a row of the Parquet is not data or not right; NULL for a good row."""
    feed, present = recognition.feed, [recognition.columns[position] for position in sorted(recognition.columns)]
    headers = {name: recognition.header[position].strip() for position, name in recognition.columns.items()}
    empty = " and ".join(f'"{name}" is null' for name in present)
    repeated = " and ".join(f'"{name}" is not distinct from {quoted(headers[name])}' for name in present)
    first = f'"{present[0]}"'
    totals = f"left(ltrim({first}), 1) in ('t', 'T', 'g', 'G', 's', 'S') and lower(trim({first})) in ({_listed(_TOTALS)})"
    if feed.skip_rows_matching:
        totals += f" or regexp_matches({first}, {quoted(feed.skip_rows_matching)})"
    cases = [("empty_row", empty), ("repeated_header", repeated), ("total_row", totals)]
    if "error_cell" in suspicions:
        cases.append(("error_cell", " or ".join(f'"{name}" in ({_listed(_ERROR_CELLS)})' for name in present)))
        cases.append(("lost_digits", " or ".join(f'"{name}" = {quoted(LOST_DIGITS)}' for name in present)))
    if "id_in_scientific_notation" in suspicions:
        shortened = r"'[+-]?\d([.,]\d+)?E\+\d{2,}'"
        texts = [name for name in present if feed.columns[name].type in ("text", "integer")]
        condition = " or ".join(f'regexp_full_match(trim("{name}"), {shortened})' for name in texts)
        cases.append(("id_in_scientific_notation", condition or "false"))
    missing = " or ".join(f"({value_sql(feed, name)}) is null" for name in feed.key)
    cases.append(("missing_key", missing or "false"))
    whens = " ".join(f"when coalesce({condition}, false) then '{reason}'" for reason, condition in cases)
    return f"case {whens} end"


def _is_footer(recognition: Recognition, text: str, dialect: Dialect) -> bool:
    """Whether a row with another number of cells than the header is a total or a line below the data."""
    first = text.split(dialect.delimiter)[0].strip().strip('"')
    pattern = recognition.feed.skip_rows_matching
    return first.casefold() in _TOTALS or (pattern is not None and re.search(pattern, first) is not None)


def _lines_of_rows(
    text: Path, dialect: Dialect, counted: int, rejected: list[tuple[int, str, str]], rows: list[int]
) -> list[int]:
    """Physical lines of rows that were read: the n-th row read is the n-th record that was not rejected."""
    if not rejected:
        return line_of_records(text, dialect, rows)
    lines = np.array(line_of_records(text, dialect, range(counted)), dtype=np.int64)
    kept = lines[~np.isin(lines, [line for line, _, _ in rejected])]
    return [int(kept[row]) for row in rows]


def _take_out(
    connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition, found: dict[int, tuple[int, str]],
    records: CsvRecords, skipped_lines: dict[str, list[int]],
) -> None:  # fmt: skip
    """Write the Parquet again without the found rows (line → row number, reason) and account for them."""
    numbers = ", ".join(str(row_no) for row_no, _ in found.values())
    complete = target.with_suffix(".all")
    target.rename(complete)
    source = f"read_parquet({quoted(complete)})"
    columns = ", ".join(f'"{name}"' for name in recognition.feed.columns)
    connection.execute(
        f"copy (select {columns} from {source} where file_row_number not in ({numbers}) order by file_row_number) "
        f"to {quoted(target)} (format parquet, compression zstd)"
    )
    cells = ", ".join(f'"{name}" := "{name}"' for name in recognition.columns.values())
    texts = dict(
        connection.execute(
            f"select file_row_number, to_json(struct_pack({cells}))::varchar from {source} where file_row_number in ({numbers})"
        ).fetchall()
    )
    complete.unlink()
    for line, (row_no, reason) in found.items():
        if reason in _SKIPPED:
            skipped_lines.setdefault(reason, []).append(line)
            records.rows_skipped += 1
        else:
            records.rejected.append((line, reason, texts[row_no]))
    records.rejected.sort()


def _listed(texts: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, texts))
