"""Fifty people in every kind of place of a home: after an erasure, and after they are delivered again, nobody is left."""

import csv
import datetime as dt
import gzip
import io
import json
import re
import sqlite3
import zipfile
from pathlib import Path

import duckdb
import openpyxl
import pytest
from home_contents import contents

from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.privacy.details import find_details
from orchestration.privacy.erase import access, erase
from orchestration.privacy.people import open_people
from orchestration.settings import Settings

TODAY = dt.date(2026, 11, 25)
CANARIES = range(50)
DAY = "01/10/2025 08:45"
HUBSPOT = ["ID d'enregistrement", "Prénom", "Nom", "E-mail", "Numéro de téléphone", "Intitulé du poste", "Nom de l'entreprise",
           "ID de l'entreprise associée", "Source d'origine", "Étape du cycle de vie", "Date de création",
           "Date de passage en lead qualifié marketing", "Date de dernière modification",
           "ID des contacts fusionnés"]  # fmt: skip
LEAD = ["Id", "FirstName", "LastName", "Email", "Phone", "Title", "Company", "Industry", "LeadSource", "Status", "OwnerId",
        "CreatedDate", "LastModifiedDate", "IsConverted", "ConvertedDate", "ConvertedAccountId", "ConvertedContactId",
        "ConvertedOpportunityId", "IsDeleted"]  # fmt: skip
TASK = ["Id", "WhoId", "WhatId", "Subject", "Type", "TaskSubtype", "Status", "ActivityDate", "CallDurationInSeconds",
        "CallDisposition", "OwnerId", "CreatedDate", "LastModifiedDate", "IsDeleted"]  # fmt: skip


def first(n: int) -> str:
    return f"Zoë{'abcdefghij'[n // 10]}"


def last(n: int) -> str:
    return f"Kanarek{'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}"


def email(n: int) -> str:
    return f"{last(n).lower()}.{n}@société-{n % 7}.example" if n % 10 == 0 else f"{last(n).lower()}.{n}@firm{n % 7}.example"


def phone(n: int) -> str:
    return f"06 44 55 {n:02d} 71"


def other(n: int) -> tuple[str, str, str, str]:
    return "Ines", f"Restante{n}", f"ines.restante{n}@firm{n % 7}.example", f"07 11 22 {n:02d} 33"


