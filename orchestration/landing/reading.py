"""What the limited child process does: one delivered file to its parts, one part to Parquet of text, Parquet into row versions.

The parent (`land_file.py`) decides where things go and what the ledger says; nothing here touches ledger or quarantine.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatch
from itertools import count, islice
from pathlib import Path

import duckdb
import yaml

from orchestration.engine import open_duckdb
from orchestration.landing import archives, json_records, spreadsheets
from orchestration.landing.cells import places_in_source, write_plain_csv
from orchestration.landing.csv_reader import split_file
from orchestration.landing.csv_records import RETYPED_ROWS, CsvRecords, read_csv_records
from orchestration.landing.decode import Decoded, DecodeError, decode
from orchestration.landing.dialect import Dialect
from orchestration.landing.doubled_keys import doubled_keys
from orchestration.landing.header_surroundings import require_one_line_end, rows_above, text_rows_above
from orchestration.landing.ledger import Finding
from orchestration.landing.moments import TIMES
from orchestration.landing.normalise import latest_time, notice
from orchestration.landing.parts import LoadResult, Match, Part, Recognition
from orchestration.landing.profiles import Profile
from orchestration.landing.propose import Proposal, is_positional, propose
from orchestration.landing.raw_parquet import HAS_UNUSUAL_VALUE, marked_sql
from orchestration.landing.recognise import MAX_COLUMNS, recognise, recognise_rows
from orchestration.landing.refused import RefusedError
from orchestration.landing.row_versions import Stored, add_extract, add_sighting, quoted
from orchestration.landing.sniff import Sniffed, sniff, table_of_rows

# Of a column's values: above it the column is another one, below it some cells are wrong.
_RETYPED_SHARE = 0.5
_HEAD_BYTES = 262_144
_ROWS_FOR_KEYS = 2_000_000
_KEPT_BY_ALLOCATOR = "16GB"
_PLAIN = Dialect(delimiter=",", quote='"', escape='"', newline="\n", preamble_lines=0, header_lines=0, footnote_lines=0)


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
        self._connection = open_duckdb(config={"memory_limit": self.memory_limit, "temp_directory": str(self.folder)})
        self._connection.execute("set preserve_insertion_order = true")
        # Memory that one block of rows gave back serves the next one: this process lives for a landing only.
        for setting in ("allocator_flush_threshold", "allocator_bulk_deallocation_flush_threshold"):
            self._connection.execute(f"set {setting} = '{_KEPT_BY_ALLOCATOR}'")
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
            raise RefusedError("empty_file", f"{name}: line 1: the file is empty; remedy: export it again")
        if spreadsheets.is_workbook(path):
            return self._workbook_parts(path, name)
        with path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        if is_parquet:
            return [self._parquet_part(path, name)]
        decoded, head = self._decoded(path, name)
        if json_records.is_json(head):
            return [self._json_part(decoded.path, decoded.encoding, name)]
        text = head.decode("utf-8", errors="replace")
        recognition = recognise(text, name, self.profiles.values())
        require_one_line_end(text, recognition.dialect, name)
        notes = text_rows_above(text, recognition.dialect, recognition.header, name)
        return [Part(recognition, decoded.path, recognition.dialect, "csv", decoded.encoding, findings=tuple(notes))]

    def profile(self, path: Path, name: str, day: str) -> list[Match] | Proposal:
        """The feeds that are within a file, with the evidence; a proposal for a file that is none.

        Raises:
            RefusedError: a feed that breaks its contract, or nothing of which a profile could be made.

        """
        if archives.archive_kind(path, name) is not None:
            raise RefusedError("archive", f"{name}: an archive; remedy: give one of the files in it")
        try:
            parts = self.parts(path, name)
        except RefusedError as refusal:
            if refusal.code != "not_a_feed" and self._is_named_after(refusal.feed, name):
                raise
            if refusal.code not in ("not_a_feed", "missing_column"):
                raise
            return self._propose(path, name, day)
        return [_match(part) for part in parts]

    def _is_named_after(self, feed: str | None, name: str) -> bool:
        """Whether a file that lacks columns of a feed is called like it: then it is a broken one, and no other kind of file."""
        vendor, _, entity = (feed or "/").partition("/")
        patterns = self.profiles[vendor].feeds[entity].files if vendor in self.profiles else []
        return any(fnmatch(name.casefold(), pattern.casefold()) for pattern in patterns)

    def _decoded(self, path: Path, name: str) -> tuple[Decoded, bytes]:
        """A file as UTF-8 text, and its first part."""
        try:
            decoded = decode(path, self._new_file(".txt"))
        except DecodeError as error:
            raise RefusedError(error.code, f"{name}: {error}") from error
        with decoded.path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head.strip():
            raise RefusedError("empty_file", f"{name}: line 1: nothing but blanks; remedy: export it again")
        return decoded, head

    def _propose(self, path: Path, name: str, day: str) -> Proposal:
        if spreadsheets.is_workbook(path):
            sheets = sorted(spreadsheets.read_sheets(path, name), key=lambda sheet: len(sheet.rows), reverse=True)
            return self._propose_rows([list(row) for row in sheets[0].rows] if sheets else [], name, day)
        with path.open("rb") as stream:
            is_parquet = stream.read(4) == b"PAR1"
        if is_parquet:
            source = f"read_parquet({quoted(path)}, hive_partitioning = false)"
            columns = [column[0] for column in self._connection.execute(f"describe select * from {source}").fetchall()]
            rows = self._connection.execute(f"select columns(*)::varchar from {source} limit 5000").fetchall()
            return self._propose_rows([columns, *([cell or "" for cell in row] for row in rows)], name, day)
        decoded, head = self._decoded(path, name)
        if json_records.is_json(head):
            records = json_records.read_records(decoded.path, name)
            return self._propose_rows([records.header, *islice(records.rows(), _ROWS_FOR_KEYS)], name, day)
        return self._propose_text(decoded.path, head, name, day)

    def _propose_rows(self, rows: list[list[str]], name: str, day: str) -> Proposal:
        table = table_of_rows(rows)
        if table is None:
            raise RefusedError("no_table", f"{name}: line 1: no table in it; remedy: export it with a header and rows")
        self._require_sound(table, name)
        if table.dialect.header_lines > 1:
            raise RefusedError(
                "several_header_rows",
                f"{name}: line {table.dialect.preamble_lines + 1}: a header of several rows; remedy: leave one in the sheet",
            )
        keys = _unique_columns(table.rows, table.width)
        return propose(table, name, day, self.profiles, keys, declare_dialect=False)

    def _propose_text(self, path: Path, head: bytes, name: str, day: str) -> Proposal:
        text = head.decode("utf-8", errors="replace")
        table = sniff(text, is_whole=path.stat().st_size <= len(head))
        if table is None:
            raise RefusedError("no_table", f"{name}: line 1: no separator makes columns of it; remedy: export it as a table")
        self._require_sound(table, name)
        rows = (record.cells for record in split_file(path, table.dialect, table.width) if len(record.cells) == table.width)
        keys = _unique_columns(islice(rows, _ROWS_FOR_KEYS), table.width)
        proposal = propose(table, name, day, self.profiles, keys, declare_dialect=False)
        if is_positional(table) or self._is_found_again(proposal, table, text, name):
            return proposal
        return propose(table, name, day, self.profiles, keys, declare_dialect=True)

    def _is_found_again(self, proposal: Proposal, table: Sniffed, text: str, name: str) -> bool:
        """Whether the reader, given the proposed profile without a dialect, reads the file as the proposal means it."""
        profile = Profile.model_validate(yaml.safe_load(proposal.yaml))
        try:
            found = recognise(text, name, [*self.profiles.values(), profile])
        except RefusedError:
            return False
        return found.feed.name == f"{proposal.vendor}/{proposal.entity}" and (
            (found.dialect, len(found.header)) == (replace(table.dialect, newline=found.dialect.newline), table.width)
        )

    @staticmethod
    def _require_sound(table: Sniffed, name: str) -> None:
        if table.width > MAX_COLUMNS:
            raise RefusedError("too_many_columns", f"{name}: line 1: {table.width} columns; remedy: export only what is needed")
        if table.faults:
            code, message = table.faults[0]
            raise RefusedError(
                code, f"{name}: {message}; remedy: mend the header, or declare a dialect in seeds/export_profiles/"
            )

    def _workbook_parts(self, path: Path, name: str) -> list[Part]:
        parts, refusals, notes = [], [], []
        for sheet in spreadsheets.read_sheets(path, name):
            notes += [Finding(code, None, 1, message) for code, message in sheet.notes]
            if not any(any(row) for row in sheet.rows):
                continue
            place = f"{name}: sheet '{sheet.name}'"
            try:
                recognition = recognise_rows(sheet.rows, place, self.profiles.values())
                above, below = sheet.rows[: recognition.header_line], sheet.rows[recognition.header_line + 1 :]
                found = rows_above(above, recognition.header, len(below), place)
            except RefusedError as refusal:
                refusals.append((sheet.name, refusal))
                continue
            part = self._table_part(recognition, below, "workbook", sheet=sheet)
            # A sheet's rows are counted from 1.
            places = range(recognition.header_line + 2, len(sheet.rows) + 1)
            parts.append(replace(part, places=places, findings=tuple(found)))
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
        return replace(part, encoding=encoding, findings=notes, rejected=tuple(records.rejected), places=records.places)

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
        try:
            self._connection.execute(
                f"copy (select {texts} from {source}) to {quoted(target)} (format csv, header true, force_quote *)"
            )
        except duckdb.Error as error:
            # Its text may hold values of the file.
            raise RefusedError("damaged_parquet", f"{name}: its pages are not readable; remedy: export it again") from error
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
        columns = recognition.feed.columns
        numeric = [place for place, column in recognition.columns.items() if columns[column].type in ("integer", "decimal")]
        write_plain_csv(target, rows, recognition.profile.locale(recognition.language).decimal, numeric)
        return Part(recognition, target, _PLAIN, kind, sheet=sheet.name if sheet else None)

    @staticmethod
    def _serial_days_to_text(
        recognition: Recognition, rows: Iterable[list[str]], sheet: spreadsheets.Sheet
    ) -> Iterator[list[str]]:
        types = {position: recognition.feed.columns[name].type for position, name in recognition.columns.items()}
        days = [position for position, kind in types.items() if kind in TIMES]
        for row in rows:
            for position in days:
                cell = row[position]
                if type(cell) is spreadsheets.NumberText and spreadsheets.is_serial_day(cell):
                    row[position] = spreadsheets.day_of_serial(cell, sheet.epoch)
            yield row

    def load(self, part: Part, name: str, target: Path) -> LoadResult:
        """Write the contracted columns of a part as Parquet of text; what is not data or broken is left out and counted."""
        recognition = part.recognition
        records = read_csv_records(self._connection, part.text, part.dialect, recognition, name, target)
        relation = f"read_parquet({quoted(target)})"
        noticed = notice(
            self._connection, marked_sql(relation, HAS_UNUSUAL_VALUE), recognition.profile, recognition.feed,
            recognition.language, recognition.columns.values(),
        )  # fmt: skip
        self._require_types(noticed, relation, recognition, part)
        lines = records.lines_of(row for finding in noticed for row in finding.lines)
        records.findings += [replace(item, lines=tuple(lines[row] for row in item.lines)) for item in noticed]
        if part.places is not None:
            _name_places(records, part)
        findings = [
            *part.findings,
            *records.findings,
            *doubled_keys(self._connection, relation, recognition, records.key_hashes),
            *(
                Finding("extra_column", header, 0, f"column '{header}' is not in the profile: kept in the original only")
                for header in recognition.extra_columns.values()
            ),
        ]
        rejected = sorted([*part.rejected, *records.rejected])
        return LoadResult(records.rows_loaded + len(rejected), records.rows_loaded, records.rows_skipped, rejected, findings)

    def _require_types(self, noticed: list[Finding], relation: str, recognition: Recognition, part: Part) -> None:
        """A required column of which most values are not of the declared type was retyped: its feed is refused."""
        for item in noticed:
            if item.code != "unreadable_value" or not recognition.feed.columns[item.column].required:
                continue
            filled = self._connection.execute(f'select count("{item.column}") from {relation}').fetchone()[0]
            if item.n_rows >= RETYPED_ROWS and item.n_rows > _RETYPED_SHARE * filled:
                place = next(place for place, name in recognition.columns.items() if name == item.column)
                raise RefusedError(
                    "retyped_column",
                    f"line {recognition.header_line + 1}: column '{recognition.header[place].strip()}' of feed "
                    f"{recognition.feed.name}: {item.n_rows} of {filled} values are not a "
                    f"{recognition.feed.columns[item.column].type}; remedy: export it as before, or declare its new "
                    "notation in seeds/export_profiles/",
                    recognition.feed.name,
                )

    def latest_time(self, part: Part, rows: Path) -> str | None:
        """The latest time in a part's rows, where its feed says that the extract time follows from it."""
        recognition = part.recognition
        return latest_time(
            self._connection, f"read_parquet({quoted(rows)})", recognition.profile, recognition.feed, recognition.language,
            recognition.columns.values(),
        )  # fmt: skip

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


