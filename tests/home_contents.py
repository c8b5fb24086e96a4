"""What a file of a home holds, whatever its form, as one text to search."""

import gzip
import io
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq


def contents(path: Path) -> str:
    """Everything that a file holds, uncompressed, as text."""
    content = path.read_bytes()
    if path.suffix == ".zst":
        with pa.input_stream(str(path), compression="zstd") as packed:
            content = packed.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    texts = [content.decode("latin-1"), content.decode("utf-8", "replace"), content.decode("utf-16-le", "replace")]
    if content[:4] == b"PAR1":
        texts.append(str(pq.read_table(pa.BufferReader(content)).to_pylist()))
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
    if path.suffix == ".duckdb":
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as file (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'file'"
            ).fetchall()
            texts += [str(connection.execute(f'from file."{schema}"."{name}"').fetchall()) for schema, name in tables]
    return "\n".join(texts).casefold()
