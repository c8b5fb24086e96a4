"""The same deliveries in any order, again, renamed and packed anew, give the same marts; a second landing adds nothing."""

import datetime as dt
import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.landing.deliver import LandingReport, land
from orchestration.landing.profiles import known_profiles
from orchestration.publish.assets import mart_grains
from orchestration.publish.versions import mart_hashes
from orchestration.quality.stewardship import load_stewardship
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, latest_extract_day, write_catalog
from orchestration.transform.dbt_build import invoke_dbt
from orchestration.transform.project import project_manifest
from tests.corpus.model import csv_bytes, deals
from tests.corpus.wrappers import packed

DAYS = [dt.date(2026, 9, 28), *(dt.date(2026, 10, day) for day in (1, 3, 4))]
ORDERS = 20
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory) -> Files:
    """Name → bytes: four nights of a small company in full and delta feeds; after them full exports with a deleted, a
    corrected and a late row, which then go back to what they were, and deltas that correct each other."""
    folder = tmp_path_factory.mktemp("company")
    generate(folder, leads=60, nights=4, seed=3)
    files = {path.name: path.read_bytes() for path in sorted(folder.rglob("*.csv")) if path.name != "identity_labels.csv"}
    first = deals(12)
    second = [{**row, "amount": Decimal("1.00")} if row["deal_id"].endswith("3") else row for row in first[1:]]
    late = [*second, {**deals(13)[12], "created_at": dt.date(2026, 1, 2)}]
    for day, rows in ((1, first), (2, second), (3, late), (4, first)):
        files[f"transactions-2026-10-{day:02d}.csv"] = csv_bytes(rows)
    header = files["salesforce_Opportunity_2026-09-27.csv"].splitlines(keepends=True)[0]
    columns = header.decode().replace('"', "").strip().split(",")
    for day, amounts in ((1, {"006X1": "10", "006X2": "20"}), (2, {"006X1": "11"}), (3, {"006X1": "12", "006X3": "30"})):
        rows = [
            ",".join({"Id": key, "Amount": amount, "CreatedDate": "2026-09-01T08:00:00.000Z"}.get(name, "") for name in columns)
            for key, amount in amounts.items()
        ]
        files[f"salesforce_Opportunity_2026-10-{day:02d}.csv"] = header + ("\n".join(rows) + "\n").encode()
    return files


def arrive(home: Home, names: Sequence[str], files: Files, folder: Path, form: str) -> LandingReport:
    """Land files in this order, as they are, under other names or packed."""
    exports = folder / form
    exports.mkdir(parents=True)
    for place, name in enumerate(names):
        if form == "packed":
            (exports / f"{place:03d}-{name}.gz").write_bytes(packed(files[name]))
        else:
            prefix = f"{place:03d}-copy-of" if form == "renamed" else f"{place:03d}"
            (exports / f"{prefix}-{name}").write_bytes(files[name])
    report = land(home, Settings(home=home.root, exports=exports))
    shutil.rmtree(exports)
    return report


def relations(home: Home) -> dict[str, str]:
    """`day feed` → a hash of the feed's relation as known on that day."""
    found = {}
    profiles = known_profiles(Settings())
    for day in DAYS:
        with duckdb.connect() as connection:
            write_catalog(DuckDBEngine(connection), home, profiles, [], AsOf(day, "Europe/Paris"), "EUR")
            for profile in profiles.values():
                for feed in profile.feeds.values():
                    rows = connection.execute(f"select * from raw.{feed.relation} order by all").fetchall()
                    found[f"{day} {feed.name}"] = f"{len(rows)} {hashlib.sha256(repr(rows).encode()).hexdigest()}"
    return found


