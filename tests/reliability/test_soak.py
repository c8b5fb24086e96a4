"""365 nights of a small home, every third with a fault drawn by chance: nobody lends a hand, and the last marts are right.

Right is what two others say: the company's generator in plain Python (truth.json), and a home that got every file at once and
never had a fault. The home and the number of nights it has behind it are kept (`var/reliability/soak`), so that a run that was
broken off goes on where it was; `TANDEM_SOAK_NIGHTS` makes it shorter.
"""

import csv
import io
import json
import os
import random
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from published_places import comparable, seen
from small_nights import SmallNights, small_nights

from orchestration import failpoints
from orchestration.demo.company import generate
from orchestration.durable import remove
from orchestration.home import Home
from orchestration.publish.causes import _product
from orchestration.publish.verify import faults_of
from orchestration.settings import PROJECT_DIR, Settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(3 * 3600)]
N_NIGHTS = int(os.environ.get("TANDEM_SOAK_NIGHTS", "365"))
KEPT = PROJECT_DIR / "var" / "reliability" / "soak"
STAGES = ("inquiries", "mql", "sal", "sql", "sqo", "won")
SECONDS = 6.0
"""About what a night takes here; kills are drawn from it."""
# Faults that need the files of days to come are not drawn where there are none left.
LAST_QUIET = 4
ELSEWHERE = {
    "after:postgres",
    "after:restatement",
    *failpoints.BOUNDARIES[failpoints.BOUNDARIES.index("after:erasure_noted") :],
}


@dataclass
class Plan:
    """One night: what lies in the inbox, by name, and what befalls the run."""

    files: dict[str, bytes]
    fault: str = "none"
    run: dict[str, Any] = field(default_factory=dict)
    must_succeed: bool = True


def plans(days: list[Path]) -> Iterator[Plan]:
    """The nights in their order; the same days give the same nights."""
    chance = random.Random(11)
    withheld: dict[int, dict[str, bytes]] = {}
    for number, day in enumerate(days):
        files = {path.name: path.read_bytes() for path in sorted(day.iterdir())}
        plan = Plan(files)
        if chance.random() < 1 / 3:
            choices = [*_FAULTS_OF_RUNS, *_FAULTS_OF_FILES]
            if number < len(days) - LAST_QUIET:
                choices += list(_FAULTS_THAT_WAIT)
            plan.fault = chance.choice(sorted(choices))
            if plan.fault in _FAULTS_OF_RUNS:
                plan.run, plan.must_succeed = _FAULTS_OF_RUNS[plan.fault](chance)
            elif plan.fault in _FAULTS_OF_FILES:
                _FAULTS_OF_FILES[plan.fault](files, chance)
            else:
                wait, later = _FAULTS_THAT_WAIT[plan.fault](files, chance)
                withheld.setdefault(number + wait, {}).update(later)
        # Late files come with those of another day, some under a name that says nothing of their age.
        files.update(withheld.pop(number, {}))
        yield plan


def _killed(chance: random.Random) -> tuple[dict, bool]:
    named = [boundary for boundary in failpoints.BOUNDARIES if boundary not in ELSEWHERE]
    if chance.random() < 0.5:
        return {"failpoint": chance.choice(named)}, False
    return {"kill_after": SECONDS * chance.uniform(0.02, 1.0)}, False


_FAULTS_OF_RUNS = {
    "killed": _killed,
    "disk full": lambda chance: ({"largest_file": int(10 ** chance.uniform(4, 7))}, False),
    "little memory": lambda chance: ({"memory_limit": "256MB"}, True),
    "another zone": lambda chance: ({"environment": {"TZ": chance.choice(["UTC", "America/New_York", "Asia/Kolkata"])}}, True),
}


def _zip(files: dict[str, bytes], chance: random.Random) -> None:
    name = chance.choice(sorted(files))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, files.pop(name))
    files[f"{name}.zip"] = packed.getvalue()


def _twice(files: dict[str, bytes], chance: random.Random) -> None:
    name = chance.choice(sorted(files))
    files[f"copie de {name}"] = files[name]


def _junk(files: dict[str, bytes], chance: random.Random) -> None:
    files["notes.txt"] = chance.randbytes(200)
    files["-rf '; drop table leads;--.csv"] = b"a,b\n1,2\n"
    files["vide.csv"] = b""


def _additional_column(files: dict[str, bytes], chance: random.Random) -> None:
    name = chance.choice([name for name in sorted(files) if name.startswith("salesforce_")])
    rows = list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(
        [*row, "Nouveau" if number == 0 else "x"] for number, row in enumerate(rows)
    )
    files[name] = text.getvalue().encode()


_FAULTS_OF_FILES = {"packed": _zip, "delivered twice": _twice, "junk": _junk, "a column more": _additional_column}


def _late(files: dict[str, bytes], chance: random.Random) -> tuple[int, dict[str, bytes]]:
    names = chance.sample(sorted(files), chance.randint(1, 3))
    return chance.randint(1, 3), {name: files.pop(name) for name in names}


