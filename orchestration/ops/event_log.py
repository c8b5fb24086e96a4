"""Dagster's SQLite event log with its connections kept open, for nights that run in one process.

The shipped storage makes a new engine for every event, so each of a night's thousand events compiles its SQL and opens
its file anew: half of what a night spent in Dagster. Production with a daemon uses Postgres instead.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster import EventLogEntry

# The path that Dagster's own dagster.yaml documentation names for this class.
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event


class PooledSqliteEventLogStorage(SqliteEventLogStorage):
    """One engine per database file, kept for as long as the storage lives; the files are the shipped storage's own."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        # A batch has transactions in two files at once, both under this lock.
        self._db_lock = threading.RLock()

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "PooledSqliteEventLogStorage":
        """Made from dagster.yaml; the shipped class names itself here."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the schema has this table; the shipped class opens the file and asks it for every event."""
        tables: set[str] = self.__dict__.setdefault("_tables", set())
        if table_name not in tables and super().has_table(table_name):
            tables.add(table_name)
        return table_name in tables

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction per file; the shipped class makes up to three for each event."""
        with ExitStack() as transactions:
            self._batch = threading.get_ident(), {}, transactions
            try:
                for event_ in events:
                    self.store_event(event_)
            finally:
                del self._batch

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        thread, open_shards, transactions = self.__dict__.get("_batch", (None, {}, None))
        if thread != threading.get_ident():
            with self._transaction(shard) as connection:
                yield connection
            return
        if shard not in open_shards:
            open_shards[shard] = transactions.enter_context(self._transaction(shard))
        yield open_shards[shard]

    @contextmanager
    def _transaction(self, shard: str) -> Iterator[Connection]:
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
