"""Whole columns of days and local times in the notation that every locale reads, read at once before any row is looked at."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute

TIMES = ("date", "timestamp")
# 2026-09-30, 2026-09-30 08:15, 2026-09-30 08:15:00: of these lengths Arrow reads no other notation.
_LENGTHS = {10, 16, 19, None}
# 2026-09-30T08:15:00Z, 2026-09-30T08:15:00.000Z.
_LENGTHS_IN_UTC = {20, 24, None}
# An earlier year is nobody's meaning (`normalise.py`).
_FIRST_YEAR = "1000"


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
    if not _has_lengths(texts, _LENGTHS):
        return None
    try:
        return texts.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return None


def told_in_utc(cells: pa.Table, columns: Iterable[str]) -> frozenset[str]:
    """Those columns in which every text is a time that says of itself that it is UTC: nothing about it can be unusual."""
    return frozenset(name for name in columns if _is_told_in_utc(cells.column(name)))


def _is_told_in_utc(texts: pa.ChunkedArray) -> bool:
    # Of no texts at all it is neither true nor false.
    if not _has_lengths(texts, _LENGTHS_IN_UTC) or pyarrow.compute.all(pyarrow.compute.ends_with(texts, "Z")).as_py() is False:
        return False
    try:
        texts.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        return False
    first = pyarrow.compute.min(texts).as_py()
    return first is None or first >= _FIRST_YEAR


def _has_lengths(texts: pa.ChunkedArray, lengths: set[int | None]) -> bool:
    return set(pyarrow.compute.unique(pyarrow.compute.binary_length(texts)).to_pylist()) <= lengths