def _refused_and_mended(files: dict[str, bytes], chance: random.Random) -> tuple[int, dict[str, bytes]]:
    """A file whose key column is gone, or one half of an archive: refused, and delivered right a day later."""
    name = chance.choice([name for name in sorted(files) if name.startswith("salesforce_")])
    right = {name: files.pop(name)}
    if chance.random() < 0.5:
        files[name] = right[name].replace(b'"Id"', b'"Numero"', 1)
    else:
        whole = dict(right)
        _zip(whole, chance)
        files[f"{name}.zip"] = whole[f"{name}.zip"][: len(whole[f"{name}.zip"]) // 2]
    return 1, right


_FAULTS_THAT_WAIT = {"late": _late, "refused and mended": _refused_and_mended}


@pytest.fixture(scope="module")
def nights() -> Iterator[SmallNights]:
    with small_nights("compiled") as driver:
        yield driver


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("soak") / "exports"
    generate(folder, leads=200, nights=N_NIGHTS, seed=11)
    return folder


def test_a_year_of_nights_needs_no_hand_and_ends_right(nights, exports, tmp_path):
    days = sorted(path for path in exports.iterdir() if path.is_dir())
    home, progress = Home(KEPT / "home"), KEPT / "progress.json"
    asked = {"product": _product(), "nights": N_NIGHTS}
    state = json.loads(progress.read_text()) if progress.exists() else {}
    if {key: state.get(key) for key in asked} != asked:
        remove(KEPT)
        KEPT.mkdir(parents=True)
        state = {**asked, "done": 0, "faults": {}, "bytes": {}}
    for number, plan in enumerate(plans(days)):
        if number < state["done"]:
            continue
        befallen = _one_night(nights, home, plan, days[number].name, whole=number % 20 == 0)
        state["done"] = number + 1
        state["faults"] = Counter(state["faults"]) + Counter([plan.fault, *befallen])
        if number % 30 == 0 or number == len(days) - 1:
            state["bytes"][str(number)] = _sizes(home)
            print(number, days[number].name, state["bytes"][str(number)], flush=True)
        progress.write_text(json.dumps(state))
    print(f"{N_NIGHTS} nights: {dict(sorted(state['faults'].items()))}", flush=True)

    assert faults_of(home) == []
    assert _counts(home) == _truth(exports)
    calm = tmp_path / "calm"
    ended = nights.night(calm, exports=str(exports))
    assert ended.code == 0, ended.message
    # How many rows were refused is the one thing that a home with faults must say differently.
    assert comparable(home, without=("mart_trust",)) == comparable(Home(calm), without=("mart_trust",))
    _assert_bounded(home, Home(calm))


def _one_night(nights: SmallNights, home: Home, plan: Plan, day: str, *, whole: bool) -> list[str]:
    """The night of this day, run again as ops' timer would where it failed; gives how a fault of the run showed."""
    home.prepare()
    for name, content in plan.files.items():
        # What a run that was broken off left there is not in the way: a vendor writes its file again.
        (home.inbox / name).write_bytes(content)
    if plan.fault == "junk":
        (home.inbox / "lien.csv").symlink_to("/etc/passwd")
        os.mkfifo(home.inbox / "tube.csv")
    befallen = []
    ended = nights.night(home.root, settle_seconds=0, **plan.run)
    if not plan.must_succeed:
        befallen = [f"{plan.fault}: {'killed' if ended.was_killed else f'exit {ended.code}'}"]
        ended = nights.night(home.root, settle_seconds=0)
    assert ended.code == 0, f"{day}, {plan.fault} {plan.run} {befallen}: {ended.message}"
    for name in ("lien.csv", "tube.csv"):
        (home.inbox / name).unlink(missing_ok=True)
    assert list(home.inbox.iterdir()) == [], f"{day}, {plan.fault}: files stayed in the inbox"
    assert _published_day(home) == day, f"{day}, {plan.fault}: another night is served"
    if whole:
        places = seen(home.root)
        assert places["link"] == places["copy"] == places["parquet"], f"{day}: places differ"
    return befallen


def _published_day(home: Home) -> str:
    with duckdb.connect(str(home.current), read_only=True) as connection:
        return connection.execute("select distinct as_of from marts.dim_date").fetchone()[0].isoformat()


def _counts(home: Home) -> dict[str, tuple]:
    with duckdb.connect(str(home.current), read_only=True) as connection:
        rows = connection.execute(
            """select channel, count(inquiry_at), count(mql_at), count(sal_at), count(sql_at), count(sqo_at), count(won_at)
               from marts.rpt_lead_to_revenue group by 1"""
        ).fetchall()
        signed = connection.execute("select sum(amount) from marts.fct_opportunity where outcome = 'won'").fetchone()
    return {**{row[0]: row[1:] for row in rows}, "signed": (float(signed[0]),)}


def _truth(exports: Path) -> dict[str, tuple]:
    truth = json.loads((exports / "truth.json").read_text())
    channels = {entry["channel"]: tuple(entry["realised"][stage] for stage in STAGES) for entry in truth["channels"].values()}
    signed = truth["opportunities"]["won_amount"] + truth["native_deals"]["won_amount"]
    return {**{key: counts for key, counts in channels.items() if any(counts)}, "signed": (signed,)}


def _sizes(home: Home) -> dict[str, int]:
    """Bytes by folder of the home, as the disk counts them."""
    found: Counter[str] = Counter()
    for path in home.root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found[path.relative_to(home.root).parts[0]] += path.stat().st_size
    return dict(sorted(found.items()))


def _assert_bounded(home: Home, calm: Home) -> None:
    """No more than the versions that are kept, and what the same files take in a home without faults."""
    year, once = _sizes(home), _sizes(calm)
    assert year["published"] <= (Settings().keep_versions + 2) * once["published"]
    assert year["build"] <= 2 * once["build"]
    assert year["raw"] <= 2 * once["raw"]
    assert year["ledger.sqlite"] <= 4 * once["ledger.sqlite"]
