"""People who stand in every feed that a profile knows, in every form of file, and where they are to be found afterwards."""

import csv
import datetime as dt
import gzip
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from home_contents import contents

from orchestration.landing.profiles import Feed, Profile
from orchestration.privacy.columns import person_columns

N_CANARIES = 50
CANARIES = range(N_CANARIES)
_LETTERS = "abcdefghij"
# Without these a row has no meaning.
_NEEDED = {"entity_type": "lead", "field_name": "job_title", "campaign_id": "CAN", "object_type": "lead", "field": "Title",
           "base_campaign": "CAN"}  # fmt: skip
_COMPANY = re.compile("company|account|organi[sz]ation|entreprise|employer|firm")


def first(n: int) -> str:
    return f"Zoë{_LETTERS[n // 10]}"


def last(n: int) -> str:
    return f"Kanarek{_LETTERS[n // 10]}{_LETTERS[n % 10]}"


def email(n: int) -> str:
    return f"{last(n).lower()}.{n}@firm{n % 7}.example"


def phone(n: int) -> str:
    return f"06 44 55 {n:02d} 71"


_NUMBERS = "|".join(re.escape(number) for n in CANARIES for number in (phone(n)[1:], phone(n)[1:].replace(" ", "")))
_NEEDLE = re.compile(f"kanarek|zoë[a-e]\\b|{_NUMBERS}")


def names_a_canary(text: str) -> bool:
    """Whether a name, an address or a number of one stands in a text, however it is written."""
    return _NEEDLE.search(text.casefold()) is not None


def places(root: Path) -> list[str]:
    """Files below a folder in which a canary stands: their bytes as they are, uncompressed, and what their tables hold."""
    return [str(path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file() and names_a_canary(_all_of(path))]


def _all_of(path: Path) -> str:
    text = contents(path)
    if path.suffix in (".db", ".sqlite"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            tables = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
            text += "".join(str(connection.execute(f'select * from "{table}"').fetchall()) for table in tables)
        connection.close()
    return text


def deliver(profiles: Mapping[str, Profile], folder: Path, day: dt.date) -> list[str]:
    """A file of canaries for each feed in which a text may stand; returns the feeds. The forms of files take turns."""
    folder.mkdir(parents=True, exist_ok=True)
    written, nouns = [], _people_of(profiles)
    for number, feed in enumerate(feed for profile in profiles.values() for feed in profile.feeds.values()):
        profile = profiles[feed.vendor]
        language = "en" if "en" in feed.languages else feed.languages[0]
        columns = {name: header for name, column in feed.columns.items() if (header := column.header_in(language))}
        rows = [
            _row(feed, profile, language, list(columns), nouns.get(feed.name, f"record{number}-"), n, day) for n in CANARIES
        ]
        if feed.is_positional or not any("anarek" in cell or " 44 55 " in cell for row in rows for cell in row):
            continue
        # Two feeds may have one header: then the file's name tells them apart.
        told_by_name = feed.files[0].replace("*", "").split(".")[0] if feed.files else ""
        name = f"{told_by_name}_{feed.vendor}_{feed.entity}_{day.isoformat()}".strip("_")
        _FORMS[number % len(_FORMS)](folder / name, list(columns.values()), rows)
        written.append(feed.name)
    return written


def _people_of(profiles: Mapping[str, Profile]) -> dict[str, str]:
    """Feed whose key names a person's record → the kind of record, as other feeds of the vendor call it; one feed per kind."""
    found: dict[tuple[str, str], str] = {}
    for profile in profiles.values():
        for feed in profile.feeds.values():
            kinds = person_columns(feed, list(feed.columns)).references
            if len(feed.key) == 1 and feed.key[0] in kinds:
                found.setdefault((feed.vendor, kinds[feed.key[0]]), feed.name)
    return {name: kind for (_, kind), name in found.items()}


def _row(feed: Feed, profile: Profile, language: str, columns: list[str], ids: str, n: int, day: dt.date) -> list[str]:
    locale = profile.locales.get(language) or next(iter(profile.locales.values()))
    person = person_columns(feed, columns)
    mention = next((name for name in reversed(columns) if _is_free(feed, name, person.personal)), None)
    at = dt.datetime.combine(day - dt.timedelta(days=20), dt.time(10, 0)) + dt.timedelta(minutes=n)
    return [_cell(feed, name, person, mention, locale, f"{ids}{n:03d}", n, at) for name in columns]


def _cell(feed, name: str, person, mention: str | None, locale, own_id: str, n: int, at: dt.datetime) -> str:
    column = feed.columns[name]
    if name in person.email:
        return email(n)
    if name in person.phone and column.type == "text":
        return phone(n)
    if (name,) in person.names:
        return f"{first(n)} {last(n)}"
    if any(name == names[0] for names in person.names):
        return first(n)
    if any(name in names[1:] for names in person.names):
        return last(n)
    if column.type == "date":
        return at.strftime(locale.date_formats[0])
    if column.type == "timestamp":
        return at.strftime(locale.timestamp_formats[0])
    if column.type in ("integer", "decimal"):
        return str(n + 1)
    if column.type == "boolean":
        return "false"
    if name in person.references and name not in feed.key:
        return f"{person.references[name].replace('who', 'lead')}{n:03d}"
    if name in feed.key or (feed.canonical and name == feed.canonical.columns.get("id")):
        return own_id
    if name in _NEEDED:
        return _NEEDED[name]
    if name == mention:
        return f"Rappeler {first(n)} {last(n)} au {phone(n)} ou {email(n)}"
    if _COMPANY.search(name) and not name.endswith("id"):
        return f"{first(n)} {last(n)} Conseil"
    return ""


def _is_free(feed: Feed, name: str, personal: list[str]) -> bool:
    return (
        feed.columns[name].type == "text"
        and name not in feed.key
        and name not in personal
        and not name.endswith(("id", "ids", "status", "stage", "currency"))
    )


def _csv(rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _as_csv(path: Path, header: list[str], rows: list[list[str]]) -> None:
    path.with_suffix(".csv").write_text(_csv([header, *rows], ";"), encoding="cp1252", newline="")


def _as_gzip(path: Path, header: list[str], rows: list[list[str]]) -> None:
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(_csv([header, *rows]).encode()))


def _as_zip(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{path.name}.csv", _csv([header, *rows]).encode("utf-16"))


def _as_workbook(path: Path, header: list[str], rows: list[list[str]]) -> None:
    book = openpyxl.Workbook()
    for row in [header, *rows]:
        book.active.append(row)
    book.save(path.with_suffix(".xlsx"))


def _as_json(path: Path, header: list[str], rows: list[list[str]]) -> None:
    records = [dict(zip(header, row, strict=True)) for row in rows]
    path.with_suffix(".json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")


def _as_json_lines(path: Path, header: list[str], rows: list[list[str]]) -> None:
    records = [dict(zip(header, row, strict=True)) for row in rows]
    path.with_suffix(".jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def _as_parquet(path: Path, header: list[str], rows: list[list[str]]) -> None:
    pq.write_table(pa.table({name: [row[i] for row in rows] for i, name in enumerate(header)}), path.with_suffix(".parquet"))


_FORMS = (_as_csv, _as_gzip, _as_zip, _as_workbook, _as_json, _as_json_lines, _as_parquet)
