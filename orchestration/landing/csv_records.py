"""One recognised text file to one Parquet file of text columns, in one pass of the parser.

Cells stay as they were delivered (empty is NULL). Rows that are no data are skipped, rows that can't be right are set aside;
both are counted with their lines. How a dialect is parsed is `csv_reader.py`'s business.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.engine import register
from orchestration.landing.csv_reader import BLOCK_BYTES, Readable, around_misfits, as_it_is, as_plain_csv, text_batches
from orchestration.landing.dialect import Dialect
from orchestration.landing.doubled_keys import hashed_key, key_hash_sql
from orchestration.landing.ledger import LINES_KEPT, Finding
from orchestration.landing.moments import TIMES, told_in_utc, with_moments
from orchestration.landing.normalise import no_value_fits_sql, unusual_value_sql
from orchestration.landing.parts import Recognition
from orchestration.landing.profiles import Feed
from orchestration.landing.raw_parquet import (
    HAS_UNUSUAL_VALUE,
    MARK,
    MAY_BE_NO_RECORD,
    marked_sql,
    parquet_options,
)
from orchestration.landing.raw_writer import raw_writer, row_groups
from orchestration.landing.refused import RefusedError
from orchestration.landing.row_versions import cheap_first, is_one_of, quoted
from orchestration.landing.spreadsheets import LOST_DIGITS

_TOTALS = ("total", "totals", "grand total", "total general", "total général", "totaux", "sous-total", "subtotal", "sub-total",
           "total:", "total :", "somme", "sum")  # fmt: skip
_ERROR_CELLS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!")
# Notes below the data are a few lines, and only a table of some width tells them from records.
_NOTE_ROWS, _LEAST_COLUMNS_OF_NOTE = 6, 3
# A table that stands twice in a file may have rows that were broken the second time.
_NEW_IN_REPEATED = 0.1
_CHUNK_BYTES = 1 << 20
# So many values that do not fit their column's type are a column of another type, no accident.
RETYPED_ROWS = 5
_KEY_HASH = "_key_hash"
_SKIPPED = {"empty_row": "are empty", "repeated_header": "repeat the header", "total_row": "are totals or footers"}


@dataclass
class CsvRecords:
    """What one pass over a text file gave; rejected rows as (line, reason, text), a hash of each loaded row's key."""

    rows_loaded: int
    rows_skipped: int
    rejected: list[tuple[int, str, str]]
    readable: Readable
    key_hashes: np.ndarray | None
    findings: list[Finding] = field(default_factory=list)
    taken_out: list[int] = field(default_factory=list)

    def lines_of(self, rows: Iterable[int]) -> dict[int, int]:
        """Row number of the Parquet → physical line of the text."""
        rows = sorted(set(rows))
        before = [number - place for place, number in enumerate(sorted(self.taken_out))]
        records = [row + bisect_right(before, row) for row in rows]
        return dict(zip(rows, self.readable.lines_of(records), strict=True)) if rows else {}


def read_csv_records(
    connection: duckdb.DuckDBPyConnection, text: Path, dialect: Dialect, recognition: Recognition, name: str, target: Path
) -> CsvRecords:
    """Write `target` with the contracted columns of every good row, in the file's order.

    Raises:
        RefusedError: `record_count` when the parser and our own count of the records disagree.

    """
    readable, key_hashes = _load(connection, text, dialect, recognition, name, target)
    found = _find_odd_rows(connection, target, recognition, _suspicions(text))
    found = _with_other_tables(connection, target, recognition, found)
    footers = [row for row in readable.rejected if _is_footer(recognition, row[2], dialect)]
    rejected = [row for row in readable.rejected if row not in footers]
    skipped_lines = {"total_row": [line for line, _, _ in footers], "empty_row": list(readable.empty_lines)}
    if found and key_hashes is not None:
        key_hashes = np.delete(key_hashes, [row_no for row_no, _ in found])
    n_skipped = len(footers) + len(readable.empty_lines)
    records = CsvRecords(readable.n_records - len(found), n_skipped, rejected, readable, key_hashes)
    if found:
        lines = readable.lines_of([row_no for row_no, _ in found])
        _take_out(connection, target, recognition, dict(zip(lines, found, strict=True)), records, skipped_lines)
    if rejected and not readable.n_records:
        raise RefusedError("no_row_fits", _explain_no_row(name, rejected, recognition), recognition.feed.name)
    if readable.n_records and _is_unfinished(text):
        line = readable.lines_of([readable.n_records - 1])[0]
        message = "the last line has no end: its last cell may be cut off"
        records.findings.append(Finding("last_line_unfinished", None, 1, message, (line,)))
    for code, at in skipped_lines.items():
        if at:
            message = f"{len(at)} rows {_SKIPPED[code]}: skipped"
            records.findings.append(Finding(code, None, len(at), message, tuple(sorted(at)[:LINES_KEPT])))
    return records


