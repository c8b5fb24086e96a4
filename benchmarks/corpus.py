"""The corpus of bad files through Tandem, plain DuckDB auto-detection and pandas with its defaults, judged alike.

The two are judged kindly: a value left as text counts as right if some reading of it is right.
"""

import contextlib
import datetime as dt
import io
import math
import multiprocessing
import resource
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.landing.profiles import normalise_header
from tests.corpus import generate
from tests.corpus.model import COLUMNS, HEADERS, CorpusFile, Deal
from tests.corpus.scoring import score

Reader = Callable[[CorpusFile, Path], pd.DataFrame]
_PER_HOME = 80
_MOST_SECONDS, _MOST_BYTES = 10, 4 * 2**30
_VERDICTS = ("right", "named", "refused", "crashed", "different")
_TIME_FORMATS = ("%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
_NAMES = {normalise_header(h): name for headers in HEADERS.values() for h, name in zip(headers, COLUMNS, strict=True)}
_TEXT, _BOOKS, _JSON = ("csv", "csv.gz", "dat"), ("xlsx", "ods"), ("json", "jsonl")


def with_duckdb(file: CorpusFile, path: Path) -> pd.DataFrame:
    """Auto-detection; spreadsheets need an extension that is a download."""
    if file.suffix not in (*_TEXT, *_JSON):
        raise NotImplementedError
    reader = "read_json_auto" if file.suffix in _JSON else "read_csv_auto"
    with duckdb.connect() as connection:
        return connection.execute(f"select * from {reader}(?)", [str(path)]).df()


def with_pandas(file: CorpusFile, path: Path) -> pd.DataFrame:
    """The reader that the suffix asks for, without options but the field separator, which its sniffer finds."""
    if file.suffix in _BOOKS:
        if file.suffix == "ods":
            return pd.read_excel(path, engine="calamine")
        return pd.read_excel(path)
    if file.suffix in _JSON:
        return pd.read_json(path, lines=file.suffix == "jsonl")
    return pd.read_csv(path, sep=None, engine="python")


def verdict(file: CorpusFile, read: Reader, folder: Path) -> str:
    """Right, refused, different, or none when the tool has no reader for the format."""
    path = folder / file.name
    path.write_bytes(file.content)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            frame = read(file, path)
    except NotImplementedError:
        return "none"
    except Exception:
        return "refused"
    finally:
        path.unlink()
    if file.twin is None:
        return "different"
    names = [_NAMES.get(normalise_header(str(column))) for column in frame.columns]
    rows = [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False, name=None)]
    return "right" if _same_rows(rows, file.twin) else "different"


class _Apart:
    """A foreign reader in a process of its own; after a file that brings it down or holds it up the next one gets a new one."""

    def __init__(self, read: Reader, folder: Path):
        self._read, self._folder = read, folder
        self._process: multiprocessing.process.BaseProcess | None = None

    def judge(self, file: CorpusFile) -> str:
        if self._process is None:
            self._start()
        self._pipe.send(file)
        try:
            if self._pipe.poll(_MOST_SECONDS):
                return self._pipe.recv()
        except (EOFError, ConnectionError):
            pass
        self.stop()
        return "crashed"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._read, self._folder), daemon=True)
        self._process.start()
        theirs.close()
        # Its imports are no part of a file's time.
        self._pipe.recv()


def _serve(pipe: Connection, read: Reader, folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_BYTES, _MOST_BYTES))
    pipe.send("ready")
    with contextlib.suppress(EOFError):
        while True:
            pipe.send(verdict(pipe.recv(), read, folder))


def _judged_apart(files: Sequence[CorpusFile], read: Reader, folder: Path) -> list[str]:
    apart = _Apart(read, folder)
    try:
        return [apart.judge(file) for file in files]
    finally:
        apart.stop()


