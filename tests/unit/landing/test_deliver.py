import hashlib
import json
import os
import sqlite3
import threading

import pyarrow as pa
import pytest

from orchestration.landing import land_file, raw_store
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.landing.ledger import Ledger
from orchestration.landing.worker import Worker
from orchestration.settings import Settings

PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"


def settings_for(folder, home) -> Settings:
    return Settings(home=home.root, exports=folder)


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def test_landing_the_same_file_twice_is_a_no_op(exports, home):
    (exports / "products.csv").write_text(PRODUCTS)
    first = land(home, settings_for(exports, home))
    (exports / "renamed copy.csv").write_text(PRODUCTS)
    second = land(home, settings_for(exports, home))
    assert first.files == {"new": 1, "known": 0, "quarantined": 0}
    assert second.files == {"new": 0, "known": 2, "quarantined": 0}
    assert second.rows["loaded"] == 0
    assert len(list(home.raw.glob("maven/products/*.parquet"))) == 1


@pytest.mark.parametrize("large_from", [0, 1 << 40], ids=["large", "small"])
def test_an_original_is_kept_byte_for_byte_however_it_is_packed(exports, home, monkeypatch, large_from):
    monkeypatch.setattr(raw_store, "_LARGE_BYTES", large_from)
    content = (PRODUCTS + "".join(f"Model {number},GTX,{number}\n" for number in range(100_000))).encode()
    (exports / "products.csv").write_bytes(content)
    land(home, settings_for(exports, home))
    (kept,) = home.originals.iterdir()
    with pa.input_stream(str(kept), compression="zstd") as packed:
        assert packed.read() == content


@pytest.fixture
def settled(monkeypatch):
    """Files count as settled at once."""
    monkeypatch.setattr("orchestration.landing.intake._CLOCK_SECONDS", -1)


def test_a_file_that_lies_unchanged_is_known_without_being_read_or_a_child_started(exports, home, settled, monkeypatch):
    (exports / "products.csv").write_text(PRODUCTS)
    land(home, settings_for(exports, home))
    monkeypatch.setattr("orchestration.landing.land_file.hash_file", lambda path: pytest.fail("it was read"))
    monkeypatch.setattr("orchestration.landing.worker.Worker.start", lambda self: pytest.fail("a child was started"))
    assert land(home, settings_for(exports, home)).files == {"new": 0, "known": 1, "quarantined": 0}


def test_a_files_rows_are_read_before_its_hash_is_known(exports, home, monkeypatch):
    loaded, hash_file, call = threading.Event(), land_file.hash_file, Worker.call

    def hash_later(path):
        assert loaded.wait(60)
        return hash_file(path)

    def call_and_tell(self, method, *arguments, **size):
        result = call(self, method, *arguments, **size)
        if method == "load":
            loaded.set()
        return result

    monkeypatch.setattr(land_file, "hash_file", hash_later)
    monkeypatch.setattr(Worker, "call", call_and_tell)
    (exports / "products.csv").write_text(PRODUCTS)
    assert land(home, settings_for(exports, home)).rows["loaded"] == 2
    digest = hashlib.sha256(PRODUCTS.encode()).hexdigest()
    assert [path.name for path in home.originals.iterdir()] == [f"{digest}.zst"]


def test_a_file_written_over_with_as_many_bytes_and_its_old_time_is_another_file(exports, home, settled):
    path = exports / "products.csv"
    path.write_text(PRODUCTS)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    land(home, settings_for(exports, home))
    path.write_text(PRODUCTS.replace("4821", "4822"))
    os.utime(path, ns=times)
    report = land(home, settings_for(exports, home))
    assert (report.files["new"], report.rows["loaded"]) == (1, 2)


def test_a_file_changed_a_moment_ago_is_read_whatever_its_times_say(exports, home):
    (exports / "products.csv").write_text(PRODUCTS)
    land(home, settings_for(exports, home))
    assert Ledger(home.ledger).unchanged() == {}


def test_rows_in_are_rows_loaded_plus_quarantined_and_the_bad_row_is_kept_with_its_line(exports, home):
    (exports / "products.csv").write_text(PRODUCTS + "broken,row\n\nGTK 500,GTK,26768\n")
    report = land(home, settings_for(exports, home))
    assert report.rows == {"in": 4, "loaded": 3, "quarantined": 1, "skipped": 0}
    kept = [json.loads(line) for line in next(home.quarantine.glob("*.rows.jsonl")).read_text().splitlines()]
    assert [row["text"] for row in kept] == ["broken,row"]


def test_a_total_row_is_skipped_and_counted(exports, home):
    from orchestration.landing.profiles import known_profiles

    columns = known_profiles(Settings())["google_ads"].feeds["campaign_report"].columns
    header = ",".join(column.header_in("en") for column in columns.values())
    row = ",".join("x" if column.type == "text" else "1" for column in columns.values())
    total = "Total: Account" + "," * (len(columns) - 1)
    (exports / "Campaign report.csv").write_text("Campaign report\nAll time\n" + header + "\n" + row + "\n" + total + "\n")
    report = land(home, settings_for(exports, home))
    assert report.rows == {"in": 1, "loaded": 1, "quarantined": 0, "skipped": 1}


