"""Calls, e-mails and meetings: the first answer to each lead, what follows, and what the integration sends.

Codes and times only. The first human task of a lead is its first answer; nothing else here may come before it.
"""

import numpy as np

from orchestration.demo.clock import DAY, END, MINUTE, NEVER, next_working_time
from orchestration.demo.draws import between, pick
from orchestration.demo.journey import Journeys
from orchestration.demo.opportunities import Opportunities
from orchestration.demo.routing import is_touched_hollow
from orchestration.demo.staff import Staff

CALL, EMAIL, MEETING = 0, 1, 2
ON_LEAD, ON_OPPORTUNITY, AUTOMATED, ONBOARDING = 0, 1, 2, 3
CONNECTED = 0
_NO_CALL = -1


def draw_tasks(
    rng: np.random.Generator, lead: np.ndarray, journeys: Journeys, opportunities: Opportunities, staff: Staff
) -> dict[str, np.ndarray]:
    """Draw all tasks created before the end, in order of creation.

    Args:
        rng: Stream of this module.
        lead: Numbers of the leads that Salesforce knows; a task names its lead by the position in here.
        journeys: Times and owners of all leads.
        opportunities: Those that exist by the end.
        staff: For the teams and the integration user.
    """
    blocks = [
        *_lead_tasks(rng, lead, journeys, staff),
        *_opportunity_tasks(rng, opportunities, staff),
    ]
    tasks = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    tasks = _add_kind(rng, tasks)
    exists = tasks["created_at"] < END
    order = np.flatnonzero(exists)[np.argsort(tasks["created_at"][exists], kind="stable")]
    return {name: values[order] for name, values in tasks.items()}


def first_answer_minutes(lead: np.ndarray, journeys: Journeys) -> tuple[np.ndarray, np.ndarray]:
    """Tell the owner and the minutes from MQL to first human task of the leads answered by the end."""
    answered = lead[journeys.first_answer_at[lead] < END]
    minutes = (journeys.first_answer_at[answered] - journeys.mql_at[answered]) / MINUTE
    return journeys.owner[answered], minutes


def _lead_tasks(rng: np.random.Generator, lead: np.ndarray, journeys: Journeys, staff: Staff) -> list[dict[str, np.ndarray]]:
    position = np.arange(lead.size)
    owner, answer_at = journeys.owner[lead], journeys.first_answer_at[lead]
    is_hollow = is_touched_hollow(lead, owner, staff)
    welcomed = np.flatnonzero(rng.random(lead.size) < 0.3)
    welcome_at = journeys.synced_at[lead][welcomed] + rng.integers(20, 90, welcomed.size)
    blocks = [
        _block(answer_at, position, None, owner, ON_LEAD, is_hollow),
        _block(welcome_at, position[welcomed], None, np.full(welcomed.size, staff.integration_user), AUTOMATED),
    ]
    # Sales stays in touch until the lead ends or becomes an opportunity, for 40 days at most.
    until = np.minimum(np.minimum(journeys.exit_at, journeys.sqo_at)[lead], answer_at + 40 * DAY)
    for chance in (0.7, 0.35):
        follow_up = next_working_time(between(rng, answer_at + 30 * MINUTE, until), rng)
        happens = (answer_at < END) & (follow_up < until) & (rng.random(lead.size) < chance) & ~is_hollow
        blocks.append(_block(np.where(happens, follow_up, NEVER), position, None, owner, ON_LEAD))
    return blocks


def _opportunity_tasks(rng: np.random.Generator, opportunities: Opportunities, staff: Staff) -> list[dict[str, np.ndarray]]:
    number = np.arange(opportunities.lead.size)
    blocks = []
    for chance in (0.95, 0.8, 0.6):
        at = next_working_time(between(rng, opportunities.sqo_at + DAY, opportunities.closed_at), rng)
        happens = (at < opportunities.closed_at) & (rng.random(number.size) < chance)
        blocks.append(_block(np.where(happens, at, NEVER), None, number, opportunities.closer, ON_OPPORTUNITY))
    won = np.flatnonzero(opportunities.is_won)
    welcome = next_working_time(opportunities.closed_at[won] + rng.integers(1, 6, won.size) * DAY, rng)
    managers = np.intersect1d(staff.team("Customer Success"), staff.people)
    blocks.append(_block(welcome, None, won, rng.choice(managers, won.size), ONBOARDING))
    return blocks


def _block(
    at: np.ndarray,
    lead: np.ndarray | None,
    opportunity: np.ndarray | None,
    owner: np.ndarray,
    reason: int,
    is_hollow: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    nothing = np.full(at.size, -1, dtype=np.int64)
    return {
        "created_at": at,
        "lead_position": nothing if lead is None else lead,
        "opportunity_no": nothing if opportunity is None else opportunity,
        "owner": owner,
        "reason": np.full(at.size, reason, dtype=np.int64),
        "is_hollow": np.zeros(at.size, dtype=bool) if is_hollow is None else is_hollow,
    }


def _add_kind(rng: np.random.Generator, tasks: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    reason, created_at = tasks["reason"], tasks["created_at"]
    kind = pick(rng, (0.5, 0.38, 0.12), reason.size)
    kind = np.where(reason == AUTOMATED, EMAIL, np.where(reason == ONBOARDING, MEETING, kind))
    kind = np.where(tasks["is_hollow"], CALL, kind)
    disposition = np.where(kind == CALL, pick(rng, (0.45, 0.3, 0.25), reason.size), _NO_CALL)
    disposition = np.where(tasks["is_hollow"], 0, disposition)
    seconds = np.exp(rng.normal(np.log(240), 0.8, reason.size)).astype(np.int64) + 15
    # Logged as answered, and over before anyone can have spoken.
    seconds = np.where(tasks["is_hollow"], 1 + tasks["lead_position"] % 5, seconds)
    held_at = next_working_time(created_at + rng.integers(1, 7, reason.size) * DAY, rng)
    return {
        **tasks,
        "kind": kind,
        "disposition": disposition,
        "call_seconds": np.where(disposition == CONNECTED, seconds, np.where(kind == CALL, 20, _NO_CALL)),
        # A meeting stays open until it is held; calls and e-mails are logged when done.
        "done_at": np.where(kind == MEETING, held_at, created_at),
    }
