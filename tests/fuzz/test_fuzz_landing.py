"""Mutated files through the real child process: the parent never falls, nothing hangs, the accounting holds.

TANDEM_FUZZ_SECONDS says how long, TANDEM_FUZZ_SEED from where; both are printed, so that a run can be repeated.
"""

import contextlib
import io
import os
import random
import shutil
import sqlite3
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.home import Home
from orchestration.landing.deliver import NothingToLandError, land
from orchestration.settings import Settings
from tests.corpus.model import (
    HEADERS,
    csv_bytes,
    deals,
    json_array,
    json_lines,
    ods_bytes,
    records,
    sheet_rows,
    table,
    xlsx_bytes,
    zip_bytes,
)
from tests.corpus.wrappers import packed

SECONDS = float(os.environ.get("TANDEM_FUZZ_SECONDS", "600"))
SEED = int(os.environ.get("TANDEM_FUZZ_SEED", "20260930"))
# A file that keeps its reader busy is ended after 60 s and a little for its size.
SECONDS_PER_FILE = 65
BATCH = 25
STRUCTURE = [
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"<",
    b"</row>",
    b"&",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"PAR1",
    b"\xe9",
    b"\xc3\xa9",
    b"1E+15",
    b"null",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"A" * 5000,
]


def parquet_bytes() -> bytes:
    columns = list(zip(*table(deals(), "en")[1:], strict=True))
    stream = io.BytesIO()
    pq.write_table(pa.table(dict(zip(HEADERS["en"], columns, strict=True))), stream)
    return stream.getvalue()


def valid_files() -> dict[str, bytes]:
    text, rows = csv_bytes(deals()), records(deals())
    return {
        "csv": text,
        "tsv": csv_bytes(deals(), "en", delimiter="\t", quote_all=True),
        "utf16.csv": text.decode().encode("utf-16"),
        "json": json_array(rows),
        "jsonl": json_lines(rows),
        "xlsx": xlsx_bytes(sheet_rows(deals())),
        "ods": ods_bytes(sheet_rows(deals())),
        "parquet": parquet_bytes(),
        "zip": zip_bytes({"deals.csv": text}),
        "csv.gz": packed(text),
    }


def mutated(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """One to five changes: flipped bits, cuts, pieces of another file, structure bytes, repeated pieces."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(changed) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            piece = chance.randrange(len(other))
            changed[at:at] = other[piece : piece + chance.randrange(1, 400)]
        elif kind == 3:
            changed[at:at] = chance.choice(STRUCTURE)
        elif kind == 4:
            del changed[at : at + chance.randrange(1, 200)]
        else:
            changed[at:at] = bytes(changed[at : at + chance.randrange(1, 500)]) * chance.randrange(1, 20)
    return bytes(changed)


def accounted(home: Home) -> Counter:
    """Status and reason of every file in a home's ledger, each checked to be complete."""
    found: Counter = Counter()
    with contextlib.closing(sqlite3.connect(home.ledger)) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute("select * from file"):
            assert row["status"] in ("landed", "refused", "opened"), dict(row)
            if row["status"] == "landed":
                assert row["rows_in"] == row["rows_loaded"] + row["rows_quarantined"], dict(row)
            if row["status"] == "refused":
                assert row["reason_code"], dict(row)
                assert row["reason"], dict(row)
                assert list(home.quarantine.glob(f"{row['sha256'][:12]}_*.reason.json")) or row["container_sha256"], dict(row)
            found[row["reason_code"] or row["status"]] += 1
    return found


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 900)
def test_mutated_files_are_landed_or_refused_with_a_reason_within_their_time(tmp_path):
    chance, valid, found, n_files, longest = random.Random(SEED), valid_files(), Counter(), 0, 0.0
    suffixes, end = sorted(valid), time.monotonic() + SECONDS
    while time.monotonic() < end:
        root = tmp_path / "batch"
        exports, home = root / "exports", Home(root / "home").prepare()
        exports.mkdir()
        for number in range(BATCH):
            suffix = chance.choice(suffixes)
            content = mutated(valid[suffix], valid[chance.choice(suffixes)], chance)
            (exports / f"{number:02d}-deals-2026-09-{number + 1:02d}.{suffix}").write_bytes(content)
        began = time.monotonic()
        with contextlib.suppress(NothingToLandError):
            report = land(home, Settings(home=home.root, exports=exports))
            assert sum(report.files.values()) >= BATCH - len(report.waiting)
        longest = max(longest, time.monotonic() - began)
        found += accounted(home)
        n_files += BATCH
        shutil.rmtree(root)
    print(f"seed {SEED}: {n_files} files, longest batch of {BATCH} {longest:.1f} s: {dict(found.most_common())}")
    assert longest < SECONDS_PER_FILE * 3, "a batch took longer than three files that are ended for their time"
    assert found["landed"], "no mutated file was harmless enough to land: the seeds are no longer valid files"


def test_every_seed_of_the_fuzzer_is_a_valid_file(tmp_path):
    exports, home = tmp_path / "exports", Home(tmp_path / "home").prepare()
    exports.mkdir()
    for number, (suffix, content) in enumerate(valid_files().items()):
        (exports / f"deals-2026-09-{number + 1:02d}.{suffix}").write_bytes(content)
    report = land(home, Settings(home=home.root, exports=exports))
    assert report.refusals == []
    assert report.rows["quarantined"] == 0
