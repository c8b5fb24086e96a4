"""From arrays to DuckDB tables: two small tools that every table shares.

Which tables there are stands in `tables.py` and `sales_tables.py`.
"""

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.engine import register


def create(
    connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table | dict, select: str = "select * from delivered"
) -> None:
    """Create a table from columns; `select` may join them, as `delivered`, with earlier tables, and must order."""
    register(connection, "delivered", rows if isinstance(rows, pa.Table) else pa.table(rows))
    connection.execute(f"create table {name} as {select}")
    connection.unregister("delivered")


def words(vocabulary: Sequence[str], positions: np.ndarray) -> pa.Array:
    """Spell out codes."""
    return pa.array(list(vocabulary), pa.string()).take(pa.array(positions))
