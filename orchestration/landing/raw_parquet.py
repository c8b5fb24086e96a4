"""How raw Parquet is written, and the one column of it that no export delivered."""

# A dictionary of more texts than this costs more to build than it saves.
_DICTIONARY_TEXTS = 2048
_DICTIONARY_BYTES, LEAST_DICTIONARY_BYTES = 1 << 18, 1 << 14

# Beside the delivered cells: a sum of the two below, zero for nearly every row. Only rows with a mark are looked at again, so
# that a file is not read twice. It follows from the row's cells and its profile; nothing outside this room reads it.
MARK = "_mark"
MAY_BE_NO_RECORD, HAS_UNUSUAL_VALUE = 1, 2


def parquet_options(n_bytes: int) -> str:
    """SQL for how Parquet is written from `n_bytes` of text.

    The writer takes a dictionary's memory for each column at once: a small file can't fill the usual megabyte. Nobody looks a
    single value up in raw, so filters for that are left out; the second version stores texts and row numbers in less.
    """
    dictionary_bytes = min(_DICTIONARY_BYTES, max(LEAST_DICTIONARY_BYTES, n_bytes))
    return (
        "(format parquet, compression zstd, compression_level 1, parquet_version v2, write_bloom_filter false, "
        f"dictionary_size_limit {_DICTIONARY_TEXTS}, string_dictionary_page_size_limit {dictionary_bytes})"
    )


def marked_sql(source: str, mark: int) -> str:
    """SQL over the rows of raw Parquet that have a mark, with their row numbers; blocks without marks are passed over."""
    both = MAY_BE_NO_RECORD + HAS_UNUSUAL_VALUE
    return f"(select *, file_row_number from {source} where {MARK} > 0 and {MARK} in ({mark}, {both}))"
