"""Worklists for people: per steward team one workbook and one CSV, ranked, and per CRM a file that its import takes.

Written from the published marts. Values of people stay out, record ids lead back, unless a setting asks for them.
No cell is ever a formula: workbook cells are written as text, CSV text that could become one is quoted.
"""

import csv
import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import xlsxwriter

from orchestration import failpoints
from orchestration.durable import remove, swap_link
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.quality import worklist_words as words
from orchestration.quality.stewardship import FieldRule
from orchestration.quality.worklist_words import Language, say
from orchestration.settings import Settings

Row = dict[str, Any]
# What spreadsheets take for a formula, also behind blanks and in its full-width form (OWASP; ASVS 1.2.10).
_FORMULA_STARTS = "=+-@|%\uff1d\uff0b\uff0d\uff20"
_BLANKS = " \t\r\n\v\f\u00a0\u202f\u2007\ufeff\u200b"
_WIDTHS = {"rank": 7, "what": 22, "why": 62, "todo": 48, "value": 28, "record_id": 22, "link": 40, "verified": 13}
_LINE_HEIGHT = 15
_NUMBERS = ("rank", "pipeline", "minutes")
# By source the header of the record's own id in its import, and the records that the import of that name takes.
_IMPORT_IDS = {"salesforce": "Id", "hubspot": "Record ID", "hubspot_connector": "Record ID"}
_IMPORT_NAMES = {"hubspot_connector": "hubspot"}


def write_worklists(home: Home, settings: Settings, rules: Iterable[FieldRule]) -> dict[str, int]:
    """Write every team's files anew and give the number of entries per team.

    The folder is swapped in whole, by its link; it is the owner's alone, like raw.
    """
    counts, entries = _read_entries(home, settings)
    unfinished, other = home.worklist_folders
    if home.worklists.is_symlink() and home.worklists.readlink().name == unfinished.name:
        unfinished, other = other, unfinished
    remove(unfinished)
    unfinished.mkdir(mode=0o700)
    for team, count in counts.items():
        mine = [entry for entry in entries if entry["steward_team"] == team]
        shown = [_in_words(entry, settings) for entry in mine]
        note = words.LEFT_OUT[settings.language].format(shown=len(shown), all=count) if len(shown) < count else None
        name = _file_name(team)
        write_workbook(unfinished / f"{name}.xlsx", shown, settings.language, note)
        write_csv(unfinished / f"{name}.csv", shown, settings.language)
        _write_imports(unfinished / "import", name, mine, list(rules))
    failpoints.passed("after:worklists_written")
    if home.worklists.is_dir() and not home.worklists.is_symlink():
        # Of a release that had the folder itself here.
        remove(other)
        home.worklists.rename(other)
    swap_link(home.worklists, unfinished.name)
    failpoints.passed("after:worklists")
    remove(other)
    return counts


