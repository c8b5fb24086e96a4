"""Nothing outside the inbox is read, nothing waits for ever, and no name or cell becomes code."""

import datetime as dt
import errno
import json
import os
import socket
import threading
import time
import unicodedata
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.landing.intake import NotAcceptedError, copy_file, find_files, open_regular, safe_name, wait_until_complete
from orchestration.landing.ledger import Ledger
from orchestration.landing.profile_folders import SHIPPED_PROFILES
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, write_catalog

PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\n"
VECTORS = [
    "'; drop table canary; --",
    '"; drop table canary; --',
    'x"); drop table canary;--',
    "'); drop table canary; select ('",
    "$1",
    "?",
    ":name",
    "%s",
    "{{ 7*7 }}",
    "{% set x = 1 %}",
    "{{ run_query('drop table canary') }}",
    "{# hidden",
    "${7*7}",
    "$(touch canary)",
    "`touch canary`",
    "; touch canary",
    "| touch canary",
    "&& touch canary",
    "../../../etc/passwd",
    "/etc/passwd",
    "\\..\\windows",
    "%2e%2e%2f",
    "C:\\boot.ini",
    "~root",
    "*",
    "*.csv",
    "[a-z]",
    "-rf",
    "--help",
    "=1+1",
    "+1+1",
    "@SUM(A1)",
    "=HYPERLINK('http://x')",
    "<script>alert(1)</script>",
    "&lt;",
    "<!ENTITY x>",
    "' or '1'='1",
    "' union select * from canary --",
    "/* */ drop table canary",
    "'; attach 'x.duckdb'; --",
    "'; copy canary to 'x'; --",
    "read_text('/etc/passwd')",
    "'; install httpfs; --",
    "pg_sleep(10)",
    "\u202egpj.exe",
    "\u200b",
    "\ufeffx",
    "a\u0301",
    "é",
    "e\u0301",
    "İ",
    "ß",
    "🎉",
    "𝒳",
    "\u2028",
    "\x07",
    "\x1b[31mred",
    "NULL",
    "null",
    "None",
    "NaN",
    "true",
    "0x1F",
    "1e5",
    "1_000",
    "#N A",
    "%n%n%n",
    "\\x00",
    "\\0",
    "\\",
    "\\'",
    "''",
    "a'b",
    'a"b',
    "a`b",
    "a;b",
    "a,b",
    "a|b",
    "a\tb",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "!",
    "^",
    "~",
    "a" * 200,
    "select",
    "table",
    "drop",
    "group by",
    "c0",
    "file_row_number",
    "filename",
    "_extracted_at",
    "segment",
    "row_no",
    "rows",
    "hash(x)",
    "unnest([1])",
]


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def landed(exports: Path, home: Home):
    return land(home, Settings(home=home.root, exports=exports))


def code_of(path: Path) -> str:
    with pytest.raises(NotAcceptedError) as refused:
        os.close(open_regular(path))
    return refused.value.code


