"""A folder of the demo company's exports into DuckDB with dlt, as its documentation has it: DuckDB reads, Arrow carries.

    python load_with_dlt.py EXPORTS DATABASE

It is told each file's separator, encoding and the lines above its header; Tandem finds them out.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import dlt
import duckdb


def options_of(path: Path) -> str:
    """What read_csv must know of a file beside its name."""
    if path.name.startswith("linkedin_"):
        return "delim = '\t', encoding = 'utf-16', skip = 5"
    if path.name.startswith("google_ads_"):
        return "delim = ',', skip = 2"
    return f"delim = '{';' if path.name.startswith('hubspot-') else ','}'"


def rows(path: Path) -> Iterator:
    """The file's rows as Arrow batches, every column as text."""
    relation = duckdb.sql(
        f"from read_csv('{path}', all_varchar = true, header = true, null_padding = true, {options_of(path)})"
    )
    yield from relation.to_arrow_reader(100_000)


def main(exports: Path, database: Path) -> None:
    """Load every CSV, a table each."""
    pipeline = dlt.pipeline("exports", destination=dlt.destinations.duckdb(str(database)), dataset_name="raw")
    resources = [
        dlt.resource(rows(path), name=path.stem[: -len("_2026-09-30")], write_disposition="replace")
        for path in sorted(exports.rglob("*.csv"))
        if path.stem.endswith("2026-09-30")
    ]
    pipeline.run(resources).raise_on_failed_jobs()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
