"""Landing beside dlt into DuckDB on the same files, and the whole night beside a pandas script that stores and checks nothing.

    python -m benchmarks.loads [--leads N …] [--repetitions N] [--gigabytes N]

`make bench-others` makes the environment that the two scripts of `benchmarks/others/` run in. All processes may take the same
memory; one that does not end within it is said to fail, which the pandas script is expected to from some size on.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.processes import Run, run, run_python
from orchestration.demo.company import generate
from orchestration.settings import PROJECT_DIR

OTHERS = PROJECT_DIR / "benchmarks" / "others"
PYTHON = PROJECT_DIR / ".venv-others" / "bin" / "python"
_TANDEM = "from orchestration.cli import app; app()"


def measure(leads: int, repetitions: int, gigabytes: int) -> None:
    """One row per measurement, in turn."""
    with tempfile.TemporaryDirectory(prefix="loads-bench-") as scratch:
        folder = Path(scratch)
        exports = folder / "exports"
        generate(exports, leads=leads, nights=1, seed=7)
        print(f"{leads} leads, {sum(path.stat().st_size for path in exports.rglob('*.csv')) / 1e6:.0f} MB of CSV", flush=True)
        lands, loads = [], []
        for number in range(repetitions):
            place = {"TANDEM_HOME": str(folder / f"home{number}")}
            lands.append(run_python("-c", _TANDEM, "land", "--exports", str(exports), environment=place))
            dlt_home = {"HOME": str(folder / f"dlt{number}"), "RUNTIME__DLTHUB_TELEMETRY": "false", "PYTHONPATH": ""}
            command = [str(PYTHON), str(OTHERS / "load_with_dlt.py"), str(exports), str(folder / f"dlt{number}.duckdb")]
            loads.append(run(command, dlt_home))
        print(f"  tandem land: {lands[-1]}\n  dlt → DuckDB: {loads[-1]}")
        ratios = [load.seconds / land.seconds for load, land in zip(loads, lands, strict=True)]
        cpu = [load.cpu_seconds / land.cpu_seconds for load, land in zip(loads, lands, strict=True)]
        print(f"  dlt / landing = {statistics.median(ratios):.2f} (of processor time {statistics.median(cpu):.2f})", flush=True)
        night = ("-c", _TANDEM, "nightly", "--exports", str(exports), "--home", str(folder / "night"))
        _say("night", lambda: run_python(*night, gigabytes=gigabytes))
        script = [str(PYTHON), str(OTHERS / "funnel_with_pandas.py"), str(exports)]
        _say("pandas script", lambda: run(script, {"PYTHONPATH": ""}, gigabytes=gigabytes))


def _say(what: str, measured: Callable[[], Run]) -> None:
    try:
        print(f"  {what}: {measured()}", flush=True)
    except RuntimeError:
        print(f"  {what}: did not end within its memory", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, action="append", help="may be repeated; 20 000 and 1 000 000 unless given")
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--gigabytes", type=int, default=8)
    options = parser.parse_args(arguments)
    for leads in options.leads or [20_000, 1_000_000]:
        measure(leads, options.repetitions, options.gigabytes)


if __name__ == "__main__":
    main()