def _is_unfinished(text: Path) -> bool:
    with text.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) not in (b"\n", b"\r")


def _load(
    connection: duckdb.DuckDBPyConnection, text: Path, dialect: Dialect, recognition: Recognition, name: str, target: Path
) -> tuple[Readable, np.ndarray | None]:
    """Every record with as many cells as the header as Parquet, and its key's hash; the parser's count must be our own."""
    width, rewritten = len(recognition.header), target.with_suffix(".plain.csv")
    try:
        for attempt in (as_it_is, around_misfits, as_plain_csv):
            readable = attempt(text, dialect, width, rewritten)
            written = _copy(connection, readable, recognition, target) if readable else None
            if written and written.n_rows == readable.n_records:
                return readable, written.key_hashes
    except RefusedError as refusal:
        raise RefusedError(refusal.code, f"{name}: {refusal}", recognition.feed.name) from refusal
    finally:
        rewritten.unlink(missing_ok=True)
    raise RefusedError(
        "record_count",
        f"{name}: {readable.n_records} records counted below line {dialect.lines_before_data}, but "
        f"{written.n_rows if written else 'not as many'} read; "
        "remedy: look for an unclosed quote or a cut-off last line, and export again",
        recognition.feed.name,
    )


@dataclass(frozen=True)
class _Written:
    """Rows in the Parquet, and for each its key's hash, if it was to be kept."""

    n_rows: int
    key_hashes: np.ndarray | None


def _copy(connection: duckdb.DuckDBPyConnection, readable: Readable, recognition: Recognition, target: Path) -> _Written | None:
    """None when a row has not as many cells as the header."""
    for block_bytes in BLOCK_BYTES:
        try:
            return _write_marked(connection, readable, recognition, target, block_bytes)
        except pa.ArrowInvalid:
            # Its text holds the row.
            continue
    return None


def _write_marked(
    connection: duckdb.DuckDBPyConnection, readable: Readable, recognition: Recognition, target: Path, block_bytes: int
) -> _Written:
    """Write the feed's columns that the file has, and the mark, one row group after the other.

    Three of them are at work at once: one is read, one looked at, one written.
    """
    positions = {name: position for position, name in recognition.columns.items()}
    # A column that the file lacks is not written: whoever reads segments knows it as NULL.
    wanted = [name for name in recognition.feed.columns if name in positions]
    names = [recognition.columns.get(position, f"_{position}") for position in range(len(recognition.header))]
    schema, key = pa.schema([(name, pa.string()) for name in wanted]), hashed_key(recognition, readable.n_records)
    times = [name for name in wanted if recognition.feed.columns[name].type in TIMES]
    instants = [name for name in times if recognition.feed.columns[name].type == "timestamp"]
    batches = text_batches(readable, names, wanted, block_bytes) if readable.n_records else iter(())
    n_rows, hashes = 0, [np.array([], dtype=np.uint64)]
    groups = row_groups(batches, schema)
    with raw_writer(target, schema) as writer, ThreadPoolExecutor(2) as threads:
        reading, writing = threads.submit(next, groups, None), threads.submit(lambda: None)
        while (cells := reading.result()) is not None:
            reading = threads.submit(next, groups, None)
            looked_at, read = with_moments(cells, times)
            plain = told_in_utc(cells, [name for name in instants if name not in read])
            register(connection, "cells", looked_at)
            key_hash = key_hash_sql(key, cells) if key else None
            found = connection.execute(marks_sql(recognition, "cells", read, plain, key_hash)).fetchnumpy()
            writing.result()
            writing = threads.submit(writer.write_table, cells.append_column(MARK, pa.array(found[MARK])), cells.num_rows)
            n_rows += cells.num_rows
            if key:
                hashes.append(found[_KEY_HASH])
        writing.result()
    return _Written(n_rows, np.concatenate(hashes) if key else None)


