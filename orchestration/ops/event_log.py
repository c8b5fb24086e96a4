"""Dagster's SQLite event log with its connections kept open, for nights that run in one process.

The shipped storage makes a new engine for every event, so each of a night's thousand events compiles its SQL and opens
its file anew: half of what a night spent in Dagster. Production with a daemon uses Postgres instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The path that Dagster's own dagster.yaml documentation names for this class.
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """One engine per database file, kept for as long as the storage lives; the files are the shipped storage's own."""

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PooledSqliteEventLogStorage":
        """Made from dagster.yaml; the shipped class names itself here."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        engines: dict[str, Engine] = self.__dict__.setdefault("_engines", {})
        with self._db_lock:
            engine = engines.get(shard)
            if engine is None:
                engine = engines[shard] = create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": 60})
                event.listen(engine, "connect", _wait_for_the_log_not_for_the_disk)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def dispose(self) -> None:
        """Close every file."""
        for engine in self.__dict__.pop("_engines", {}).values():
            engine.dispose()
        super().dispose()


def _wait_for_the_log_not_for_the_disk(connection: Any, _: Any) -> None:
    # In WAL mode this loses at most the last events on a power cut, never the file's integrity.
    connection.execute("pragma synchronous = normal")