def test_links_pipes_sockets_devices_and_second_names_are_refused_at_once(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text(PRODUCTS)
    (tmp_path / "link.csv").symlink_to(secret)
    (tmp_path / "second.csv").hardlink_to(secret)
    os.mkfifo(tmp_path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.csv"))
        began = time.monotonic()
        assert code_of(tmp_path / "link.csv") == "link"
        assert code_of(tmp_path / "second.csv") == "hard_link"
        assert code_of(tmp_path / "pipe.csv") == "not_a_regular_file"
        assert code_of(tmp_path / "socket.csv") in ("unreadable", "not_a_regular_file")
        assert code_of(Path("/dev/zero")) == "not_a_regular_file"
        assert time.monotonic() - began < 1


def test_a_folder_of_traps_lands_its_one_file_and_reads_nothing_outside(exports, home, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "products.csv").write_text(PRODUCTS.replace("GTX Pro", "OUTSIDE"))
    (exports / "products.csv").write_text(PRODUCTS)
    (exports / "linked.csv").symlink_to(outside / "products.csv")
    (exports / "folder").symlink_to(outside)
    (exports / "second.csv").hardlink_to(outside / "products.csv")
    os.mkfifo(exports / "pipe.csv")
    (exports / "gone.csv").symlink_to("/nowhere")
    report = landed(exports, home)
    assert report.files["new"] == 1
    assert sorted(code for _, code, _ in report.refusals) == ["hard_link", "link", "link", "link", "not_a_regular_file"]
    everything = b"".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    assert b"OUTSIDE" not in everything
    assert all("remedy" in reason for _, _, reason in report.refusals)


def test_a_file_that_may_not_be_read_is_named_and_the_others_land(exports, home, monkeypatch):
    (exports / "products.csv").write_text(PRODUCTS)
    (exports / "secret.csv").write_text(PRODUCTS.replace("GTX", "MG"))
    real = os.open

    def refusing(path, flags, *rest, **named):
        if str(path).endswith("secret.csv"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", refusing)
    report = landed(exports, home)
    assert report.files == {"new": 1, "known": 0, "quarantined": 1}
    assert report.refusals[0][:2] == ("secret.csv", "unreadable")


@pytest.mark.parametrize(
    "name",
    [
        "-rf.csv",
        "a\nb.csv",
        "'; drop table raw.x; --.csv",
        "{{ 7*7 }}.csv",
        "$(touch x).csv",
        "x" * 251 + ".csv",
        "a b\tc.csv",
        "%2e%2e%2fx.csv",
        "\x1b[31m.csv",
        "é" * 100 + ".csv",
    ],
)
def test_a_hostile_name_is_only_a_name(name, exports, home):
    (exports / name).write_text("colour,size\nred,1\n")
    (exports / "products.csv").write_text(PRODUCTS)
    report = landed(exports, home)
    assert report.files == {"new": 1, "known": 0, "quarantined": 1}
    kept = list(home.quarantine.iterdir())
    assert len(kept) == 2
    assert all(path.parent == home.quarantine and path.name[0] not in ".-" and path.name.isprintable() for path in kept)
    assert json.loads(next(p for p in kept if p.suffix == ".json").read_text())["file"] == name


def test_a_name_that_is_no_text_is_kept_with_escapes(exports, home):
    (Path(os.fsdecode(os.fsencode(exports) + b"/bad-\xff\xfe.csv"))).write_text("colour,size\nred,1\n")
    (exports / "products.csv").write_text(PRODUCTS)
    assert landed(exports, home).files == {"new": 1, "known": 0, "quarantined": 1}


def test_names_that_differ_in_composition_or_case_only_are_different_files(exports, home):
    for number, name in enumerate(("été", unicodedata.normalize("NFD", "été"), "ÉTÉ")):
        (exports / f"{name}.csv").write_text(PRODUCTS + f"P{number},X,{number}\n")
    assert landed(exports, home).files == {"new": 3, "known": 0, "quarantined": 0}


@pytest.mark.parametrize("name", ["../x.csv", "/etc/passwd", "..", ".", "-rf", "a/b", "", "\n", "x" * 400])
def test_a_safe_name_has_no_path_in_it(name, tmp_path):
    safe = safe_name(name)
    assert safe
    assert "/" not in safe
    assert len(safe) <= 120
    assert (tmp_path / safe).resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("suffix", [".part", ".tmp", ".crdownload", ".filepart"])
def test_unfinished_hidden_and_marker_files_are_not_taken(suffix, exports):
    for name in ("products.csv", "products.csv.done", ".hidden.csv", f"new.csv{suffix}"):
        (exports / name).write_text(PRODUCTS)
    (exports / ".folder").mkdir()
    (exports / ".folder" / "x.csv").write_text(PRODUCTS)
    assert [path.name for path in find_files(exports)] == ["products.csv"]


def test_an_empty_marker_without_its_file_is_no_export(exports):
    (exports / "late.csv.done").touch()
    (exports / "text.done").write_text(PRODUCTS)
    assert [path.name for path in find_files(exports)] == ["text.done"]


def test_a_companys_profile_that_hides_a_shipped_vendor_is_told(exports, home, tmp_path):
    (exports / "products-2026-09-01.csv").write_text(PRODUCTS)
    own = tmp_path / "own"
    own.mkdir()
    (own / "brevo.yaml").write_text((SHIPPED_PROFILES / "brevo.yaml").read_text())
    told: list[str] = []
    land(home, Settings(exports=exports, export_profiles_dir=own), told.append)
    assert any("brevo.yaml stands in for the shipped profile of brevo" in line for line in told)


def test_a_hundred_vectors_in_headers_cells_and_names_stay_data(exports, home):
    assert len(VECTORS) >= 100
    quoted = ['"' + text.replace('"', '""') + '"' for text in VECTORS]
    rows = "".join(f"{text},GTX,{number}\n" for number, text in enumerate(quoted))
    (exports / "products-2026-09-01.csv").write_text("product,series,sales_price\n" + rows)
    for number, text in enumerate(quoted):
        (exports / f"headers-2026-08-{number % 28 + 1:02d}-{number}.csv").write_text(
            f"product,series,sales_price,{text}\nP{number},S,1,x\n"
        )
    report = landed(exports, home)
    assert report.rows["loaded"] >= len(VECTORS) * 1.9
    with duckdb.connect() as connection:
        connection.execute("create table canary as select 1 as alive")
        settings = Settings()
        as_of = AsOf(dt.date(2026, 9, 1), "Europe/Paris")
        write_catalog(DuckDBEngine(connection), home, known_profiles(settings), [], as_of, "EUR")
        found = connection.execute(
            "select product from raw.maven__products where not _is_deleted order by sales_price::int"
        ).fetchall()
        assert connection.execute("select alive from canary").fetchall() == [(1,)]
    assert [text for (text,) in found] == VECTORS
    assert not list(Path().glob("canary*"))


def test_a_file_that_grows_is_left_until_it_is_complete(tmp_path):
    growing, ready = tmp_path / "growing.csv", tmp_path / "ready.csv"
    growing.write_text("a\n")
    ready.write_text("a\n")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with growing.open("a") as stream:
                stream.write("more\n")
            time.sleep(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        began = time.monotonic()
        complete, waiting = wait_until_complete([growing, ready], 0.4, lambda line: None)
        assert time.monotonic() - began < 1.5
    finally:
        stop.set()
        writer.join()
    assert (complete, waiting) == ([ready], [growing])


def test_a_marker_says_that_a_file_is_complete_without_waiting(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(PRODUCTS)
    (tmp_path / "products.csv.done").touch()
    began = time.monotonic()
    assert wait_until_complete([path], 30, lambda line: None) == ([path], [])
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("change", ["append", "truncate", "rewrite", "replace"])
def test_a_file_that_changes_while_it_is_copied_is_never_taken_half(change, tmp_path, monkeypatch):
    source = tmp_path / "a.csv"
    source.write_bytes(b"x" * (3 << 20))
    real, changed = os.fstat, []

    def fstat(descriptor):
        status = real(descriptor)
        if not changed and status.st_size == 3 << 20:
            changed.append(True)
        elif changed == [True]:
            changed.append(True)
            if change == "append":
                with source.open("ab") as stream:
                    stream.write(b"y")
            elif change == "truncate":
                os.truncate(source, 10)
            elif change == "rewrite":
                time.sleep(0.01)
                source.write_bytes(b"z" * (3 << 20))
            else:
                (tmp_path / "b").write_bytes(b"new")
                (tmp_path / "b").replace(source)
        return status

    monkeypatch.setattr(os, "fstat", fstat)
    if change == "replace":
        # What was opened is read whole as it was; the new file is taken the next time.
        assert copy_file(source, tmp_path / "copy") == 3 << 20
        assert (tmp_path / "copy").read_bytes() == b"x" * (3 << 20)
    else:
        with pytest.raises(NotAcceptedError) as refused:
            copy_file(source, tmp_path / "copy")
        assert refused.value.code == "still_being_written"


def test_a_file_that_is_deleted_after_it_was_listed_does_not_stop_the_landing(exports, home, monkeypatch):
    from orchestration.landing import deliver

    (exports / "gone.csv").write_text(PRODUCTS.replace("GTX", "MG"))
    (exports / "products.csv").write_text(PRODUCTS)
    real = deliver.find_files

    def list_then_delete(folder):
        found = real(folder)
        (exports / "gone.csv").unlink()
        return found

    monkeypatch.setattr(deliver, "find_files", list_then_delete)
    report = landed(exports, home)
    assert report.files["new"] == 1
    assert Ledger(home.ledger).feed_totals()["maven/products"]["rows_loaded"] == 1


def test_two_hundred_slow_writers_are_never_read_half(home):
    """Writers append, pause, rename and rewrite while landings run; what lands is whole files only."""
    stop = threading.Event()
    whole = "product,series,sales_price\n" + "".join(f"P{i},S,{i}\n" for i in range(50))

    def write(number: int) -> None:
        target = home.inbox / f"products-{number}.csv"
        content = whole + f"LAST,S,{number}\n"
        with target.open("w") as stream:
            for start in range(0, len(content), 97):
                stream.write(content[start : start + 97])
                stream.flush()
                if number % 3:
                    time.sleep(0.002)
        (home.inbox / f"{target.name}.done").touch()

    def writers() -> None:
        for number in range(200):
            if stop.is_set():
                return
            write(number)

    writer = threading.Thread(target=writers)
    writer.start()
    reports = []
    try:
        while writer.is_alive() or any(home.inbox.iterdir()):
            try:
                reports.append(land(home, Settings(home=home.root, settle_seconds=0.3)))
            except NothingToLandError:
                continue
    finally:
        stop.set()
        writer.join()
    assert sum(report.rows["in"] for report in reports) == 200 * 51
    assert all(report.rows["quarantined"] == 0 and not report.refusals for report in reports)
