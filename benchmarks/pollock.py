"""The Pollock benchmark of CSV readers: scores of landing beside DuckDB, pandas and Python's csv on the same files.

Each file is profiled, its proposal accepted without a word from a person, and landed in a home of its own; compared is what
raw holds. Scores as by Vitagliano et al., VLDB 2023: success, and precision, recall and F1 of header, records and cells.

    python -m benchmarks.pollock ../shared/data/pollock
"""

import argparse
import csv
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import yaml
from dateutil import parser as date_parser

from orchestration.home import Home
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.landing.dialect import column_name_of_position
from orchestration.landing.ledger import Ledger
from orchestration.landing.profile_file import NotProfiledError, accept_proposal, profile_file
from orchestration.landing.profiles import Profile
from orchestration.settings import Settings

MEASURES = ("success", *(f"{part}_{kind}" for part in ("header", "record", "cell") for kind in ("precision", "recall", "f1")))
Rows = list[list[str]]
Row = tuple[str, ...]


class RefusedError(Exception):
    """The reader did not load the file."""


@dataclass
class Landed:
    """What landing made of a file: header and rows as delivered, the lines that were set aside, or why it was refused."""

    rows: Rows = field(default_factory=list)
    lines_set_aside: list[int] = field(default_factory=list)
    has_header: bool = True
    reason: str | None = None


def land_one(path: Path) -> Landed:
    """Profile a file, keep the proposal, land it; all in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="pollock-") as scratch:
        folder = Path(scratch)
        exports = folder / "exports"
        exports.mkdir()
        delivered = exports / path.name
        delivered.write_bytes(path.read_bytes())
        settings = Settings(exports=exports, export_profiles_dir=folder / "profiles", settle_seconds=0)
        try:
            found = profile_file(delivered, settings)
            if found.proposal is None:
                return Landed(reason=f"{path.name}: taken for {found.matches[0].feed}")
            accept_proposal(found.proposal, settings)
        except NotProfiledError as refusal:
            return Landed(reason=str(refusal))
        home = Home(folder / "home").prepare()
        try:
            report = land(home, settings)
        except NothingToLandError:
            reason = next(home.quarantine.glob("*.reason.json"), None)
            return Landed(reason=json.loads(reason.read_text())["reason"] if reason else "nothing landed")
        if report.refusals:
            return Landed(reason=report.refusals[0][2])
        dialect = found.proposal.dialect
        has_header = dialect is None or dialect["header_lines"] > 0
        return Landed(_raw_rows(home, found.proposal.yaml), _lines_set_aside(home), has_header)


def _raw_rows(home: Home, profile_text: str) -> Rows:
    """The delivered header, where there was one, and every row of the feed's only segment, as raw holds them."""
    profile = Profile.model_validate(yaml.safe_load(profile_text))
    feed = next(iter(profile.feeds.values()))
    header = [column.header_in("any") or "" for column in feed.columns.values()]
    if feed.is_positional and feed.dialect and feed.dialect.header_lines:
        # A blank header cell is declared by its place.
        header = ["" if cell == column_name_of_position(position) else cell for position, cell in enumerate(header)]
        while header and not header[-1]:
            header.pop()
    segment = Ledger(home.ledger).segments(feed.name)[feed.name][0]
    columns = ", ".join(f"coalesce(\"{name}\", '')" for name in feed.columns)
    path = home.raw / feed.name / f"{segment.content_hash}.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select {columns} from read_parquet('{path}', file_row_number = true) order by file_row_number"
        ).fetchall()
    return [header, *map(list, rows)]


def _lines_set_aside(home: Home) -> list[int]:
    return [
        json.loads(line)["line"]
        for kept in home.quarantine.glob("*.rows.jsonl")
        for line in kept.read_text("utf-8").splitlines()
    ]


def _duckdb_with_options(path: Path, options: dict) -> Rows:
    """As the benchmark's authors set DuckDB by hand."""
    relation = duckdb.connect().read_csv(
        str(path), delimiter=options["delimiter"], quotechar=options["quotechar"], escapechar=options["escapechar"],
        skiprows=int(options["preamble_lines"]) + int(options["header_lines"]), header=False, auto_detect=False,
        columns={name: "VARCHAR" for name in options["column_names"]}, strict_mode=False, ignore_errors=True, null_padding=True,
    )  # fmt: skip
    return _relation_rows(relation)


def _duckdb_alone(path: Path, _: dict) -> Rows:
    relation = duckdb.connect().read_csv(str(path), strict_mode=False, ignore_errors=True, null_padding=True)
    return _relation_rows(relation)


def _relation_rows(relation: duckdb.DuckDBPyConnection) -> Rows:
    frame = relation.df()
    return _frame_rows(frame)


def _frame_rows(frame: pd.DataFrame) -> Rows:
    with tempfile.NamedTemporaryFile("w+", suffix=".csv", encoding="utf-8", newline="") as written:
        frame.to_csv(written.name, index=False)
        return _read_clean(Path(written.name))


def _pandas_alone(path: Path, _: dict) -> Rows:
    return _frame_rows(pd.read_csv(path, dtype=object, on_bad_lines="skip"))


def _python_csv(path: Path, _: dict) -> Rows:
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.reader(text.splitlines(keepends=True), csv.Sniffer().sniff(text)))


