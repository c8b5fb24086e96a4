"""One reader of published marts, a process of its own: asks all marts in one statement, again and again, until its input ends.

How it holds its connection is its kind; what it saw is one line of JSON on standard output.
"""

import contextlib
import hashlib
import json
import select
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

# As docs/bi.md tells every BI tool to connect.
CONNECT_ARGS = {
    "read_only": True,
    "config": {"enable_external_access": False, "autoinstall_known_extensions": False, "lock_configuration": True},
}
# Between two questions, as a page of charts that somebody looks at.
_PAUSE_SECONDS = 0.2
_POOL_READS = 10

Ask = Callable[[str], list[tuple]]


def question(path: Path, marts: list[str]) -> str:
    """The version, and of every mart a hash of its rows and the days that it tells of."""
    # Where file and schema have one name, DuckDB wants both.
    schema = "marts.marts" if path.stem == "marts" else "marts"
    asked = (
        "select 'published_version' as name, version as content, as_of as first_day, as_of as last_day from published_version"
    )
    for mart in marts:
        asked += f" union all select '{mart}', sum(hash(t)::hugeint)::varchar, min(as_of), max(as_of) from {schema}.{mart} as t"
    return asked


def reconnecting(path: Path) -> Iterator[Ask]:
    """A new connection for each question, closed with its answer."""

    def ask(sql: str) -> list[tuple]:
        with duckdb.connect(str(path), **CONNECT_ARGS) as connection:
            return connection.execute(sql).fetchall()

    while True:
        yield lambda sql: ask(sql)


def pooled(path: Path) -> Iterator[Ask]:
    """A connection that lives for many questions; the next is opened while the one before is still open."""
    old = None
    while True:
        connection = duckdb.connect(str(path), **CONNECT_ARGS)
        if old:
            old.close()
        ask = _asking(connection)
        yield from (ask for _ in range(_POOL_READS))
        old = connection


def sqlalchemy(path: Path) -> Iterator[Ask]:
    """As Superset does: an engine for each question, without a pool, over duckdb_engine."""

    def ask(sql: str) -> list[tuple]:
        engine = create_engine(f"duckdb:///{path}", poolclass=NullPool, connect_args=CONNECT_ARGS)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(sql))]
        engine.dispose()
        return rows

    while True:
        yield lambda sql: ask(sql)


def holding(path: Path) -> Iterator[Ask]:
    """One connection for the whole run."""
    with duckdb.connect(str(path), **CONNECT_ARGS) as connection:
        ask = _asking(connection)
        while True:
            yield ask


def _asking(connection: duckdb.DuckDBPyConnection) -> Ask:
    return lambda sql: connection.execute(sql).fetchall()


KINDS = {kind.__name__: kind for kind in (reconnecting, pooled, sqlalchemy, holding)}


def read(kind: str, path: Path, marts: list[str]) -> dict[str, Any]:
    """Ask until the input ends; one that fails is counted, unless it is the first, and a new connection is made.

    `seconds` are those of a question with its connection, where it needs a new one; `connected` are the pairs of what the link
    pointed to before a new connection was made, and the version that this one then read.
    """
    sql, seconds, errors, torn = question(path, marts), [], Counter(), 0
    seen: dict[str, set[str]] = {}
    connected: set[tuple[str, str]] = set()
    asks, last = KINDS[kind](path), None
    while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
        linked = path.readlink().name if path.is_symlink() else None
        begin = time.perf_counter()
        try:
            ask = next(asks)
            rows = ask(sql)
        except Exception as error:
            if not seconds:
                raise
            errors[f"{type(error).__name__}: {str(error).splitlines()[0]}".replace(str(path), path.name)[:120]] += 1
            with contextlib.suppress(Exception):
                asks.close()
            asks = KINDS[kind](path)
            continue
        seconds.append(time.perf_counter() - begin)
        if len(seconds) == 1:
            print("reading", flush=True)
        version = next(content for name, content, *_ in rows if name == "published_version")
        torn += len({day for row in rows for day in row[2:] if day is not None}) > 1
        seen.setdefault(version, set()).add(hashlib.sha256(repr(sorted(rows)).encode()).hexdigest())
        if linked and ask is not last:
            connected.add((linked, version))
        last = ask
    return {
        "kind": kind, "seconds": seconds, "errors": errors, "torn": torn, "connected": sorted(connected),
        "seen": {version: sorted(fingerprints) for version, fingerprints in seen.items()},
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))), flush=True)
