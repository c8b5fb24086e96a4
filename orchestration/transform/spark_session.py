"""The Spark session of a night: on the cluster that the settings name, with one meaning of time and type on every engine.

Needs the `spark` extra; nothing imports PySpark unless a night asks for this engine.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from orchestration.settings import Settings


class SparkUnavailableError(ValueError):
    """Spark is not installed, or its master does not answer (exit code 4)."""


def require_spark(settings: Settings) -> None:
    """Ask before anything runs whether a night could be built on Spark.

    Raises:
        SparkUnavailableError: the extra is not installed, or no master answers.

    """
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise SparkUnavailableError("engine 'spark' needs the spark extra: pip install -r requirements-spark.lock") from error
    address = urlparse(settings.spark_master)
    if address.scheme != "spark":
        return
    for place in address.netloc.split(","):
        host, _, port = place.partition(":")
        try:
            socket.create_connection((host, int(port or 7077)), timeout=5).close()
        except OSError:
            continue
        return
    raise SparkUnavailableError(
        f"no Spark master answers at {settings.spark_master}: start one with `make spark-up`, "
        "or name yours in TANDEM_SPARK_MASTER ('local[2]' needs none)"
    )


@contextmanager
def spark_session(settings: Settings, folder: Path) -> Iterator[Any]:
    """A session whose tables are Parquet files in `folder`, which every worker must see under the same path.

    The catalog lives as long as the session: everything after raw is built anew each night.
    """
    from pyspark.sql import SparkSession

    if urlparse(settings.spark_master).hostname in (None, "127.0.0.1", "localhost"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    options = {
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.executor.memory": settings.spark_executor_memory,
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": str(settings.spark_shuffle_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **_pairs(settings.spark_options),
    }
    builder = SparkSession.builder.master(settings.spark_master).appName("tandem")
    for key, value in options.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


def _pairs(options: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in options.split() if "=" in pair)
