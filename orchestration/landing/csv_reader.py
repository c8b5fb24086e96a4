"""How a text file of a given dialect is parsed by DuckDB, and how many records it has by our own count."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from orchestration.landing.dialect import Dialect

_MAX_LINE_BYTES = 4_000_000


def plain_csv(path: Path, dialect: Dialect) -> tuple[Path, Dialect, list[tuple[int, str, str]]]:
    """The file in a dialect that DuckDB reads, and rows that were set aside on the way (line, reason, text)."""
    return path, dialect, []


def read_csv_sql(path: Path, dialect: Dialect, width: int) -> tuple[str, dict[str, Any]]:
    """SQL and parameters that read every record as text columns c0, c1, …; rows of another width are rejected."""
    sql = """read_csv($path, auto_detect = false, header = false, skip = $skip, columns = $columns, delim = $delimiter,
            quote = $quote, escape = $escape, strict_mode = true, null_padding = false, max_line_size = $max_line_size,
            store_rejects = true, rejects_limit = 0)"""
    return sql, {
        "path": str(path), "skip": dialect.preamble_lines + dialect.header_lines, "delimiter": dialect.delimiter,
        "quote": dialect.quote, "escape": dialect.escape, "columns": {f"c{i}": "VARCHAR" for i in range(width)},
        "max_line_size": _MAX_LINE_BYTES,
    }  # fmt: skip


def rejected_rows(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, str, str]]:
    """What the last reading set aside: (line, reason, text)."""
    rows = connection.execute(
        "select line, lower(any_value(error_type::varchar)), any_value(csv_line) from reject_errors group by line order by line"
    ).fetchall()
    connection.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    return rows


def count_records(path: Path, dialect: Dialect) -> int:
    """Records by line ends outside quotes, blank lines not counted.

    Apart from DuckDB's own count, so that a row that one of them loses is noticed.
    """
    content, start = path.read_bytes(), 0
    for _ in range(dialect.preamble_lines + dialect.header_lines):
        start = content.find(b"\n", start) + 1
        if start == 0:
            return 0
    body = np.frombuffer(content, dtype=np.uint8, offset=start)
    if body.size == 0:
        return 0
    outside = ~np.bitwise_xor.accumulate(body == ord('"'))
    ends = np.flatnonzero((body == ord("\n")) & outside)
    begins = np.concatenate(([0], ends[:-1] + 1)) if ends.size else np.array([], dtype=np.int64)
    has_cr = (ends > begins) & (body[np.maximum(ends - 1, 0)] == ord("\r"))
    records = int(np.count_nonzero((ends - begins) - has_cr > 0))
    tail = body[ends[-1] + 1 :] if ends.size else body
    return records + int(tail.size > 0 and bytes(tail).strip(b"\r\n") != b"")


def line_of_records(path: Path, dialect: Dialect, numbers: Iterable[int]) -> list[int]:
    """Physical line of each record, counted from 0."""
    return [dialect.preamble_lines + dialect.header_lines + 1 + number for number in numbers]
