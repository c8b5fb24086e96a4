"""A query's rows to a CSV file through DuckDB, in the query's order.

What is special about a vendor's files belongs to that vendor's module.
"""

from pathlib import Path

import duckdb


def copy_csv(connection: duckdb.DuckDBPyConnection, query: str, target: Path, *options: str) -> None:
    """Write the rows with a header line, quoting where CSV needs it.

    Args:
        connection: Where the query's tables are.
        query: Its column names become the header.
        target: Replaced if it exists.
        *options: More options of DuckDB's COPY.
    """
    path = str(target).replace("'", "''")
    connection.execute(f"copy ({query}) to '{path}' ({', '.join(('format csv', 'header', *options))})")