def test_the_stories_of_single_records_are_told_as_they_happened(deliveries, tmp_path):
    home = Home(tmp_path / "home").prepare()
    arrive(home, sorted(deliveries, reverse=True), deliveries, tmp_path, "plain")
    amounts, deleted, opportunities = {}, {}, {}
    for day in range(1, 5):
        with duckdb.connect() as connection:
            as_of = AsOf(dt.date(2026, 10, day), "Europe/Paris")
            write_catalog(DuckDBEngine(connection), home, known_profiles(Settings()), [], as_of, "EUR")
            rows = connection.execute(
                "select deal_id, amount, _is_deleted from raw.hubspot__deals where deal_id like '90012345%'"
            ).fetchall()
            amounts[day] = {key: amount for key, amount, gone in rows if not gone}
            deleted[day] = {key for key, _, gone in rows if gone}
            opportunities[day] = dict(
                connection.execute(
                    "select opportunity_id, amount from raw.salesforce__opportunity where opportunity_id like '006X%'"
                ).fetchall()
            )
            assert connection.execute("select count(*) from raw.salesforce__opportunity where _is_deleted").fetchone() == (0,)
    gone, corrected, late = "9001234501", "9001234503", "9001234513"
    assert [gone in amounts[day] for day in range(1, 5)] == [True, False, False, True]
    assert [gone in deleted[day] for day in range(1, 5)] == [False, True, True, False]
    assert [amounts[day][corrected] for day in range(1, 5)] == ["3456.50", "1.00", "1.00", "3456.50"]
    assert [late in amounts[day] for day in range(1, 5)] == [False, False, True, False]
    assert opportunities[1] == {"006X1": "10", "006X2": "20"}
    assert opportunities[2] == {"006X1": "11", "006X2": "20"}
    assert opportunities[3] == opportunities[4] == {"006X1": "12", "006X2": "20", "006X3": "30"}


def raw_state(home: Home) -> str:
    """Write the raw catalog of the last day and hash every relation of it: with the seeds all that models read."""
    settings = Settings(home=home.root)
    profiles, rules = known_profiles(settings), load_stewardship(settings.expectations_dir / "field_stewardship.yml")
    home.candidate.unlink(missing_ok=True)
    with duckdb.connect(str(home.candidate)) as connection:
        as_of = AsOf(latest_extract_day(home), settings.business_timezone)
        write_catalog(DuckDBEngine(connection), home, profiles, rules, as_of, settings.reporting_currency)
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'raw' order by 1"
        ).fetchall()
        state = hashlib.sha256()
        for (name,) in names:
            rows = connection.execute(f'select * from raw."{name}" order by all').fetchall()
            state.update(f"{name} {rows!r}".encode())
    return state.hexdigest()


def built_marts(home: Home) -> dict[str, str]:
    """Build every model on the catalog that `raw_state` wrote and hash each mart as the contract says."""
    settings = Settings(home=home.root)
    outcome = invoke_dbt(["build", "--exclude-resource-types", "test", "unit_test", "--no-write-json"], settings, home)
    assert outcome.errors == []
    grains = mart_grains(json.loads(project_manifest(settings).read_text()))
    with duckdb.connect(str(home.candidate), read_only=True) as connection:
        return mart_hashes(connection, grains)


def landed_in_order(deliveries: Files, folder: Path, seed: int, expected: dict[str, str]) -> Home:
    """A home in which the files landed in a drawn order, again renamed, again packed; only the first added rows."""
    chance, home = random.Random(seed), Home(folder / f"home-{seed}").prepare()
    for form in ("plain", "renamed", "packed"):
        names = sorted(deliveries)
        chance.shuffle(names)
        report = arrive(home, names, deliveries, folder, form)
        if form != "plain":
            assert report.rows["loaded"] == 0, (seed, form)
            assert report.files["new"] == 0, (seed, form)
        assert report.refusals == [], (seed, form)
        found = relations(home)
        assert {key: found[key] for key in found if found[key] != expected[key]} == {}, (seed, form)
    return home


@pytest.fixture(scope="module")
def in_order(deliveries, tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("in-order")
    home = Home(folder / "home").prepare()
    arrive(home, sorted(deliveries), deliveries, folder, "plain")
    return home


def test_a_shuffled_order_three_times_gives_the_same_raw(deliveries, in_order, tmp_path):
    landed_in_order(deliveries, tmp_path, 0, relations(in_order))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_twenty_shuffled_orders_three_times_each_give_the_same_raw_and_the_same_marts(deliveries, in_order, tmp_path):
    """Marts are built for each raw state not met before, and for the last order in any case: equal raw, equal marts."""
    expected, first_state = relations(in_order), raw_state(in_order)
    hashes = built_marts(in_order)
    assert len(hashes) >= 25
    met = {first_state}
    for seed in range(ORDERS):
        home = landed_in_order(deliveries, tmp_path, seed, expected)
        state = raw_state(home)
        is_built = state not in met or seed == ORDERS - 1
        if is_built:
            found = built_marts(home)
            assert {mart: found[mart] for mart in found if found[mart] != hashes[mart]} == {}, seed
            met.add(state)
        shutil.rmtree(home.root)
        print(f"order {seed + 1} of {ORDERS}: {'marts built and equal' if is_built else 'raw equal to one built'}", flush=True)
