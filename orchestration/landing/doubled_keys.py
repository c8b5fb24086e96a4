"""Rows of one file that share a key: only one of them can stand for the record."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute

from orchestration.landing.ledger import Finding
from orchestration.landing.parts import Recognition

if TYPE_CHECKING:
    import duckdb

# Of more rows no hashes are kept, which take eight bytes each: they are counted by the engine, which can spill.
_ROWS_IN_MEMORY = 30_000_000


def hashed_key(recognition: Recognition, n_rows: int) -> tuple[str, ...]:
    """The key to hash row by row; empty where there is none to compare, or too many rows to keep its hashes."""
    return recognition.feed.key if _has_key(recognition) and n_rows <= _ROWS_IN_MEMORY else ()


def key_hash_sql(key: tuple[str, ...], cells: pa.Table) -> str:
    """SQL for a number that rows with one key share. Trimming is dear, so it is left out where no text would be shorter."""
    is_trimmed = all(_is_trimmed(cells.column(name)) for name in key)
    return f"hash({_listed(key) if is_trimmed else _trimmed(key)})"


def _is_trimmed(texts: pa.ChunkedArray) -> bool:
    equal = pyarrow.compute.equal(pyarrow.compute.utf8_trim_whitespace(texts), texts)
    return pyarrow.compute.all(equal).as_py() is not False


def _has_key(recognition: Recognition) -> bool:
    key = recognition.feed.key
    return bool(key) and set(key) <= set(recognition.columns.values())


def _listed(key: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in key)


def _trimmed(key: tuple[str, ...]) -> str:
    return ", ".join(f'trim("{name}")' for name in key)


def doubled_keys(
    connection: "duckdb.DuckDBPyConnection", relation: str, recognition: Recognition, hashes: np.ndarray | None
) -> list[Finding]:
    """How many rows have the key of another one, if any.

    Args:
        connection: Where to work.
        relation: SQL over the file's rows in raw Parquet.
        recognition: What they are.
        hashes: What `key_hash_sql` said of each row, in any order; it is sorted here.

    """
    if not _has_key(recognition):
        return []
    key = recognition.feed.key
    doubled = _count_in_memory(hashes) if hashes is not None else _count(connection, relation, key)
    if not doubled:
        return []
    first = connection.execute(
        f"select min(number) from (select row_number() over (partition by {_trimmed(key)} order by file_row_number) as n, "
        f"file_row_number + 1 as number from {relation}) where n > 1"
    ).fetchone()[0]
    message = (
        f"{doubled} rows have the key ({', '.join(key)}) of another row of the file (first in record {first}): one "
        "row stands for the record; remedy: export each record once, or declare the key that tells them apart"
    )
    return [Finding("doubled_key", None, doubled, message)]


def _count(connection: "duckdb.DuckDBPyConnection", relation: str, key: tuple[str, ...]) -> int:
    return connection.execute(f"select count(*) - count(distinct hash({_trimmed(key)})) from {relation}").fetchone()[0]


def _count_in_memory(hashes: np.ndarray) -> int:
    """Rows less distinct values. Sorting numbers in place is several times as fast as a table of the distinct ones."""
    if not hashes.size:
        return 0
    middle = hashes.size // 2
    # All in the first half are then at most what is in the second: each is sorted by a thread of its own.
    hashes.partition(middle)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(np.ndarray.sort, (hashes[:middle], hashes[middle:])))
    return int(np.count_nonzero(hashes[1:] == hashes[:-1]))
