"""What dbt's Python models read, as frames that are no larger than they need be."""

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from orchestration.science.resampling import key_hashes


def read_frame(relation: duckdb.DuckDBPyRelation, columns: Sequence[str], key: str) -> pd.DataFrame:
    """These columns of a relation for estimates: decimals as floats, texts as sorted categories, the key as `key_hashes` says.

    By way of Arrow: on DuckDB's own way each text is an object of Python's for a while, ten times as large.
    """
    kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
    numbers = {name for name in columns if kinds[name].startswith("DECIMAL")}
    listed = ", ".join(f'cast("{name}" as double) as "{name}"' if name in numbers else f'"{name}"' for name in columns)
    table = relation.project(listed).to_arrow_table()
    hashes = [key_hashes(chunk.to_pandas()) for batch in table.select([key]).to_batches(100_000) for chunk in batch.columns]
    place = table.column_names.index(key)
    table = table.remove_column(place)
    found = table.to_pandas(date_as_object=False, strings_to_categorical=True, split_blocks=True, self_destruct=True)
    for name in columns:
        if kinds[name] == "VARCHAR" and name != key:
            found[name] = found[name].cat.reorder_categories(found[name].cat.categories.sort_values())
    found.insert(place, key, np.concatenate(hashes) if hashes else np.array([], dtype=np.uint64))
    return found