READERS: dict[str, Callable[[Path, dict], Rows]] = {
    "duckdb, options by hand": _duckdb_with_options,
    "duckdb, auto-detect": _duckdb_alone,
    "pandas": _pandas_alone,
    "python csv, Sniffer": _python_csv,
}


def _read_clean(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


@cache
def normal_cell(cell: str) -> str:
    """One notation for numbers, days and texts, so that a reader that types its cells loses nothing by it."""
    if not cell.strip():
        return ""
    if cell.casefold() in ("true", "false"):
        return str(int(cell.casefold() == "true"))
    for as_number in (int, float):
        try:
            return str(as_number(cell))
        except (ValueError, OverflowError):
            continue
    try:
        return str(date_parser.parse(cell)) if any(char.isdigit() for char in cell) else cell.casefold()
    except (ValueError, OverflowError, TypeError):
        return cell.casefold()


def _overlap(expected: Iterable[str], found: Iterable[str]) -> tuple[float, float, float]:
    expected, found = Counter(expected), Counter(found)
    if not expected:
        return 1.0, 1.0, 1.0
    common = (expected & found).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / expected.total(), common / found.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def score(clean: Rows, loaded: Rows) -> dict[str, float]:
    """The benchmark's ten measures of one file (it calls the share of the clean form that was found precision)."""
    if not clean:
        return dict.fromkeys(MEASURES, 1.0)
    header = _overlap(map(normal_cell, clean[0]), map(normal_cell, loaded[0] if loaded else []))
    records = _overlap(
        ("".join(map(normal_cell, row)) for row in clean[1:]), ("".join(map(normal_cell, row)) for row in loaded[1:])
    )
    cells = _overlap((cell for row in clean for cell in row), (cell for row in loaded for cell in row))
    return dict(zip(MEASURES, (1.0, *header, *records, *cells), strict=True))


def differences(clean: Rows, landed: Landed) -> tuple[list[Row], list[Row]]:
    """Rows that landed and that the clean form has not; and rows it has that neither landed nor were set aside."""
    found = Counter(tuple(row) for row in landed.rows[1:])
    # Without a header the clean form begins with invented names, or with the first row itself.
    begins_with_row = not landed.has_header and bool(clean) and tuple(clean[0]) in found
    expected = Counter(tuple(row) for row in (clean if begins_with_row else clean[1:]) if row)
    lost = list((expected - found).elements())
    return list((found - expected).elements()), lost if len(lost) > len(landed.lines_set_aside) else []


@dataclass
class Outcome:
    """One file: what landing made of it, and everybody's scores."""

    name: str
    landed: Landed
    foreign: list[Row]
    lost: list[Row]
    scores: dict[str, dict[str, float]]


def run(folder: Path) -> list[Outcome]:
    """Every file of a folder with csv/, clean/ and parameters/."""
    return [run_one(path) for path in sorted((folder / "csv").iterdir())]


def run_one(path: Path) -> Outcome:
    """One file, through landing and the other readers."""
    clean = _read_clean(path.parents[1] / "clean" / path.name)
    options = json.loads((path.parents[1] / "parameters" / f"{path.name}_parameters.json").read_text(encoding="utf-8"))
    landed = land_one(path)
    nothing = dict.fromkeys(MEASURES, 0.0)
    scores = {"tandem": nothing if landed.reason else score(clean, landed.rows)}
    for reader, read in READERS.items():
        try:
            scores[reader] = score(clean, read(path, options))
        except (duckdb.Error, pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, UnicodeError, ValueError):
            scores[reader] = nothing
    foreign, lost = ([], []) if landed.reason else differences(clean, landed)
    return Outcome(path.name, landed, foreign, lost, scores)


def mean_scores(outcomes: list[Outcome]) -> dict[str, dict[str, float]]:
    """Reader → measure → mean over the files; `total` is the sum of the ten, as the benchmark ranks."""
    means = {}
    for reader in outcomes[0].scores:
        measures = {measure: sum(item.scores[reader][measure] for item in outcomes) / len(outcomes) for measure in MEASURES}
        means[reader] = {**measures, "total": sum(measures.values())}
    return means


def main() -> None:
    """Print the table of the report."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("data", type=Path, help="the folder with polluted/ and survey/")
    data = arguments.parse_args().data
    outcomes = [outcome for part in ("polluted", "survey") for outcome in run(data / part)]
    accepted = [outcome for outcome in outcomes if not outcome.landed.reason]
    n_set_aside = sum(len(item.landed.lines_set_aside) for item in accepted)
    different = [item.name for item in accepted if item.foreign or item.lost]
    print(f"accepted {len(accepted)} of {len(outcomes)}, {n_set_aside} rows quarantined, different: {different or 'none'}")
    for outcome in outcomes:
        if outcome.landed.reason:
            print(f"refused: {outcome.landed.reason}")
    print("\n| on accepted files | success | header F1 | record F1 | cell F1 | sum of 10 |\n|---|---|---|---|---|---|")
    for reader, means in mean_scores(accepted).items():
        print(
            f"| {reader} | "
            + " | ".join(f"{means[key]:.3f}" for key in ("success", "header_f1", "record_f1", "cell_f1", "total"))
            + " |"
        )


if __name__ == "__main__":
    sys.exit(main())