def _name_places(records: CsvRecords, part: Part) -> None:
    """Rows of sheets and JSON are named by their place in the delivered file, not in the text written from it."""
    lines = {line for line, _, _ in records.rejected}.union(*(finding.lines for finding in records.findings))
    places = places_in_source(part.text, lines, part.places)
    records.rejected = [(places[line], reason, text) for line, reason, text in records.rejected]
    records.findings = [replace(finding, lines=tuple(places[line] for line in finding.lines)) for finding in records.findings]


def _unique_columns(rows: Iterable[list[str]], width: int) -> list[int]:
    """Columns that are filled and differ in every row."""
    seen: dict[int, set[str]] = {position: set() for position in range(width)}
    n_rows = 0
    for row in rows:
        n_rows += 1
        for position in list(seen):
            cell = row[position].strip()
            if not cell or cell in seen[position]:
                del seen[position]
            else:
                seen[position].add(cell)
        if not seen:
            break
    return sorted(seen) if n_rows > 1 else []


def _match(part: Part) -> Match:
    recognition = part.recognition
    matched = {name: recognition.header[position].strip() for position, name in sorted(recognition.columns.items())}
    return Match(
        recognition.feed.name, recognition.language, matched,
        [name for name in recognition.feed.columns if name not in matched], list(recognition.extra_columns.values()),
        part.format, part.encoding, asdict(part.dialect) if part.format == "csv" else None, part.sheet, recognition.runner_up,
    )  # fmt: skip
