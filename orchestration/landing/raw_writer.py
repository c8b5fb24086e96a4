"""Raw Parquet written from Arrow, a row group at a time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from orchestration.landing.raw_parquet import LEAST_DICTIONARY_BYTES, MARK

# As DuckDB's own: enough rows for a thread's work and a dictionary's gain. Wide rows end a group earlier, by their bytes.
_GROUP_ROWS, _GROUP_BYTES = 122_880, 64 << 20


def row_groups(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The batches in groups of at least `_GROUP_ROWS` rows or `_GROUP_BYTES` bytes, but for the last; none empty."""
    waiting: list[pa.RecordBatch] = []
    n_rows = n_bytes = 0
    for batch in batches:
        waiting.append(batch)
        n_rows, n_bytes = n_rows + batch.num_rows, n_bytes + batch.nbytes
        if n_rows >= _GROUP_ROWS or n_bytes >= _GROUP_BYTES:
            yield pa.Table.from_batches(waiting, schema)
            waiting, n_rows, n_bytes = [], 0, 0
    if n_rows:
        yield pa.Table.from_batches(waiting, schema)


def raw_writer(target: Path, cells: pa.Schema) -> pyarrow.parquet.ParquetWriter:
    """A writer of cells and their mark that chooses as `parquet_options` does, at a third of the cost of DuckDB's."""
    return pyarrow.parquet.ParquetWriter(
        target, cells.append(pa.field(MARK, pa.uint8())), compression="zstd", compression_level=1,
        dictionary_pagesize_limit=LEAST_DICTIONARY_BYTES, write_statistics=[MARK],
    )  # fmt: skip
