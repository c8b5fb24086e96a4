"""Who answers for a late lead: the warehouse's clock against the Python one, and what was planted in the demo company."""

import csv
import datetime as dt
import json

import numpy as np
import pytest
from nights import night_on

from orchestration.calendars.business_time import MINUTE, BusinessTime
from orchestration.demo.company import generate
from orchestration.engine import open_duckdb
from orchestration.registry.registry import load_registry
from orchestration.settings import Settings


@pytest.fixture(scope="module")
def marts(demo_night):
    result, home = demo_night
    assert result.exit_code == 0, result.message
    with open_duckdb(home.current.resolve(), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def planted(demo_exports):
    return json.loads((demo_exports / "truth.json").read_text())


# Of each lead of Salesforce what became of its first touch.
LEADS = """
    select identity.source_id as lead_id, clocks.* from marts.fct_sla_clock as clocks
    join marts.bdg_person_identity as identity
        on clocks.person_key = identity.person_key and identity.source_system = 'salesforce'
        and identity.source_entity = 'lead' and identity.valid_to is null
    where clocks.obligation_id = 'first_touch' and clocks.spell_no = 1"""


def test_sql_and_python_count_the_same_business_minutes(marts):
    shipped = load_registry(Settings()).calendars["fr-paris-9-18"]
    laid_out = BusinessTime(shipped, dt.date(2024, 1, 1), dt.date(2027, 1, 1))
    times = marts.execute(
        """select epoch_us(mql_at), epoch_us(routed_at), epoch_us(responded_at), business_minutes, system_minutes
           from marts.fct_sla_clock where responded_at is not null and paused_minutes = 0 and responded_at >= mql_at"""
    ).fetchnumpy()
    mql_at, routed_at, responded_at, minutes, system = times.values()
    assert len(mql_at) > 5_000
    worked = {name: laid_out.worked_until(at) for name, at in (("mql", mql_at), ("routed", routed_at), ("end", responded_at))}
    np.testing.assert_allclose(minutes, (worked["end"] - worked["mql"]) / MINUTE, atol=1e-9)
    np.testing.assert_allclose(system, (worked["routed"] - worked["mql"]) / MINUTE, atol=1e-9)


def shares(marts, lead_ids: list[str], condition: str, party: str, reason: str) -> tuple[int, float]:
    """How many of these leads were missed, and the share of them for which this party and reason are named."""
    marts.execute("create or replace temp table chosen as select unnest(cast(? as varchar[])) as lead_id", [lead_ids])
    missed, right = marts.execute(
        f"""select count(*), count(*) filter (where liability = ? and fault_reason = ?)
            from ({LEADS}) join chosen using (lead_id) where liability <> 'none' and {condition}""",
        [party, reason],
    ).fetchone()
    return missed, right / missed


def owners(planted, pace: str) -> list[str]:
    return planted["first_answer"][f"{pace}_reps"]


def test_late_routing_is_the_systems_fault_and_nobody_elses(marts, planted):
    """Whoever answered within the term once the lead was there; who was slow on top answers for it."""
    answered_in_time = "is_responded and not is_excused_incomplete and not is_hollow and human_minutes <= within_minutes"
    missed, share = shares(marts, planted["handoff"]["late_routing"], answered_in_time, "system_fault", "late_routing")
    assert missed >= 40
    assert share >= 0.95


def test_hollow_first_touches_are_found_and_laid_to_sales(marts, planted):
    hollow = planted["handoff"]["hollow_first_touch"]
    missed, share = shares(marts, hollow, "not is_excused_incomplete", "sales_fault", "hollow_touch")
    assert missed >= 0.8 * len(hollow)
    assert share >= 0.95
    marts.execute("create or replace temp table chosen as select unnest(cast(? as varchar[])) as lead_id", [hollow])
    accused, right = marts.execute(
        f"select count(*), count(chosen.lead_id) from ({LEADS}) left join chosen using (lead_id) where is_hollow"
    ).fetchone()
    assert right / accused >= 0.95


def test_slow_reps_answer_for_their_own_delay(marts, planted):
    slow = marts.execute(
        f"""select leads.lead_id from ({LEADS}) as leads join marts.dim_user as users on leads.owner_key = users.user_key
            where md5('user' || '|' || 'salesforce' || '|' || ?) = leads.owner_key
               or md5('user' || '|' || 'salesforce' || '|' || ?) = leads.owner_key
               or md5('user' || '|' || 'salesforce' || '|' || ?) = leads.owner_key""",
        owners(planted, "slow"),
    ).fetchall()
    late = set(planted["handoff"]["late_routing"])
    lead_ids = [lead for (lead,) in slow if lead not in late]
    missed, share = shares(marts, lead_ids, "not is_excused_incomplete and is_responded", "sales_fault", "slow_answer")
    assert missed >= 200
    assert share >= 0.95


def test_a_lead_without_what_marketing_owes_excuses_sales(marts):
    excused = marts.execute(
        "select distinct liability from marts.fct_sla_clock where is_excused_incomplete and is_due order by 1"
    ).fetchall()
    assert {party for (party,) in excused} <= {"none", "marketing_fault"}


def test_rates_count_what_is_due_only(marts):
    assert marts.execute(
        "select count(*) from marts.fct_sla_clock where (is_pending and is_due) or (is_met is null) = is_due"
    ).fetchone() == (0,)
    due, met = marts.execute(
        """select count(*), count(*) filter (where is_met) from marts.fct_sla_clock
           where obligation_id = 'first_touch' and is_due"""
    ).fetchone()
    assert marts.execute("select sum(n_due), sum(n_met) from marts.mart_speed_to_lead").fetchone() == (due, met)


CALLS = """\
Record ID,Call Title,Call outcome,Call direction,Call duration,Activity date,Activity assigned to,Associated Contact IDs
1,Discovery,Connected,Outbound,00:04:10,2026-09-21 09:00,Anna Rep,{contact}
2,They rang,Connected,Inbound,00:02:00,2026-09-21 10:00,Anna Rep,{contact}
3,Too short,No answer,Outbound,00:00:04,2026-09-21 11:00,Anna Rep,{contact}
4,Logged by a tool,Connected,Outbound,00:01:00,2026-09-21 12:00,,{contact}
"""
MEETINGS = """\
Record ID,Meeting name,Meeting outcome,Meeting start time,Create Date,Activity assigned to,Associated Contact IDs
1,Demo,Completed,2026-09-24 09:00,2026-09-22 09:00,Anna Rep,{contact}
2,Demo,Scheduled,2026-09-29 09:00,2026-09-22 10:00,Anna Rep,{contact}
"""
EMAILS = """\
Record ID,Email subject,Email direction,Email send status,Activity date,Activity assigned to,Associated Contact IDs
1,Hello,EMAIL,SENT,2026-09-23 09:00,Anna Rep,{contact}
2,Hello,INCOMING_EMAIL,,2026-09-23 10:00,Anna Rep,{contact}
3,Hello,EMAIL,BOUNCED,2026-09-23 11:00,Anna Rep,{contact}
"""


def test_what_hubspot_logs_of_calls_mails_and_meetings_is_activity_of_its_contact(tmp_path):
    generate(tmp_path / "exports", leads=400, nights=1, seed=7)
    night = next(path for path in (tmp_path / "exports").iterdir() if path.is_dir())
    with next(night.glob("*contacts*.csv")).open(encoding="utf-8-sig", newline="") as stream:
        contact = next(csv.DictReader(stream, delimiter=";"))["ID d'enregistrement"]
    for name, text in (("calls", CALLS), ("meetings", MEETINGS), ("emails", EMAILS)):
        (night / f"hubspot_{name}.csv").write_text(text.format(contact=contact), encoding="utf-8")
    result, home = night_on(tmp_path / "exports", tmp_path / "home")
    assert result.exit_code == 0, result.message
    with open_duckdb(home.current.resolve(), read_only=True) as connection:
        told = connection.execute(
            """select activity_type, direction, is_human, is_hollow, is_two_way
               from marts.fct_activity where source_system = 'hubspot' order by occurred_at"""
        ).fetchall()
        (people,) = connection.execute(
            """select count(distinct activities.person_key) from marts.fct_activity as activities
               join marts.bdg_person_identity as identity on activities.person_key = identity.person_key
                   and identity.source_system = 'hubspot' and identity.source_id = ?
               where activities.source_system = 'hubspot'""",
            [contact],
        ).fetchone()
    assert people == 1
    assert told == [
        ("call", "outbound", True, False, True),
        ("call", "inbound", True, False, True),
        ("call", "outbound", True, True, False),
        ("call", "outbound", False, False, False),
        ("meeting", "outbound", True, False, True),
        ("meeting", "outbound", True, False, False),
        ("email", "outbound", True, False, False),
        ("email", "inbound", True, False, False),
        ("email", "outbound", False, False, False),
    ]
