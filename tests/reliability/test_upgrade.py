"""A home of the first release opens, and its next night is that of a new home; so is a backup that was put back.

`first_release_home.tar.xz` was made by the first release itself: three files delivered, one of them refused, one night.
"""

import json
import tarfile
from pathlib import Path

import pytest
from nights import night_on

from orchestration.home import Home
from orchestration.landing.ledger import Ledger
from orchestration.ops.run import run_night
from orchestration.publish.assets import mart_grains
from orchestration.publish.backup import backup, restore
from orchestration.publish.query import run_query
from orchestration.publish.verify import current_hashes, faults_of
from orchestration.publish.versions import list_versions, rollback
from orchestration.settings import Settings
from orchestration.transform.project import project_manifest

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
ARCHIVE = Path(__file__).with_name("first_release_home.tar.xz")
DELIVERED = {
    "sales_pipeline_2026-02-05.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "A1,Ann,GTXPro,Acme,Won,2026-01-02,2026-02-03,100\n"
        "A2,Ann,GTXPro,,Engaging,2026-01-05,,\n"
    ),
    "products_2026-02-05.csv": "product,series,sales_price\nGTX Pro,GTX,4821\n",
    "shoes.csv": "colour,size\nred,1\n",
}
QUESTION = "select outcome, count(*), sum(amount) from fct_opportunity group by 1 order by 1"


def hashes(home: Home) -> dict[str, str]:
    return current_hashes(home, mart_grains(json.loads(project_manifest(Settings()).read_text())))


def test_a_home_of_the_first_release_goes_on_as_a_new_one_would(tmp_path):
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path / "old", filter="data")
    (tmp_path / "exports").mkdir()
    for name, content in DELIVERED.items():
        (tmp_path / "exports" / name).write_text(content)
    old = Home(tmp_path / "old")
    before = run_query(old, QUESTION, "csv")
    first = list_versions(old)[0].version

    result = run_night(Settings(home=old.root))
    assert result.exit_code == 0, result.message
    new_result, new = night_on(tmp_path / "exports", tmp_path / "new")
    assert new_result.exit_code == 0, new_result.message
    assert hashes(old) == hashes(new)
    assert list_versions(old)[0].version == list_versions(new)[0].version
    assert faults_of(old) == []
    assert {row["status"] for row in Ledger(old.ledger).known_files().values()} == {"landed", "refused"}
    assert run_query(old, QUESTION, "csv") == before

    # What the first release published is still there to go back to.
    assert rollback(old).version == first
    assert run_query(old, QUESTION, "csv") == before
    rollback(old, list_versions(new)[0].version)

    backup(old, tmp_path / "archive.tar.gz")
    back = Home(tmp_path / "back").prepare()
    restore(tmp_path / "archive.tar.gz", back, Settings(home=back.root), lambda line: None)
    assert faults_of(back) == []
    assert hashes(back) == hashes(new)
    assert run_night(Settings(home=back.root, rebuild=True)).summary["version"] == list_versions(new)[0].version