def _explain_no_row(name: str, rejected: list[tuple[int, str, str]], recognition: Recognition) -> str:
    line, reason, _ = rejected[0]
    return (
        f"{name}: line {line}: {reason}, and no other row has the {len(recognition.header)} cells of the header either; "
        "remedy: look at the header and the separators, and export it again"
    )


def _with_other_tables(
    connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition, found: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    """Rows that are another table within the file, which are set aside.

    The header again and below it hardly a row that does not stand above it is the same table twice. A blank row and then a
    row with nothing but its first cell, as none above has it, is another table's title or a note below the table.
    """
    found = [*found, *_below_title(connection, target, recognition, found)]
    headers = [row_no for row_no, reason in found if reason == "repeated_header"]
    if not headers:
        return sorted(found)
    columns = ", ".join(f'"{name}"' for name in recognition.columns.values())
    known = {row_no for row_no, _ in found}
    source = f"read_parquet({quoted(target)})"
    repeated: list[tuple[int, str]] = []
    for start, end in zip(headers, [*headers[1:], 1 << 62], strict=True):
        block = f"from {source} where file_row_number > {start} and file_row_number < {end}"
        above = f"select {columns} from {source} where file_row_number < {start}"
        rows = [row_no for (row_no,) in connection.execute(f"select file_row_number {block} order by 1").fetchall()]
        new = connection.execute(f"select count(*) from (select {columns} {block} except {above})").fetchone()[0]
        if rows and new <= _NEW_IN_REPEATED * len(rows):
            repeated += [(row_no, "repeated_table") for row_no in rows if row_no not in known]
    return sorted([*found, *repeated])


def _below_title(
    connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition, found: list[tuple[int, str]]
) -> list[tuple[int, str]]:
    empty = [row_no for row_no, reason in found if reason == "empty_row"]
    names = [recognition.columns[position] for position in sorted(recognition.columns)]
    if not empty or len(names) < 2:
        return []
    source = f"read_parquet({quoted(target)})"
    alone = f'"{names[0]}" is not null and ' + " and ".join(f'"{name}" is null' for name in names[1:])
    first = connection.execute(f"select min(file_row_number) from {source} where {alone}").fetchone()[0]
    if first is None or first - 1 not in set(empty):
        return []
    known = {row_no for row_no, _ in found}
    rows = connection.execute(f"select file_row_number from {source} where file_row_number >= {first} order by 1").fetchall()
    return [(row_no, "another_table") for (row_no,) in rows if row_no not in known]


def marks_sql(
    recognition: Recognition, source: str, read: Collection[str] = (), plain: Collection[str] = (), key_hash: str | None = None
) -> str:
    """SQL for the mark, and the key's hash, of each row of a source with the feed's columns that the file has.

    A row that is no record shows in its first cell or its key. `read` are the columns whose moments stand beside them, `plain`
    those in which no value is unusual.
    """
    feed, present = recognition.feed, recognition.columns
    first, header = f'"{present[min(present)]}"', quoted(recognition.header[min(present)].strip())
    controls = "".join(f" or \"{name}\" < ' '" for name in feed.key)
    no_record = f"{first} is null or {first} = {header} or {_is_total(feed, first)} or {_has_no_key(feed)}{controls}"
    typed = [name for name in present.values() if name not in plain]
    unusual, needed = unusual_value_sql(recognition.profile, feed, recognition.language, typed, read)
    more = "".join(f', {sql} as "{name}"' for name, sql in needed.items())
    hashed = f", {key_hash} as {_KEY_HASH}" if key_hash else ""
    return (
        f"select (case when {no_record} then {MAY_BE_NO_RECORD} else 0 end "
        f"+ case when {unusual} then {HAS_UNUSUAL_VALUE} else 0 end)::utinyint as {MARK}{hashed} "
        f"from (select *{more} from {source})"
    )


def _suspicions(text: Path) -> set[str]:
    """Which rare faults a file may have at all: a search of the bytes spares the search of every cell."""
    found: set[str] = set()
    with text.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            # The single byte is found at once where there is none, which is the rule.
            if b"+" in chunk and (b"E+" in chunk or b"e+" in chunk):
                found.add("id_in_scientific_notation")
            if b"#" in chunk:
                found.update(("error_cell", "lost_digits"))
    return found


def _find_odd_rows(
    connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition, suspicions: set[str]
) -> list[tuple[int, str]]:
    """Rows that are not data or not right, with the reason.

    Without suspicions such a row has a mark already; else every row is looked at.
    """
    source = f"read_parquet({quoted(target)})"
    notes = _notes_below(connection, source, recognition)
    looked_at = f"(select *, file_row_number from {source})" if suspicions else marked_sql(source, MAY_BE_NO_RECORD)
    found = connection.execute(
        f"select row_no, reason from (select file_row_number as row_no, {_reason(recognition, suspicions)} as reason "
        f"from {looked_at}) where reason is not null order by row_no"
    ).fetchall()
    known = {row_no for row_no, _ in found}
    others = [*notes, *_rows_of_no_value(connection, source, recognition)]
    return sorted([*found, *dict(item for item in reversed(others) if item[0] not in known).items()])


def _rows_of_no_value(connection: duckdb.DuckDBPyConnection, source: str, recognition: Recognition) -> list[tuple[int, str]]:
    """Rows of which no number or time fits its column, such as types below the header. Where most are so, the columns are."""
    condition = no_value_fits_sql(recognition.profile, recognition.feed, recognition.language, recognition.columns.values())
    if condition is None:
        return []
    marked = marked_sql(source, HAS_UNUSUAL_VALUE)
    found = connection.execute(f"select file_row_number from {marked} where {condition} order by 1").fetchall()
    n_rows = connection.execute(f"select count(*) from {source}").fetchone()[0] if found else 0
    if len(found) >= RETYPED_ROWS and 2 * len(found) > n_rows:
        return []
    return [(row_no, "no_value_fits") for (row_no,) in found]


def _notes_below(connection: duckdb.DuckDBPyConnection, source: str, recognition: Recognition) -> list[tuple[int, str]]:
    """Last rows that hold a sentence in their first cell and nothing else, as no row above does: a note, not a record."""
    names = [recognition.columns[place] for place in sorted(recognition.columns)]
    if len(names) < _LEAST_COLUMNS_OF_NOTE or 0 not in recognition.columns:
        return []
    last = connection.execute(f"select count(*) - {_NOTE_ROWS} from {source}").fetchone()[0]
    alone = " and ".join(f'"{name}" is null' for name in names[1:])
    rows = connection.execute(
        f"""select file_row_number, {alone} and trim("{names[0]}") like '% %' from {source}
            where file_row_number >= {last} order by 1"""
    ).fetchall()
    notes: list[tuple[int, str]] = []
    for row_no, is_note in reversed(rows):
        if not is_note:
            break
        notes.append((row_no, "note_below_data"))
    return sorted(notes) if len(notes) < len(rows) else []


def _is_total(feed: Feed, first: str) -> str:
    conditions = ["false"]
    if feed.skip_totals:
        # Comparing is cheap, and most first cells are numbers.
        may_be = cheap_first(f"{first} >= 'G' or {first} < '!'", f"contains('tTgGsS ', left({first}, 1))")
        conditions.append(cheap_first(may_be, is_one_of(f"lower(trim({first}))", _TOTALS)))
    if feed.skip_rows_matching:
        conditions.append(f"regexp_matches({first}, {quoted(feed.skip_rows_matching)})")
    return "(" + " or ".join(conditions) + ")"


def _has_no_key(feed: Feed) -> str:
    return "(" + (" or ".join(_is_missing(feed, name) for name in feed.key) or "false") + ")"


def _reason(recognition: Recognition, suspicions: set[str]) -> str:
    """SQL for why a row of the Parquet is not data or not right; NULL for a good row."""
    feed, present = recognition.feed, [recognition.columns[position] for position in sorted(recognition.columns)]
    headers = {name: recognition.header[position].strip() for position, name in recognition.columns.items()}
    empty = " and ".join(f'"{name}" is null' for name in present)
    repeated = " and ".join(f'"{name}" is not distinct from {quoted(headers[name])}' for name in present)
    totals = _is_total(feed, f'"{present[0]}"')
    cases = [("empty_row", empty), ("repeated_header", repeated), ("total_row", totals)]
    if "error_cell" in suspicions:
        # As lists: an expression per column of a wide file would take the memory of thousands of vectors.
        cells = "[" + ", ".join(f'"{name}"' for name in present) + "]"
        cases.append(("error_cell", f"list_has_any({cells}, [{_listed(_ERROR_CELLS)}])"))
        cases.append(("lost_digits", f"list_contains({cells}, {quoted(LOST_DIGITS)})"))
    if "id_in_scientific_notation" in suspicions:
        shortened = r"'[+-]?\d([.,]\d+)?[eE]\+\d{2,}'"
        texts = ", ".join(f'"{name}"' for name in present if feed.columns[name].type in ("text", "integer"))
        condition = f"len(list_filter([{texts}], lambda cell: regexp_full_match(trim(cell), {shortened}))) > 0"
        cases.append(("id_in_scientific_notation", condition if texts else "false"))
    ends = " or ".join(f'left("{name}", 1) in (chr(12), chr(13))' for name in feed.key)
    cases.append(("missing_key", _has_no_key(feed)))
    # A page break or half of a line end: such a key would join with nothing.
    cases.append(("line_end_before_key", ends or "false"))
    whens = " ".join(f"when coalesce({condition}, false) then '{reason}'" for reason, condition in cases)
    return f"case {whens} end"


def _is_missing(feed: Feed, name: str) -> str:
    """The same as `value_sql` being NULL, but cheap for a cell that begins with anything but a blank."""
    is_blank = cheap_first(f"\"{name}\" < '!'", f"trim(\"{name}\") = ''")
    texts = [text.strip() for text in feed.null_values]
    nulls = " or " + is_one_of(f'trim("{name}")', texts) if texts else ""
    return f'"{name}" is null or {is_blank}{nulls}'


def _is_footer(recognition: Recognition, text: str, dialect: Dialect) -> bool:
    """Whether a row with another number of cells than the header is a total or a line below the data."""
    first = text.split(dialect.delimiter)[0].strip().strip(dialect.quote or None)
    pattern = recognition.feed.skip_rows_matching
    is_total = recognition.feed.skip_totals and first.casefold() in _TOTALS
    return is_total or (pattern is not None and re.search(pattern, first) is not None)


def _take_out(
    connection: duckdb.DuckDBPyConnection, target: Path, recognition: Recognition, found: dict[int, tuple[int, str]],
    records: CsvRecords, skipped_lines: dict[str, list[int]],
) -> None:  # fmt: skip
    """Write the Parquet again without the found rows (line → row number, reason) and account for them."""
    numbers = ", ".join(str(row_no) for row_no, _ in found.values())
    complete = target.with_suffix(".all")
    target.rename(complete)
    source = f"read_parquet({quoted(complete)})"
    connection.execute(
        f"copy (select * from {source} where file_row_number not in ({numbers}) order by file_row_number) "
        f"to {quoted(target)} {parquet_options(complete.stat().st_size)}"
    )
    records.taken_out += [row_no for row_no, _ in found.values()]
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
