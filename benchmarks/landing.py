"""Landing ten million rows beside DuckDB's bare read_csv to Parquet with all columns as text, both as whole processes.

    python -m benchmarks.landing [--rows N] [--pairs N]

The two run in turn; each pair gives a ratio, the median counts. Then the same file is landed again, as it lies there and as a
copy, beside hashing it, and once more with five wrong rows in it.
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

import duckdb

from benchmarks.processes import Run, run_python

_TANDEM = "from orchestration.cli import app; app()"
_BARE = """
import duckdb, sys
source, target, codec = sys.argv[1:]
duckdb.execute(f"copy (from read_csv('{source}', all_varchar = true)) to '{target}' (format parquet, compression {codec})")
"""
_HASH = "import hashlib, sys; print(hashlib.file_digest(open(sys.argv[1], 'rb'), 'sha256').hexdigest())"
_WRONG_ROWS = 5


def write_leads(target: Path, rows: int) -> None:
    """Six columns, one a local time: some 48 bytes a row."""
    duckdb.execute(
        f"""copy (select printf('%08d', range) as lead_id,
            (timestamp '2024-01-01' + to_seconds(range * 7))::varchar as created_at,
            'origin ' || (range % 7) as origin_channel, 'S' || (range % 9) as status, range % 1000 as owner_id,
            range % 77 as company_name from range({rows})) to '{target}' (header, delimiter ',')"""
    )


def with_wrong_rows(source: Path, target: Path, rows: int) -> None:
    """The same file, of which five rows, evenly spread, lack their last cells."""
    wrong = {1 + number * (rows // _WRONG_ROWS) for number in range(_WRONG_ROWS)}
    with source.open("rb") as lines, target.open("wb") as stream:
        for number, line in enumerate(lines):
            stream.write(line.split(b",")[0] + b",short\n" if number in wrong else line)


def measure(folder: Path, rows: int, pairs: int) -> None:
    """Print a row per measurement."""
    exports, home, bare = folder / "exports", folder / "home", folder / "bare.parquet"
    exports.mkdir()
    file = exports / "leads-2026-09-30.csv"
    write_leads(file, rows)
    print(f"{rows} rows, {file.stat().st_size / 1e6:.0f} MB, {pairs} pairs in turn; medians")
    lands, bares = [], {"zstd": [], "snappy": []}
    for number in range(pairs):
        for codec, runs in bares.items():
            runs.append(run_python("-c", _BARE, str(file), str(bare), codec))
        lands.append(run_python("-c", _TANDEM, "land", "--home", str(home / str(number)), "--exports", str(exports)))
    _say("tandem land", lands)
    for codec, runs in bares.items():
        _say(f"bare read_csv to Parquet, {codec}", runs)
        pairwise = [(a.seconds / b.seconds, a.cpu_seconds / b.cpu_seconds) for a, b in zip(lands, runs, strict=True)]
        seconds, cpu = (statistics.median(values) for values in zip(*pairwise, strict=True))
        print(f"  landing / bare {codec} = {seconds:.2f} (of processor time {cpu:.2f})")
    again = [run_python("-c", _TANDEM, "land", "--home", str(home / "0"), "--exports", str(exports)) for _ in range(pairs)]
    copies = folder / "copies"
    copies.mkdir()
    shutil.copyfile(file, copies / file.name)
    copied = [
        run_python("-c", _TANDEM, "land", "--home", str(home / str(number)), "--exports", str(copies))
        for number in range(pairs)
    ]
    hashing = [run_python("-c", _HASH, str(file)) for _ in range(pairs)]
    _say("landed again", again)
    _say("a copy landed", copied)
    _say("hashed", hashing)
    wrong = folder / "wrong"
    wrong.mkdir()
    with_wrong_rows(file, wrong / file.name, rows)
    _say(
        f"with {_WRONG_ROWS} wrong rows",
        [run_python("-c", _TANDEM, "land", "--home", str(home / "wrong"), "--exports", str(wrong))],
    )


def _say(what: str, runs: list[Run]) -> None:
    seconds, cpu = (statistics.median(getattr(item, name) for item in runs) for name in ("seconds", "cpu_seconds"))
    print(f"  {what}: {seconds:.2f} s, {cpu:.2f} s of processor time, {max(item.peak_bytes for item in runs) / 1e9:.2f} GB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="landing-bench-") as scratch:
        measure(Path(scratch), given.rows, given.pairs)
