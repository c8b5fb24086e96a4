"""Past nights built again: equal when every file had come in time, else different in the rows that the ledger names."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from nights import night_on

from orchestration.demo.company import generate
from orchestration.publish.assets import mart_grains
from orchestration.publish.history import RESTATEMENTS
from orchestration.publish.versions import mart_hashes
from orchestration.settings import Settings
from orchestration.transform.dbt_build import project_manifest

# (mart, values of the grain, column or None, change, old value, new value)
Difference = tuple[str, tuple[str | None, ...], str | None, str, str | None, str | None]


@pytest.fixture(scope="module")
def grains() -> dict[str, list[str]]:
    return mart_grains(json.loads(project_manifest(Settings()).read_text()))


def publish_night(home: Path, exports: Path, as_of: str | None = None) -> Path:
    """One night; the published file, kept where no later night takes it away."""
    result, at = night_on(exports, home, as_of=as_of)
    assert result.exit_code == 0, result.message
    kept = home.parent / f"{home.name}-{len(list(home.parent.glob(f'{home.name}-*')))}-{result.summary['version']}.duckdb"
    shutil.copyfile(at.current.resolve(), kept)
    return kept


def hashes(marts: Path, grains: dict[str, list[str]]) -> dict[str, str]:
    with duckdb.connect(str(marts), read_only=True) as connection:
        return mart_hashes(connection, grains)


def differences(before: Path, after: Path, grains: dict[str, list[str]]) -> set[Difference]:
    """What two published files say differently, found row by row without the product's SQL."""
    found: set[Difference] = set()
    for mart, grain in grains.items():
        if mart == RESTATEMENTS:
            continue
        tables = []
        for path in (before, after):
            with duckdb.connect(str(path), read_only=True) as connection:
                result = connection.execute(f"select columns(*)::varchar from marts.{mart}")
                names = [column[0] for column in result.description]
                rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
            tables.append({tuple(row[name] for name in grain): row for row in rows})
        old, new = tables
        found |= {(mart, key, None, "removed", None, None) for key in old.keys() - new.keys()}
        found |= {(mart, key, None, "added", None, None) for key in new.keys() - old.keys()}
        found |= {
            (mart, key, name, "changed", old[key][name], new[key][name])
            for key in old.keys() & new.keys()
            for name in old[key]
            if old[key][name] != new[key][name]
        }
    return found


def named(marts: Path, as_of: str) -> set[Difference]:
    """What the restatement ledger in a published file names for a night."""
    with duckdb.connect(str(marts), read_only=True) as connection:
        rows = connection.execute(
            "select mart_name, grain_key, column_name, change, old_value, new_value from marts.fct_restatement "
            f"where restated_as_of = date '{as_of}'"
        ).fetchall()
    assert len(set(rows)) == len(rows)
    return {
        (mart, tuple(None if value is None else str(value) for value in json.loads(key).values()), *rest)
        for mart, key, *rest in rows
    }


PIPELINE = (
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
    "A1,Ann,GTXPro,Acme,Won,2026-01-02,2026-02-03,100\n"
    "A2,Ann,GTXPro,,Engaging,2026-01-05,,\n"
)


def test_a_late_export_restates_the_night_that_lacked_it_in_the_rows_that_the_ledger_names(tmp_path, grains):
    deliveries = {
        "in_time": {
            "2026-02-04": PIPELINE,
            "2026-02-06": PIPELINE.replace("Engaging,2026-01-05,,", "Won,2026-01-05,2026-02-05,70"),
        },
        "late": {
            "2026-02-05": PIPELINE.replace("Engaging,2026-01-05,,", "Lost,2026-01-05,2026-02-05,0")
            + "A3,Bob,GTXPro,Acme,Engaging,2026-02-01,,\n"
        },
    }
    for folder, texts in deliveries.items():
        (tmp_path / folder).mkdir()
        for day, text in texts.items():
            (tmp_path / folder / f"sales_pipeline_{day}.csv").write_text(text)
    home = tmp_path / "home"
    without = publish_night(home, tmp_path / "in_time", "2026-02-05")
    with_it = publish_night(home, tmp_path / "late", "2026-02-05")
    expected = differences(without, with_it, grains)
    assert ("fct_opportunity", "outcome", "open", "lost") in {(row[0], row[2], *row[4:]) for row in expected}
    assert named(with_it, "2026-02-05") == expected
    with duckdb.connect(str(with_it), read_only=True) as connection:
        causes = connection.execute("select distinct cause, cause_detail from marts.fct_restatement").fetchall()
    assert len(causes) == 1
    assert causes[0][0] == "late_file"
    assert causes[0][1].startswith("late_file maven/sales_pipeline 2026-02-05 00:00:00 ")


DAYS = ("2026-09-28", "2026-09-29", "2026-09-30")
LATE = ("salesforce_Opportunity_", "salesforce_Lead_", "hubspot-crm-exports-contacts", "hubspot-crm-exports-transactions")


@dataclass(frozen=True)
class Nights:
    """Published files: of nights as they came, of past nights from all files at once, and of a night with late files."""

    in_time: dict[str, Path]
    from_all_files: dict[str, Path]
    without_late: Path
    with_late: Path
    n_late: int


@pytest.fixture(scope="module")
def nights(tmp_path_factory, grains) -> Nights:
    root = tmp_path_factory.mktemp("nights")
    exports, late = root / "exports", root / "late"
    generate(exports, leads=400, nights=len(DAYS), seed=5)
    folders = {day: exports / day for day in DAYS}
    in_time = {DAYS[0]: publish_night(root / "home", folders[DAYS[0]])}
    shutil.copytree(root / "home", root / "late-home", symlinks=True)
    in_time |= {day: publish_night(root / "home", folders[day]) for day in DAYS[1:]}
    from_all_files = {day: publish_night(root / "all", exports, day) for day in DAYS[:-1]}
    late.mkdir()
    for path in folders[DAYS[1]].rglob("*"):
        if path.name.startswith(LATE):
            path.rename(late / path.name)
    names = [path.name for path in late.iterdir()]
    assert len(names) == len(LATE), names
    without_late = publish_night(root / "late-home", folders[DAYS[1]])
    shutil.copytree(folders[DAYS[2]], late, dirs_exist_ok=True)
    publish_night(root / "late-home", late)
    with_late = publish_night(root / "late-home", late, DAYS[1])
    return Nights(in_time, from_all_files, without_late, with_late, len(names))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("day", DAYS[:-1])
def test_a_past_night_from_all_files_equals_the_one_published_then(nights, grains, day):
    then, now = hashes(nights.in_time[day], grains), hashes(nights.from_all_files[day], grains)
    assert {mart: row for mart, row in now.items() if row != then[mart]} == {}
    assert len(now) > 20


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_late_files_change_exactly_the_rows_that_the_ledger_names(nights, grains):
    expected = differences(nights.without_late, nights.with_late, grains)
    assert len(expected) > 30
    assert named(nights.with_late, DAYS[1]) == expected
    assert hashes(nights.with_late, grains) == hashes(nights.in_time[DAYS[1]], grains)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nights_in_time_restate_nothing(nights):
    assert [named(marts, day) for marts in nights.in_time.values() for day in DAYS] == [set()] * len(DAYS) ** 2
    with duckdb.connect(str(nights.with_late), read_only=True) as connection:
        ((cause, detail),) = connection.execute("select distinct cause, cause_detail from marts.fct_restatement").fetchall()
    assert cause == "late_file"
    assert detail.count("late_file") == nights.n_late
    assert "@" not in detail