def write_workbook(path: Path, rows: Sequence[Row], language: Language, note: str | None = None) -> None:
    """One sheet, its header fixed and filterable; text is text whatever it looks like."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(path, options) as book:
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        number = book.add_format({"valign": "top", "num_format": "#,##0"})
        sheet = book.add_worksheet("Worklist" if language == "en" else "Liste de travail")
        columns = list(rows[0]) if rows else ["rank"]
        for column, name in enumerate(columns):
            sheet.set_column(column, column, _WIDTHS.get(name, 14))
            sheet.write_string(0, column, say(words.COLUMNS, name, language), head)
        sheet.set_row(0, _LINE_HEIGHT * max(_lines(name, say(words.COLUMNS, name, language)) for name in columns))
        for line, row in enumerate(rows, start=1):
            # LibreOffice does not make a row as high as its wrapped text by itself.
            sheet.set_row(line, _LINE_HEIGHT * max(_lines(name, row[name]) for name in columns))
            for column, name in enumerate(columns):
                value = row[name]
                if value is None:
                    sheet.write_blank(line, column, None, text)
                elif name in _NUMBERS:
                    sheet.write_number(line, column, value, number)
                else:
                    sheet.write_string(line, column, value, text)
        if note:
            sheet.write_string(len(rows) + 2, 1, note, text)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def write_csv(path: Path, rows: Sequence[Row], language: Language) -> None:
    """The same rows for any tool: with a byte-order mark, so that a spreadsheet reads accents; French semicolons and commas.

    Every text is quoted and no number is, so that a spreadsheet that takes quoted fields as text keeps leading zeros.
    """
    columns = list(rows[0]) if rows else ["rank"]
    delimiter = ";" if language == "fr" else ","
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        stream.write(delimiter.join(_quoted(say(words.COLUMNS, name, language)) for name in columns) + "\r\n")
        for row in rows:
            cells = (_plain(row[name], language) if name in _NUMBERS else _quoted(harmless(row[name])) for name in columns)
            stream.write(delimiter.join(cells) + "\r\n")


def _plain(value: float, language: Language) -> str:
    text = f"{value:.2f}".removesuffix(".00")
    return text.replace(".", ",") if language == "fr" else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _lines(column: str, value: str | float | None) -> int:
    """How many lines a text takes in its column; a line breaks before the word that it has no more room for."""
    width = _WIDTHS.get(column, 14)
    return sum(len(textwrap.wrap(part, width)) or 1 for part in str(value or "").split("\n")) or 1


def harmless(text: str | None) -> str:
    """A text that no spreadsheet takes for a formula, in none of its lines."""
    if not text:
        return ""
    lines = re.split(r"(\r\n|\r|\n)", text)
    return "".join(f"'{part}" if part.lstrip(_BLANKS)[:1] in tuple(_FORMULA_STARTS) else part for part in lines)


def _read_entries(home: Home, settings: Settings) -> tuple[dict[str, int], list[Row]]:
    """How many entries each team has, and those of each that are shown, in order of rank."""
    value, join = "null", ""
    with open_duckdb(home.current.resolve(), read_only=True) as connection:
        if settings.worklist_values:
            connection.execute(f"attach '{str(home.candidate).replace(chr(39), chr(39) * 2)}' as candidate (read_only)")
            value = "crm_values.field_value"
            join = (
                "left join candidate.intermediate.int_crm_values as crm_values "
                "using (source_system, entity_type, record_id, field_name)"
            )
        counts = connection.execute(
            "select steward_team, count(*) from marts.mart_crm_worklist group by steward_team order by steward_team"
        ).fetchall()
        result = connection.execute(
            f"""select worklist_rank, steward_team, entity_type, source_system, record_id, field_name, status, reason_code,
                age_days, sla_days, last_verified_at, pipeline_at_stake, minutes_to_mend, {value} as field_value
            from (
                select * from marts.mart_crm_worklist
                qualify row_number() over (partition by steward_team order by worklist_rank) <= ?
            ) {join}
            order by worklist_rank""",
            [settings.worklist_rows],
        )
        names = [column[0] for column in result.description]
        return dict(counts), [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _in_words(entry: Row, settings: Settings) -> Row:
    language = settings.language
    link = settings.record_links.get(f"{entry['source_system']}.{entry['entity_type']}")
    field = say(words.FIELDS, entry["field_name"], language)
    verified = entry["last_verified_at"]
    return {
        "rank": entry["worklist_rank"],
        "what": field[0].upper() + field[1:],
        "why": words.reason(entry["reason_code"], language, entry["age_days"], entry["sla_days"]),
        "todo": say(words.TODO, entry["status"], language),
        **({"value": entry["field_value"]} if settings.worklist_values else {}),
        "pipeline": float(entry["pipeline_at_stake"]),
        "minutes": entry["minutes_to_mend"],
        "crm": entry["source_system"],
        "kind": say(words.KINDS, entry["entity_type"], language),
        "record_id": entry["record_id"],
        **({"link": link.format(record_id=quote(entry["record_id"], safe=""))} if link else {"link": None}),
        "verified": verified.strftime("%d/%m/%Y" if language == "fr" else "%Y-%m-%d") if verified else None,
    }


def _write_imports(folder: Path, team: str, entries: Sequence[Row], rules: Sequence[FieldRule]) -> None:
    """One row per record, its id and the fields to fill in: an import leaves alone what is left empty.

    A record whose id could be taken for a formula gets no row: its id can't be changed, or the import would miss it.
    """
    headers = {
        (rule.entity_type, rule.field_name, source): header for rule in rules for source, header in rule.import_columns.items()
    }
    by_file: dict[tuple[str, str], dict[str, set[str]]] = {}
    for entry in entries:
        source, kind, record = entry["source_system"], entry["entity_type"], entry["record_id"]
        header = headers.get((kind, entry["field_name"], _IMPORT_NAMES.get(source, source)))
        if source in _IMPORT_IDS and header and harmless(record) == record:
            by_file.setdefault((source, kind), {}).setdefault(record, set()).add(header)
    for (source, kind), records in by_file.items():
        folder.mkdir(exist_ok=True)
        order = [header for (entity, _, vendor), header in headers.items()
                 if entity == kind and vendor == _IMPORT_NAMES.get(source, source)]  # fmt: skip
        columns = [header for header in dict.fromkeys(order) if any(header in wanted for wanted in records.values())]
        with (folder / f"{team}_{source}_{kind}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([_IMPORT_IDS[source], *columns])
            writer.writerows([record, *[""] * len(columns)] for record in records)


def _file_name(team: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "_", team.lower()).strip("_") or "team"
