"""What the limited child process does: one delivered file to its parts, one part to Parquet of text, Parquet into row versions.

The parent (`deliver.py`) decides where things go and what the ledger says; nothing here touches ledger or quarantine.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import duckdb

from orchestration.landing import archives, json_records, spreadsheets
from orchestration.landing.cells import write_plain_csv
from orchestration.landing.csv_records import CsvRecords, read_csv_records
from orchestration.landing.decode import DecodeError, decode
from orchestration.landing.dialect import Dialect
from orchestration.landing.ledger import Finding
from orchestration.landing.normalise import latest_time, notice
from orchestration.landing.profiles import Profile
from orchestration.landing.recognise import Recognition, RefusedError, recognise, recognise_rows
from orchestration.landing.row_versions import Stored, add_extract, add_sighting, quoted

_HEAD_BYTES = 262_144
_PLAIN = Dialect(delimiter=",", quote='"', escape='"', newline="\n", preamble_lines=0, header_lines=0, footnote_lines=0)


@dataclass(frozen=True)
class Part:
    """One feed's rows within a delivered file: the file itself, or one sheet of a workbook."""

    recognition: Recognition
    text: Path
    dialect: Dialect
    format: str
    encoding: str | None = None
    sheet: str | None = None
    findings: tuple[Finding, ...] = ()
    rejected: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True)
class LoadResult:
    """Counts of records, what was noticed, and the rows that were set aside (line, reason, text)."""

    rows_in: int
    rows_loaded: int
    rows_skipped: int
    rejected: list[tuple[int, str, str]]
    findings: list[Finding]