def test_an_unknown_file_is_quarantined_and_named_and_the_others_land(exports, home):
    (exports / "products.csv").write_text(PRODUCTS)
    (exports / "shoes.csv").write_text("colour,size\nred,1\n")
    report = land(home, settings_for(exports, home))
    assert report.files == {"new": 1, "known": 0, "quarantined": 1}
    assert [(name, code) for name, code, _ in report.refusals] == [("shoes.csv", "not_a_feed")]
    assert list(home.quarantine.glob("*shoes.csv.reason.json"))


def test_a_missing_column_refuses_that_feed_only(exports, home):
    (exports / "products.csv").write_text(PRODUCTS)
    (exports / "sales_teams.csv").write_text("sales_agent,regional_office\nA,West\n")
    report = land(home, settings_for(exports, home))
    assert report.landed_feeds == {"maven/products": 2}
    assert report.refusals[0][1] == "missing_column"


def test_an_empty_inbox_in_a_home_without_raw_data_is_refused_with_a_clear_message(home):
    with pytest.raises(NothingToLandError, match="holds no file"):
        land(home, Settings(home=home.root))


def test_a_file_leaves_the_inbox_once_it_has_landed(home):
    (home.inbox / "products.csv").write_text(PRODUCTS)
    land(home, Settings(home=home.root, settle_seconds=0.1))
    assert not list(home.inbox.iterdir())
    assert Ledger(home.ledger).feed_totals()["maven/products"]["rows_loaded"] == 2


def test_parquet_that_the_ledger_does_not_name_is_removed(exports, home):
    (exports / "products.csv").write_text(PRODUCTS)
    land(home, settings_for(exports, home))
    stray = home.raw / "maven" / "products" / ("0" * 64 + ".parquet")
    stray.write_bytes(b"half written")
    land(home, settings_for(exports, home))
    assert not stray.exists()


def test_an_ambiguous_number_is_reported_with_what_was_chosen_and_why(exports, home):
    (exports / "Spend.csv").write_text("Channel;Spend;;;\nPaid Search;R$ 435.000;;;\n")
    lines: list[str] = []
    land(home, settings_for(exports, home), lines.append)
    assert any("noticed in paid_media/spend" in line and "read as thousands" in line for line in lines)
    findings = {row["code"]: row["message"] for row in Ledger(home.ledger).findings()}
    assert "read as thousands" in findings["ambiguous_number"]
    assert "USD" in findings["currency_contradicted"]


DEALS = "deal_id,stage,created_at,amount,currency\n"


def landed(exports, home, files: dict[str, str]):
    for name, text in files.items():
        (exports / name).write_text(text)
    return land(home, settings_for(exports, home))


def codes(home) -> set[str]:
    return {row["code"] for row in Ledger(home.ledger).findings()}


def test_a_retyped_column_refuses_its_feed_and_is_named(exports, home):
    rows = "".join(f"{i},won,soon {i},10,EUR\n" for i in range(9))
    report = landed(exports, home, {"products.csv": PRODUCTS, "deals-2026-09-01.csv": DEALS + rows})
    assert [(code, "'created_at' of feed generic/deals" in reason) for _, code, reason in report.refusals] == [
        ("retyped_column", True)
    ]
    assert report.landed_feeds == {"maven/products": 2}


def test_a_few_unreadable_values_do_not_refuse_a_file(exports, home):
    report = landed(exports, home, {"deals-2026-09-01.csv": DEALS + "1,won,soon,10,EUR\n2,won,2026-01-01,10,EUR\n"})
    assert report.rows["loaded"] == 2
    assert "unreadable_value" in codes(home)


def test_a_note_below_the_data_is_set_aside_and_told(exports, home):
    rows = "".join(f"{i},won,2026-01-0{i},10,EUR\n" for i in range(1, 8))
    report = landed(
        exports, home, {"deals-2026-09-01.csv": DEALS + rows + "Total général : 7,,,,\nExporté le 01/09/2026,,,,\n"}
    )
    assert report.rows == {"in": 9, "loaded": 7, "quarantined": 2, "skipped": 0}
    assert any("line 9, 10" in line for line in report.noticed["generic/deals"])


def test_a_doubled_key_in_one_file_is_noticed_with_its_record(exports, home):
    report = landed(exports, home, {"products.csv": PRODUCTS + "GTX Pro,GTX,4900\n"})
    assert report.rows["loaded"] == 3
    assert any("first in record 3" in line for line in report.noticed["maven/products"])


def test_two_full_exports_of_one_day_are_noticed(exports, home):
    landed(exports, home, {"products-2026-09-01.csv": PRODUCTS, "products-2026-09-01 (1).csv": PRODUCTS + "MG Y,MG,9\n"})
    assert "same_extract_time" in codes(home)


def test_no_address_in_a_file_or_column_name_reaches_ledger_quarantine_or_terminal(exports, home):
    lines: list[str] = []
    (exports / "products zoe@x.example.csv").write_text("product,series,sales_price,zoe@x.example\nA,B,1,c\n")
    (exports / "contacts max@x.example.csv").write_text("nothing,known\n1,2\n")
    report = land(home, settings_for(exports, home), lines.append)
    assert report.landed_feeds == {"maven/products": 1}
    told = [*lines, json.dumps(report.as_dict()), *map(str, home.quarantine.iterdir())]
    with sqlite3.connect(home.ledger) as ledger:
        told += [str(row) for table in ("file", "delivery", "finding") for row in ledger.execute(f"select * from {table}")]
    assert [text for text in told if "@x.example" in text] == []
