import datetime as dt

import apprise
import pytest

from orchestration.engine import open_duckdb
from orchestration.home import Home
from orchestration.quality.digest import compose_digests, send_digests
from orchestration.quality.stewardship import FieldRule
from orchestration.settings import Settings

RULES = [
    FieldRule(entity_type="lead", field_name=name, steward_team=team, sla_days=90, why="x")
    for name, team in (("job_title", "marketing"), ("industry", "marketing"), ("company", "sales_ops"))
]


@pytest.fixture
def home(tmp_path) -> Home:
    """Two nights of which job titles got worse, industries better and companies no different."""
    home = Home(tmp_path / "home").prepare()
    with open_duckdb(home.published / "marts_x.duckdb") as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.fct_check_result (check_date date, check_name varchar, failing_rate double, "
            "allowed_rate double, has_passed boolean, pipeline_at_stake decimal(18, 2))"
        )
        for day, rates in ((1, (0.10, 0.30, 0.20)), (2, (0.35, 0.20, 0.20))):
            for name, rate in zip(("job_title", "industry", "company"), rates, strict=True):
                connection.execute(
                    "insert into marts.fct_check_result values (?, ?, ?, 0.3, ?, 1200)",
                    [dt.date(2026, 9, day), f"lead_{name}_is_fresh", rate, rate <= 0.3],
                )
    home.current.symlink_to("marts_x.duckdb")
    return home


def test_a_digest_tells_only_what_got_worse_and_only_figures(home):
    digests = compose_digests(home.current, RULES, "en")
    assert list(digests) == ["marketing"]
    title, lines = digests["marketing"]
    assert title == "CRM fields of marketing: 1 got worse"
    assert lines == ["lead, job title: 35.0% stale (was 10.0%), limit 30%, open pipeline at stake 1,200"]
    assert compose_digests(home.current, RULES, "fr")["marketing"][1][0].startswith("lead, intitulé du poste : 35.0% périmées")


def test_nothing_is_sent_until_a_team_has_an_address_and_then_one_message_a_team(home, monkeypatch):
    sent = []
    monkeypatch.setattr(apprise.Apprise, "notify", lambda self, **message: sent.append((len(self), message)) or True)
    assert send_digests(home, Settings(home=home.root), RULES) == {}
    addressed = Settings(
        home=home.root, steward_alerts={"marketing": ["json://host.example"], "sales_ops": ["json://h.example"]}
    )
    assert send_digests(home, addressed, RULES) == {"marketing": True}
    assert [(count, message["title"]) for count, message in sent] == [(1, "CRM fields of marketing: 1 got worse")]
    wrong = Settings(home=home.root, steward_alerts={"marketing": ["no address"]})
    assert send_digests(home, wrong, RULES) == {"marketing": False}
