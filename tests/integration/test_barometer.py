"""The in-house survey from its file to the page: declared beside measured, nothing of fewer than five people."""

import re
from pathlib import Path

import pytest

from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.ops.run import run_night
from orchestration.settings import Settings

# Item, team, and how many said yes and no.
ANSWERED = [
    ("B02", "ventes", 4, 2), ("B02", "marketing", 3, 3),
    ("B10", "ventes", 5, 1), ("B10", "marketing", 1, 0),
    ("B13", "ventes", 2, 1),
]  # fmt: skip


def survey() -> str:
    lines, respondent = ["Date de l'enquête;Numéro du répondant;Équipe;Question du baromètre;Réponse (oui ou non)"], 0
    for item, team, yes, no in ANSWERED:
        for answer in ["oui"] * yes + ["non"] * no:
            respondent += 1
            lines.append(f"15/09/2026;{respondent};{team};{item};{answer}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def night(tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("survey")
    generate(folder / "exports", leads=400, nights=1, seed=7)
    night = next(path for path in (folder / "exports").iterdir() if path.is_dir())
    (night / "alignment_survey_2026-09.csv").write_text(survey(), encoding="utf-8")
    result = run_night(Settings(home=folder / "home", exports=folder / "exports", language="fr"))
    assert result.exit_code == 0, result.message
    return Home(folder / "home")


def test_the_survey_is_counted_by_team_and_whole_and_small_groups_are_not_told(night):
    with open_duckdb(night.current.resolve(), read_only=True) as connection:
        rows = connection.execute(
            "select item_id, team, n_answers, n_yes from marts.fct_alignment_survey order by item_id, team"
        ).fetchall()
    assert rows == [
        ("B02", "all", 12, 7), ("B02", "marketing", 6, 3), ("B02", "ventes", 6, 4),
        ("B10", "all", 7, 6), ("B10", "marketing", 1, None), ("B10", "ventes", 6, None),
        ("B13", "all", 3, None), ("B13", "ventes", 3, None),
    ]  # fmt: skip


def cells_of(page: Path) -> list[list[str]]:
    html = page.read_text(encoding="utf-8")
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)]


def test_the_page_sets_declared_and_measured_side_by_side_and_shows_no_small_group(night):
    head, *rows = cells_of(night.scorecard.with_name("barometer.html"))
    assert head == ["Énoncé", "Interrogés", "Déclaré", "Mesuré", "Ce qui est mesuré", "Déclaré chez nous"]
    with open_duckdb(night.current.resolve(), read_only=True) as connection:
        barometer = connection.execute(
            "select item_id, wording_fr, declared_value, measured_value, measured_unit from marts.mart_barometer"
        ).fetchall()
    shown = {row[0].replace("&#39;", "'"): row for row in rows}
    by_item = {item: shown[wording] for item, wording, *_ in barometer}
    assert by_item["B02"][5] == "58,3\u00a0% (n = 12)"
    assert by_item["B10"][5] == "85,7\u00a0% (n = 7)"
    assert {by_item[item][5] for item in by_item if item not in ("B02", "B10")} == {"–"}
    for item, _, declared, measured, unit in barometer:
        told = by_item[item]
        assert told[2].startswith(f"{100 * declared:.1f}".replace(".", ","))
        if unit == "rate" and measured is not None:
            assert told[3] == f"{100 * measured:.1f}\u00a0%".replace(".", ",")
            # No cell holds the difference of the two, whichever way it is taken.
            apart = f"{abs(100 * declared - 100 * measured):.1f}".replace(".", ",")
            assert all(not cell.lstrip("+-").startswith(apart) for place, cell in enumerate(told) if place not in (2, 3, 5))