def _same_rows(rows: Sequence[Deal], twin: Sequence[Deal]) -> bool:
    if len(rows) != len(twin):
        return False
    left = list(twin)
    for row in rows:
        match = next((wanted for wanted in left if all(_same(name, row.get(name), wanted[name]) for name in COLUMNS)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _same(name: str, value: object, wanted: object) -> bool:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)) or value == "":
        return wanted is None
    if name == "amount":
        return wanted in _amounts(value) or str(value) == str(wanted)
    if name in ("created_at", "closed_at"):
        return _same_time(value, wanted)
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return text.replace("\r\n", "\n") == str(wanted).replace("\r\n", "\n")


def _amounts(value: object) -> set[Decimal]:
    if not isinstance(value, str):
        return {Decimal(str(value))}
    digits = "".join(mark for mark in value.replace("\u2212", "-") if mark in "0123456789.,-+()%eE")
    negative = digits.startswith("(") and digits.endswith(")")
    share = digits.endswith("%")
    found = set()
    for group, mark in ((",", "."), (".", ",")):
        with contextlib.suppress(InvalidOperation):
            number = Decimal(digits.strip("()%").replace(group, "").replace(mark, "."))
            found.add((-number if negative else number) / (100 if share else 1))
    return found


def _same_time(value: object, wanted: object) -> bool:
    if str(value) == str(wanted):
        return True
    if not isinstance(wanted, dt.datetime):
        return False
    moments = []
    if isinstance(value, str):
        for form in _TIME_FORMATS:
            with contextlib.suppress(ValueError):
                moments.append(dt.datetime.strptime(value, form))  # noqa: DTZ007 - both readings are tried below
        with contextlib.suppress(ValueError):
            moments.append(dt.datetime.fromisoformat(value))
    elif isinstance(value, dt.datetime | pd.Timestamp):
        moments.append(pd.Timestamp(value).to_pydatetime())
    utc = [moment.astimezone(dt.UTC).replace(tzinfo=None) for moment in moments if moment.tzinfo]
    local = [moment for moment in moments if not moment.tzinfo]
    paris = [moment - dt.timedelta(hours=hours) for moment in local for hours in (0, 1, 2)]
    return wanted in [*utc, *paris]


def main() -> None:
    """Print the table of the report."""
    files = generate()
    found: dict[str, dict[str, Counter]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for start in range(0, len(files), _PER_HOME):
            for outcome in score(files[start : start + _PER_HOME], folder / str(start)):
                ours = outcome.verdict if outcome.verdict in _VERDICTS else "refused"
                found.setdefault(outcome.file.family, {}).setdefault("Tandem", Counter())[ours] += 1
        for tool, read in (("DuckDB", with_duckdb), ("pandas", with_pandas)):
            for file, judged in zip(files, _judged_apart(files, read, folder), strict=True):
                found[file.family].setdefault(tool, Counter())[judged] += 1
    tools = ("Tandem", "DuckDB", "pandas")
    print(
        f"{len(files)} files in {len(found)} classes; "
        "each cell: loaded right / damaged row loaded with a finding / refused / crashed or over 10 s / silently different\n"
    )
    print("| class | files |" + "".join(f" {tool} |" for tool in tools) + "\n|---|---|" + "---|" * len(tools))
    totals: dict[str, Counter] = {tool: Counter() for tool in tools}
    for family, by_tool in sorted(found.items()):
        print(f"| {family} | {by_tool['Tandem'].total()} |" + "".join(f" {_cell(by_tool[tool])} |" for tool in tools))
        for tool in tools:
            totals[tool] += by_tool[tool]
    print(f"| **all** | {len(files)} |" + "".join(f" {_cell(totals[tool])} |" for tool in tools))


def _cell(counts: Counter) -> str:
    judged = sum(counts[kind] for kind in _VERDICTS)
    return " / ".join(str(counts[kind]) for kind in _VERDICTS) if judged else "–"


if __name__ == "__main__":
    main()
