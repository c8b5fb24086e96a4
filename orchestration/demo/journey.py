"""What becomes of each inquiry: stage times from inquiry to won or lost, exits, owners, first answers.

Drawn for the whole future; whoever reads a night compares with its end. How it is exported does not belong here.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo import plan
from orchestration.demo.clock import DAY, MINUTE, NEVER, next_waking_minute, next_working_time
from orchestration.demo.draws import bounded_lognormal, lag_seconds, pick
from orchestration.demo.people import Inquiries
from orchestration.demo.routing import synced_after_outage
from orchestration.demo.staff import Staff

EXIT_STATUSES = ("", "Rejected", "Disqualified", "Recycled", "deleted")


@dataclass(frozen=True)
class Journeys:
    """One element per lead; times in UTC seconds, NEVER for what does not happen."""

    mql_at: np.ndarray
    synced_at: np.ndarray  # when the lead appears in Salesforce
    first_answer_at: np.ndarray
    sal_at: np.ndarray
    sql_at: np.ndarray
    sqo_at: np.ndarray
    won_at: np.ndarray
    lost_at: np.ndarray
    exit_at: np.ndarray
    exit_status: np.ndarray  # position in EXIT_STATUSES
    owner: np.ndarray  # SDR who owns the lead
    closer: np.ndarray  # account executive from the opportunity on
    decision_lag: np.ndarray  # seconds from SQO to its end, before waiting for working hours

    @property
    def closed_at(self) -> np.ndarray:
        """When the opportunity ends, either way."""
        return np.minimum(self.won_at, self.lost_at)


def draw_journeys(rng: np.random.Generator, inquiries: Inquiries, staff: Staff) -> Journeys:
    """Draw which stage each lead reaches, then the times, each after the one before."""
    count = len(inquiries)
    probabilities = np.array([channel.stage_probabilities for channel in plan.CHANNELS])[inquiries.channel]
    passes = np.cumprod(rng.random((count, 5)) < probabilities, axis=1).astype(bool)
    is_mql, is_sal, is_sql, is_sqo, is_won = passes.T
    pace = np.array([channel.pace for channel in plan.CHANNELS])[inquiries.channel]
    lag = {name: lag_seconds(rng, parameters, pace) for name, parameters in plan.LAGS.items()}
    owner = rng.choice(staff.team("Sales Development"), count)
    closer = rng.choice(staff.team("Sales"), count)

    mql_at = np.where(is_mql, next_waking_minute(inquiries.created_at + lag["inquiry_to_mql"]), NEVER)
    synced_at = synced_after_outage(mql_at, _after(mql_at, rng.integers(2 * MINUTE, 15 * MINUTE, count)))
    exit_status = _draw_exits(rng, is_mql, is_sal, is_sql, is_sqo)
    is_ignored = is_mql & ~is_sal & (rng.random(count) < plan.NEVER_ANSWERED_SHARE)
    answer_at = next_working_time(_after(synced_at, _response_seconds(rng, owner, staff)), rng)
    answer_at = np.where(is_ignored, NEVER, answer_at)
    # Nobody judges a lead before the first answer, unless it never gets one.
    earliest_verdict = np.where(is_ignored, mql_at, _after(answer_at, 10 * MINUTE))

    def step(passed: np.ndarray, since: np.ndarray, name: str) -> np.ndarray:
        return np.where(passed, next_working_time(_after(since, lag[name]), rng), NEVER)

    sal_ready_at = np.maximum(_after(mql_at, lag["mql_to_sal"]), earliest_verdict)
    sal_at = np.where(is_sal, next_working_time(sal_ready_at, rng), NEVER)
    sql_at = step(is_sql, sal_at, "sal_to_sql")
    sqo_at = step(is_sqo, sql_at, "sql_to_sqo")
    # The opportunity's steps are fractions of this lag; 20 days at least, so that no wait changes their order.
    decision_lag = np.where(is_won, lag["sqo_to_won"], lag["sqo_to_lost"])
    closed_at = next_working_time(_after(sqo_at, decision_lag), rng)

    exit_ready_at = np.where(
        is_sql,
        _after(sql_at, lag["sql_to_exit"]),
        np.where(
            is_sal,
            _after(sal_at, lag["sal_to_exit"]),
            np.maximum(_after(mql_at, lag["mql_to_exit"]), earliest_verdict),
        ),
    )
    exit_at = np.where(exit_status > 0, next_working_time(exit_ready_at, rng), NEVER)
    return Journeys(
        mql_at=mql_at,
        synced_at=synced_at,
        first_answer_at=answer_at,
        sal_at=sal_at,
        sql_at=sql_at,
        sqo_at=sqo_at,
        won_at=np.where(is_won, closed_at, NEVER),
        lost_at=np.where(is_won, NEVER, closed_at),
        exit_at=exit_at,
        exit_status=exit_status,
        owner=owner,
        closer=closer,
        decision_lag=decision_lag,
    )


def _after(since: np.ndarray, wait: np.ndarray | int) -> np.ndarray:
    return np.where(since >= NEVER, NEVER, since + wait)


def _draw_exits(
    rng: np.random.Generator, is_mql: np.ndarray, is_sal: np.ndarray, is_sql: np.ndarray, is_sqo: np.ndarray
) -> np.ndarray:
    exit_status = np.zeros(is_mql.size, dtype=np.int64)
    for stage, stays in (("mql", is_mql & ~is_sal), ("sal", is_sal & ~is_sql), ("sql", is_sql & ~is_sqo)):
        shares = plan.EXITS[stage]
        codes = np.array([0 if name == "left_open" else EXIT_STATUSES.index(name) for name in shares])
        drawn = codes[pick(rng, list(shares.values()), is_mql.size)]
        exit_status = np.where(stays, drawn, exit_status)
    return exit_status


def _response_seconds(rng: np.random.Generator, owner: np.ndarray, staff: Staff) -> np.ndarray:
    median_minutes = np.array([plan.RESPONSE_MINUTES[pace] for pace in staff.pace])[owner]
    longest = plan.LONGEST_RESPONSE_DAYS * DAY / MINUTE
    return (bounded_lognormal(rng, median_minutes, plan.RESPONSE_SIGMA, 0.5, longest) * MINUTE).astype(np.int64)
