"""A delivered file written anew from its rows in raw, as CSV: for one whose original is no longer kept.

It has the contracted columns under the profile's own headers, so that the profile reads it as it read the original.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from orchestration.engine import open_duckdb
from orchestration.landing.profiles import Feed
from orchestration.landing.row_versions import Stored, quoted, segments_sql, sightings_sql


def write_original(target: Path, feed: Feed, language: str | None, stored: Stored, at: str, numbers: Sequence[int]) -> None:
    """Write one file's rows, compressed.

    Args:
        target: Where the original was.
        feed: What it is of.
        language: Of its headers.
        stored: The feed's rows and when they were seen.
        at: The file's extract time.
        numbers: The file's own segments; of a delta feed they are all its rows.

    """
    with open_duckdb() as connection:
        paths = ", ".join(quoted(path) for _, path in stored.segments)
        described = connection.execute(f"describe from read_parquet([{paths}], union_by_name = true)").fetchall()
        present = [row[0] for row in described if row[0] in feed.columns]
        rows = segments_sql(stored.segments, present)
        if feed.delivery == "full":
            kept = (
                f"join {sightings_sql(stored)} as seen using (segment, row_no) "
                f"where timestamp {quoted(at)} between first_at and last_at"
            )
        else:
            kept = f"where segment in ({', '.join(map(str, numbers)) or 'null'})"
        headers = {name: _header(feed, name, language) for name in present}
        listed = ", ".join(f'"{name}" as "{header.replace(chr(34), chr(34) * 2)}"' for name, header in headers.items())
        plain = target.with_name(target.name + ".csv")
        connection.execute(
            f"copy (select {listed} from {rows} as rows {kept} order by segment, row_no) "
            f"to {quoted(plain)} (format csv, header true, force_quote *)"
        )
    unfinished = target.with_name(target.name + ".tmp")
    with plain.open("rb") as stream, pa.output_stream(str(unfinished), compression="zstd") as packed:
        packed.write(stream.read())
    plain.unlink()
    unfinished.replace(target)


def _header(feed: Feed, name: str, language: str | None) -> str:
    headers = feed.columns[name].header
    return (headers.get(language or "") or next(iter(headers.values())))[0]