@dataclass
class Reader:
    """The methods that the parent calls."""

    profiles: Mapping[str, Profile]
    memory_limit: str
    folder: Path
    _connection: duckdb.DuckDBPyConnection = field(init=False)

    def __post_init__(self) -> None:
        """Open the engine that parses and compares."""
        # A child that replaces another one must not meet what that one left.
        self.folder = Path(tempfile.mkdtemp(dir=self.folder))
        self._connection = duckdb.connect(config={"memory_limit": self.memory_limit, "temp_directory": str(self.folder)})
        self._connection.execute("set preserve_insertion_order = true")
        self._numbers = count()

    def members(self, path: Path, name: str) -> list[archives.Member] | None:
        """The members of an archive; None when the file is none."""
        if archives.archive_kind(path, name) is None:
            return None
        return archives.open_archive(path, name, self._new_folder())

    def parts(self, path: Path, name: str) -> list[Part]:
        """The feeds within a file.

        Raises:
            RefusedError: not a feed, or one that breaks its header contract.

        """
        if path.stat().st_size == 0:
            raise RefusedError("empty_file", f"{name}: the file is empty; remedy: export it again")
        if spreadsheets.is_workbook(path):
            return self._workbook_parts(path, name)
        with path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        if is_parquet:
            return [self._parquet_part(path, name)]
        try:
            decoded = decode(path, self._new_file(".txt"))
        except DecodeError as error:
            raise RefusedError(error.code, f"{name}: {error}") from error
        with decoded.path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.strip():
            raise RefusedError("empty_file", f"{name}: nothing but blanks; remedy: export it again")
        if json_records.is_json(head):
            return [self._json_part(decoded.path, decoded.encoding, name)]
        recognition = recognise(head.decode("utf-8", errors="replace"), name, self.profiles.values())
        return [Part(recognition, decoded.path, recognition.dialect, "csv", decoded.encoding)]

    def _workbook_parts(self, path: Path, name: str) -> list[Part]:
        parts, refusals, notes = [], [], []
        for sheet in spreadsheets.read_sheets(path, name):
            notes += [Finding(code, None, 1, message) for code, message in sheet.notes]
            if not any(any(row) for row in sheet.rows):
                continue
            place = f"{name}: sheet '{sheet.name}'"
            try:
                recognition = recognise_rows(sheet.rows, place, self.profiles.values())
            except RefusedError as refusal:
                refusals.append((sheet.name, refusal))
                continue
            parts.append(self._table_part(recognition, sheet.rows[recognition.header_line + 1 :], "workbook", sheet=sheet))
        if not parts:
            known = [refusal for _, refusal in refusals if refusal.code != "not_a_feed"]
            raise (known or [r for _, r in refusals] or [RefusedError("empty_file", f"{name}: no sheet has a cell")])[0]
        for sheet_name, refusal in refusals:
            code = "sheet_not_read" if refusal.code == "not_a_feed" else refusal.code
            notes.append(Finding(code, None, 1, f"sheet '{sheet_name}' not read: {refusal}"))
        return [replace(part, findings=(*part.findings, *notes)) for part in parts]

    def _json_part(self, path: Path, encoding: str, name: str) -> Part:
        records = json_records.read_records(path, name)
        recognition = recognise_rows([records.header], name, self.profiles.values())
        part = self._table_part(recognition, records.rows(), "json")
        notes = tuple(Finding(code, None, 1, message) for code, message in records.notes)
        return replace(part, encoding=encoding, findings=notes, rejected=tuple(records.rejected))

    def _parquet_part(self, path: Path, name: str) -> Part:
        source = f"read_parquet({quoted(path)}, hive_partitioning = false)"
        try:
            columns = self._connection.execute(f"describe select * from {source}").fetchall()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise RefusedError("damaged_parquet", f"{name}: not readable ({reason}); remedy: export it again") from error
        header = [column[0] for column in columns]
        recognition = recognise_rows([header], name, self.profiles.values())
        texts = ", ".join(
            f'to_json("{column[0]}")::varchar' if column[1].startswith(("STRUCT", "MAP")) or column[1].endswith("]")
            else f'"{column[0]}"::varchar'
            for column in columns
        )  # fmt: skip
        target = self._new_file(".csv")
        self._connection.execute(
            f"copy (select {texts} from {source}) to {quoted(target)} (format csv, header true, force_quote *)"
        )
        return Part(recognition, target, replace(_PLAIN, header_lines=1), "parquet")

    def _table_part(
        self, recognition: Recognition, body: Iterable[list[str]], kind: str, sheet: spreadsheets.Sheet | None = None
    ) -> Part:
        """Rows of a format that knows numbers and days, as a plain CSV file in the notation of the feed's texts."""
        width = len(recognition.header)
        rows = ((row + [""] * width)[:width] for row in body)
        if sheet is not None:
            rows = self._serial_days_to_text(recognition, rows, sheet)
        target = self._new_file(".csv")
        write_plain_csv(target, rows, recognition.profile.locale(recognition.language).decimal)
        return Part(recognition, target, _PLAIN, kind, sheet=sheet.name if sheet else None)

    @staticmethod
    def _serial_days_to_text(
        recognition: Recognition, rows: Iterable[list[str]], sheet: spreadsheets.Sheet
    ) -> Iterator[list[str]]:
        types = {position: recognition.feed.columns[name].type for position, name in recognition.columns.items()}
        days = [position for position, kind in types.items() if kind in ("date", "timestamp")]
        for row in rows:
            for position in days:
                cell = row[position]
                if type(cell) is spreadsheets.NumberText and spreadsheets.is_serial_day(cell):
                    row[position] = spreadsheets.day_of_serial(cell, sheet.epoch)
            yield row

    def load(self, part: Part, name: str, target: Path) -> LoadResult:
        """Write the contracted columns of a part as Parquet of text; what is not data or broken is left out and counted."""
        records = read_csv_records(self._connection, part.text, part.dialect, part.recognition, name, target)
        return self._result(records, part, target)

    def _result(self, records: CsvRecords, part: Part, target: Path) -> LoadResult:
        recognition = part.recognition
        relation = f"read_parquet({quoted(target)})"
        findings = [
            *part.findings,
            *records.findings,
            *notice(self._connection, relation, recognition.profile, recognition.feed, recognition.language),
            *(
                Finding("extra_column", header, 0, f"column '{header}' is not in the profile: kept in the original only")
                for header in recognition.extra_columns.values()
            ),
        ]
        rejected = [*part.rejected, *records.rejected]
        return LoadResult(records.rows_loaded + len(rejected), records.rows_loaded, records.rows_skipped, rejected, findings)

    def latest_time(self, part: Part, rows: Path) -> str | None:
        """The latest time in a part's rows, where its feed says that the extract time follows from it."""
        recognition = part.recognition
        return latest_time(
            self._connection, f"read_parquet({quoted(rows)})", recognition.profile, recognition.feed, recognition.language
        )

    def add_extract(self, stored: Stored, rows: Path, at: str, part: Part, number: int, new_rows: Path, sighting: Path) -> int:
        """Row versions of a full export (see `row_versions.py`)."""
        feed = part.recognition.feed
        return add_extract(
            self._connection, stored, rows, at, list(feed.columns), is_keyed=bool(feed.key), new_segment=number,
            new_rows=new_rows, sighting=sighting,
        )  # fmt: skip

    def add_sighting(self, stored: Stored, seen_at: str, at: str, sighting: Path) -> None:
        """The same file under another day (see `row_versions.py`)."""
        add_sighting(self._connection, stored, seen_at, at, sighting)

    def _new_file(self, suffix: str) -> Path:
        return self.folder / f"{next(self._numbers)}{suffix}"

    def _new_folder(self) -> Path:
        folder = self.folder / f"{next(self._numbers)}"
        folder.mkdir()
        return folder
