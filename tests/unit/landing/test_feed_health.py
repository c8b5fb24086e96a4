import datetime as dt

import pytest

from orchestration.landing.deliver import land
from orchestration.landing.feed_health import judge_feeds
from orchestration.landing.ledger import Ledger
from orchestration.landing.profiles import known_profiles
from orchestration.settings import Settings

FEED = known_profiles(Settings())["maven"].feeds["products"]


def products(n_rows: int, extra: str = "") -> str:
    rows = "".join(f"P{i},GTX,{i}{',x' if extra else ''}\n" for i in range(n_rows))
    return f"product,series,sales_price{',' + extra if extra else ''}\n{rows}"


def judged(home, tmp_path, files: dict[str, str], as_of: str) -> dict[str, bool]:
    folder = tmp_path / "exports"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    land(home, Settings(home=home.root, exports=folder))
    return {check.name: check.passed for check in judge_feeds(Ledger(home.ledger), [FEED], dt.date.fromisoformat(as_of))}


@pytest.mark.parametrize(("as_of", "in_time"), [("2026-09-03", True), ("2026-09-05", False)])
def test_a_feed_without_a_new_extract_is_late(home, tmp_path, as_of, in_time):
    files = {"products-2026-09-01.csv": products(4), "products-2026-09-02.csv": products(5)}
    assert judged(home, tmp_path, files, as_of)["came_in_time"] is in_time


@pytest.mark.parametrize(("rows", "steady"), [(60, True), (40, False)])
def test_a_full_export_that_lost_most_of_its_rows_is_reported(home, tmp_path, rows, steady):
    files = {f"products-2026-09-0{day}.csv": products(100 + day) for day in range(1, 5)}
    files["products-2026-09-05.csv"] = products(rows)
    assert judged(home, tmp_path, files, "2026-09-05")["volume_is_steady"] is steady


def test_a_new_column_is_reported_on_the_day_it_comes(home, tmp_path):
    files = {"products-2026-09-01.csv": products(4), "products-2026-09-02.csv": products(5, extra="colour")}
    assert judged(home, tmp_path, files, "2026-09-02")["header_is_unchanged"] is False
    assert judged(home, tmp_path, {}, "2026-09-01")["header_is_unchanged"] is True


def test_a_feed_that_never_came_is_not_judged(home, tmp_path):
    assert judged(home, tmp_path, {"products-2026-09-02.csv": products(5)}, "2026-09-01") == {}
