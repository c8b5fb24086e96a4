"""Read-only SQL on the published marts, for the command; BI tools open the published file themselves."""

import csv
import io
import json
from typing import Literal

import duckdb

from orchestration.engine import open_duckdb
from orchestration.home import Home


class QueryRefusedError(Exception):
    """Nothing published yet, or a statement that is not one SELECT."""


def run_query(home: Home, sql: str, form: Literal["table", "csv", "json"]) -> str:
    """Answer one SELECT as text.

    Raises:
        QueryRefusedError: nothing is published, or the text is not one query.
        duckdb.Error: the query itself is wrong; DuckDB says where.

    """
    if not home.current.exists():
        raise QueryRefusedError(f"nothing is published in {home.root} yet; run: tandem nightly --home {home.root}")
    # Read-only alone is no sandbox: files, attached databases and settings are closed too.
    config = {"enable_external_access": False, "autoinstall_known_extensions": False}
    with open_duckdb(home.current.resolve(), read_only=True, config=config) as connection:
        connection.execute("set schema = 'marts'")
        connection.execute("set lock_configuration = true")
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryRefusedError("one SELECT at a time, and nothing else")
        result = connection.execute(statements[0])
        names = [column[0] for column in result.description]
        rows = result.fetchall()
    if form == "json":
        return json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str, ensure_ascii=False) + "\n"
    if form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
        return text.getvalue()
    return _table(names, rows)


def _table(names: list[str], rows: list[tuple]) -> str:
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) if cells else len(name) for i, name in enumerate(names)]
    lines = ["  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True))]
    lines.append("  ".join("-" * width for width in widths))
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines) + "\n"