def table(header: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([header, *rows])
    return text.getvalue()


def hubspot_rows(status: str) -> list[list[str]]:
    people = [(first(n), last(n), email(n).upper(), phone(n)) for n in CANARIES] + [other(n) for n in range(30)]
    return [
        [str(400 + i), *person, f"Acheteuse {status}", f"Firm {i % 7}", "", "Trafic direct", "Lead", DAY, "", DAY, ""]
        for i, person in enumerate(people)
    ]


def lead_rows(status: str) -> list[list[str]]:
    people = [(first(n), last(n), email(n), "+33 " + phone(n)[1:]) for n in CANARIES] + [other(n) for n in range(30)]
    return [
        [f"00Q{i:03d}", *person, "Directrice", f"Firm {i % 7}", "Retail", "Organic Search", status, "005A",
         "2026-01-02T03:04:05.000Z", "2026-09-01T03:04:05.000Z", "false", "", "", "", "", "false"]
        for i, person in enumerate(people)
    ]  # fmt: skip


def task_rows(status: str) -> list[list[str]]:
    subjects = [
        f"Rappeler {first(n)} {last(n)} au {phone(n)} {status}" if n % 2 else f"Mail à {email(n)} {status}" for n in CANARIES
    ]
    return [
        [f"00T{n:03d}", f"00Q{n:03d}", "", subject, "Call", "Call", "Completed", "2026-09-02", "", "", "005A",
         "2026-09-02T03:04:05.000Z", "2026-09-02T03:04:05.000Z", "false"]
        for n, subject in enumerate(subjects)
    ]  # fmt: skip


def deliver(folder: Path, day: str, status: str) -> None:
    """Contacts in a zip in the French code page, leads as a workbook, tasks in gzip, a contact list that no profile knows,
    and a file with rows that have a cell too many."""
    folder.mkdir()
    contacts = table(HUBSPOT, hubspot_rows(status), ";").encode("cp1252")
    with zipfile.ZipFile(folder / f"export_{day}.zip", "w") as archive:
        archive.writestr(f"hubspot-crm-exports-contacts-{day}.csv", contacts)
    book = openpyxl.Workbook()
    for row in [LEAD, *lead_rows(status)]:
        book.active.append(row)
    book.save(folder / f"salesforce_Lead_{day}.xlsx")
    (folder / f"salesforce_Task_{day}.csv.gz").write_bytes(gzip.compress(table(TASK, task_rows(status)).encode()))
    unknown = [[last(n), first(n), email(n), status] for n in CANARIES]
    (folder / f"salon_{day}.csv").write_text(table(["Qui", "Petit nom", "Où écrire", "Vu"], unknown), encoding="utf-16")
    rows = lead_rows(status)[:5] + [[*row, "too", "many"] for row in lead_rows(status)[5:9]]
    text = table(LEAD, [["00Q9" + row[0][3:], *row[1:]] for row in rows])
    (folder / f"Lead_part_{day}.csv").write_text(text, encoding="utf-8")


def places_of_canaries(root: Path) -> list[str]:
    digits = "|".join(re.escape(phone(n)[1:].replace(" ", "")) for n in CANARIES)
    spaced = "|".join(re.escape(phone(n)[1:]) for n in CANARIES)
    needle = re.compile(f"kanarek|zoë[a-e]\\b|{digits}|{spaced}")
    return [str(path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file() and needle.search(contents(path))]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", exports=tmp_path / "first", pseudonym_key_file=tmp_path / "keys" / "key")


def plant_in_other_places(home: Home) -> None:
    """Where no step of ours writes a person, but where one might be all the same."""
    (home.logs / "dbt.log").write_text(f"first line\nvalue {email(3)} of {first(4)} {last(4)}\nlast line\n")
    (home.root / "worklists").mkdir()
    (home.root / "worklists" / "marketing.csv").write_text(f"record,phone\n1,{phone(5)}\n")
    with sqlite3.connect(home.dagster / "run.db") as connection:
        connection.execute("create table event_logs (id integer primary key, event text)")
        # Dagster writes its events as JSON, in which an accent is an escape.
        events = [(json.dumps({"error": f"failed on {email(n)}: no {first(n)} {last(n)}"}),) for n in CANARIES]
        connection.executemany("insert into event_logs (event) values (?)", events)
    connection.close()
    version = home.published / "marts_2026-09-30_00000000.duckdb"
    with duckdb.connect(str(version)) as connection:
        connection.execute("create schema marts; create table marts.dim_account (account_key varchar, account_name varchar)")
        connection.executemany(
            "insert into marts.dim_account values (?, ?)", [(str(n), f"{first(n)} {last(n)} Conseil") for n in CANARIES]
        )
        (home.published / "parquet_2026-09-30_00000000").mkdir()
        target = home.published / "parquet_2026-09-30_00000000" / "dim_account.parquet"
        connection.execute(f"copy marts.dim_account to '{target}' (format parquet)")
    (home.published / "copy").mkdir()
    (home.published / "copy" / "marts.duckdb").write_bytes(version.read_bytes())
    home.history.mkdir()
    (home.history / "published_rows.duckdb").write_bytes(version.read_bytes())
    (home.history / "restated_2026-09-29_001.parquet").write_bytes(target.read_bytes())


def test_fifty_erased_people_are_nowhere_and_do_not_come_back(tmp_path, settings):
    deliver(tmp_path / "first", "2026-09-29", "New")
    home = Home(settings.home).prepare()
    before = land(home, settings)
    assert before.rows["in"] == before.rows["loaded"] + before.rows["quarantined"]
    plant_in_other_places(home)
    kinds = {Path(place).parts[0] for place in places_of_canaries(home.root)}
    assert kinds == {"raw", "quarantine", "logs", "worklists", "dagster", "published", "history"}

    asked = access(home, settings, email(7).title())
    assert {"hubspot/contacts", "salesforce/lead", "salesforce/task"} <= set(asked["rows"])
    receipt = erase(home, settings, [email(n) for n in CANARIES], TODAY, lambda line: None)
    assert places_of_canaries(home.root) == []
    assert places_of_canaries(tmp_path / "keys") == []
    assert "@" not in json.dumps(receipt)
    assert access(home, settings, email(7))["rows"] == {}
    assert (home.logs / "dbt.log").read_text().startswith("first line\n")
    with sqlite3.connect(home.dagster / "run.db") as connection:
        kept = [json.loads(event) for (event,) in connection.execute("select event from event_logs")]
    connection.close()
    assert kept == [{"error": "failed on (erased): no (erased)"}] * len(CANARIES)

    # The others are untouched, and no row was lost.
    totals = Ledger(home.ledger).feed_totals()
    others = access(home, settings, other(3)[2])["rows"]
    assert others["hubspot/contacts"][0]["last_name"] == "Restante3"
    assert others["salesforce/lead"][0]["phone"] == "07 11 22 03 33"

    # Delivered again under new names and with other bytes, then the very same files.
    deliver(tmp_path / "second", "2026-09-30", "Working")
    again = land(home, settings.model_copy(update={"exports": tmp_path / "second"}))
    assert again.rows["in"] == again.rows["loaded"] + again.rows["quarantined"]
    assert again.rows == before.rows
    land(home, settings)
    assert places_of_canaries(home.root) == []
    assert Ledger(home.ledger).feed_totals()["hubspot/contacts"]["rows_loaded"] == 2 * totals["hubspot/contacts"]["rows_loaded"]
    findings = {row["code"] for row in Ledger(home.ledger).findings()}
    assert "erased_person" in findings


def test_an_erased_home_can_be_read_again_when_a_profile_changes(tmp_path, settings):
    deliver(tmp_path / "first", "2026-09-29", "New")
    home = Home(settings.home).prepare()
    land(home, settings)
    erase(home, settings, [email(n) for n in CANARIES], TODAY, lambda line: None)
    ledger = Ledger(home.ledger)
    before = ledger.feed_totals()["salesforce/task"]["rows_loaded"]
    with sqlite3.connect(home.ledger) as connection:
        connection.execute("update file set profile_fingerprint = 'an older one'")
    connection.close()
    land(home, settings)
    assert ledger.pending() == []
    assert ledger.feed_totals()["salesforce/task"]["rows_loaded"] == before
    assert places_of_canaries(home.root) == []
    assert access(home, settings, other(3)[2])["rows"]["salesforce/lead"][0]["phone"] == "07 11 22 03 33"


def test_two_feeds_of_the_same_content_are_both_cleared(tmp_path, settings):
    (tmp_path / "first").mkdir()
    rows = table(["id", "name", "_fivetran_synced"], [["1", f"Salon of {email(2)}", "2026-09-09 10:00:00"]])
    (tmp_path / "first" / "facebook_ads_account_history_2026-09-29.csv").write_text(rows)
    (tmp_path / "first" / "team_data_2026-09-29.csv").write_text(rows.replace("\r\n", "\n"), newline="")
    home = Home(settings.home).prepare()
    land(home, settings)
    (one,), (other_one,) = (list(home.raw.glob(f"{feed}/*.parquet")) for feed in ("*/account_history", "*/team"))
    assert one.name == other_one.name
    erase(home, settings, [email(2)], TODAY, lambda line: None)
    assert places_of_canaries(home.root) == []


def test_without_the_key_nothing_lands_in_a_home_in_which_people_were_erased(tmp_path, settings):
    deliver(tmp_path / "first", "2026-09-29", "New")
    home = Home(settings.home).prepare()
    land(home, settings)
    erase(home, settings, [email(1)], TODAY, lambda line: None)
    with pytest.raises(ValueError, match="pseudonym key is missing"):
        land(home, settings.model_copy(update={"pseudonym_key_file": tmp_path / "elsewhere"}))
    settings.pseudonym_key_file.write_text("0" * 64)
    with pytest.raises(ValueError, match="not the one with which erasures were noted"):
        land(home, settings)


def direct_identifiers(home: Home, relation: str) -> tuple[int, list[tuple]]:
    """How many people raw knows, and every text of a relation (column `text`) that holds an address, number or name of one."""
    with open_people(home, known_profiles(Settings())) as connection:
        connection.execute(f"attach '{home.current.resolve()}' as published (read_only)")
        find_details(connection, relation, [2, 3, 4])
        found = connection.execute(
            """
            with planted as (
                select 'email' as kind, mailbox as detail from people
                union select 'phone', phone from people
                union select 'name', array_to_string(words, ' ') from people where len(words) > 1
            )
            select distinct kind, text from details join planted using (kind, detail) join texts using (text_no) order by all
            """
        ).fetchall()
        return connection.execute("select count(distinct mailbox) from people").fetchone()[0], found


def test_no_published_mart_holds_a_name_an_address_or_a_number_of_a_person(demo_night):
    result, home = demo_night
    assert result.exit_code == 0, result.message
    with duckdb.connect(str(home.current.resolve()), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
    assert len({table for table, _ in columns}) > 40
    texts = " union all ".join(f'select "{column}" as text from published.marts."{table}"' for table, column in columns)
    n_people, found = direct_identifiers(home, f"({texts})")
    assert n_people > 10_000
    assert found == []
    # The same search meets a person where one stands.
    lead = "select email || ' ' || first_name || ' ' || last_name || ' ' || phone as text from read_parquet(" + (
        f"'{home.raw}/salesforce/lead/*.parquet') where email is not null and phone like '+33%' order by lead_id limit 1"
    )
    assert {kind for kind, _ in direct_identifiers(home, f"({lead})")[1]} == {"email", "name", "phone"}
