"""Whole columns of days and local times in the notation that every locale reads, read at once before any row is looked at."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute

TIMES = ("date", "timestamp")
# 2026-09-30, 2026-09-30 08:15, 2026-09-30 08:15:00: of these lengths Arrow reads no other notation.
_LENGTHS = {10, 16, 19, None}


def moment_name(column: str) -> str:
    """How the moments of a column of texts are called beside it."""
    return f"_moment_{column}"


def with_moments(cells: pa.Table, columns: Iterable[str]) -> tuple[pa.Table, frozenset[str]]:
    """The cells with the moments of those columns in which every text is in that notation, and which columns these are."""
    read = set()
    for name in columns:
        moments = _read(cells.column(name))
        if moments is not None:
            cells = cells.append_column(moment_name(name), moments)
            read.add(name)
    return cells, frozenset(read)


def _read(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    if not set(pyarrow.compute.unique(pyarrow.compute.binary_length(texts)).to_pylist()) <= _LENGTHS:
        return None
    try:
        return texts.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None
