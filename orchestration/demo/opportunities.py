"""What sales and billing keep: opportunities with their steps, partner deals kept in HubSpot alone, subscriptions.

Amounts are whole cents. A step that never comes is NEVER; wording and formats belong to the exports.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from orchestration.demo import plan
from orchestration.demo.clock import (
    DAY,
    END,
    FIRST_DAY,
    MINUTE,
    NEVER,
    midnight,
    next_working_time,
    paris_day_number,
)
from orchestration.demo.draws import between, pick
from orchestration.demo.ids import stripe_ids
from orchestration.demo.journey import Journeys
from orchestration.demo.people import Companies, Inquiries


@dataclass(frozen=True)
class Opportunities:
    """One element per opportunity, in order of creation; days are Paris days since 1970-01-01."""

    lead: np.ndarray
    account: np.ndarray
    is_first_of_account: np.ndarray
    sqo_at: np.ndarray
    proposal_at: np.ndarray
    negotiation_at: np.ndarray
    postponed_at: np.ndarray
    closed_at: np.ndarray
    is_won: np.ndarray
    first_cents: np.ndarray
    agreed_cents: np.ndarray  # from the negotiation on
    expected_day: np.ndarray
    postponed_day: np.ndarray
    closer: np.ndarray

    @property
    def is_won_by_end(self) -> np.ndarray:
        """Won on or before the last night."""
        return self.is_won & (self.closed_at < END)


@dataclass(frozen=True)
class Accounts:
    """One element per company that ever had an opportunity, in order of its first one."""

    company: np.ndarray
    created_at: np.ndarray


@dataclass(frozen=True)
class NativeDeals:
    """Partner deals: no lead, no Salesforce record; each brings a company of its own."""

    company: np.ndarray
    created_at: np.ndarray
    proposal_at: np.ndarray
    closed_at: np.ndarray
    is_won: np.ndarray
    cents: np.ndarray
    expected_day: np.ndarray
    closer: np.ndarray


@dataclass(frozen=True)
class Subscriptions:
    """One element per opportunity won by the end."""

    opportunity: np.ndarray
    created_at: np.ndarray
    cancelled_at: np.ndarray
    plan: np.ndarray
    seats: np.ndarray
    is_monthly: np.ndarray
    cents: np.ndarray  # per interval
    ids: pa.Array
    customer_ids: pa.Array  # one per account, by account number


def draw_opportunities(
    rng: np.random.Generator, inquiries: Inquiries, journeys: Journeys, companies: Companies
) -> tuple[Opportunities, Accounts]:
    """Turn the journeys that reach SQO before the end into opportunities and accounts."""
    reached = np.flatnonzero(journeys.sqo_at < END)
    lead = reached[np.argsort(journeys.sqo_at[reached], kind="stable")]
    count = lead.size
    company = inquiries.company[lead]
    first_of_company, account = _number_by_first(company)
    sqo_at, lag = journeys.sqo_at[lead], journeys.decision_lag[lead]
    is_won = journeys.won_at[lead] < NEVER

    last_step = np.where(is_won, 2, pick(rng, list(plan.LOST_AFTER.values()), count))

    def step(fraction: float, happens: np.ndarray) -> np.ndarray:
        return np.where(happens, next_working_time(sqo_at + (fraction * lag).astype(np.int64), rng), NEVER)

    size_effect = 0.35 * np.log(companies.employees[company] / 60)
    first_cents = _round_to_half_euro(np.exp(np.log(14_000) + size_effect + rng.normal(0, 0.6, count)))
    expected_day = paris_day_number(sqo_at) + rng.integers(60, 150, count)
    opportunities = Opportunities(
        lead=lead,
        account=account,
        is_first_of_account=np.isin(np.arange(count), first_of_company),
        sqo_at=sqo_at,
        proposal_at=step(0.3, last_step >= 1),
        negotiation_at=step(0.6, last_step >= 2),
        postponed_at=step(0.8, (last_step >= 2) & (rng.random(count) < 0.25)),
        closed_at=journeys.closed_at[lead],
        is_won=is_won,
        first_cents=first_cents,
        agreed_cents=_round_to_half_euro(first_cents / 100 * rng.uniform(0.85, 1.1, count)),
        expected_day=expected_day,
        postponed_day=expected_day + 30,
        closer=journeys.closer[lead],
    )
    return opportunities, Accounts(company=company[first_of_company], created_at=sqo_at[first_of_company])


def draw_native_deals(rng: np.random.Generator, opportunities: int, first_company: int, sellers: np.ndarray) -> NativeDeals:
    """Draw the planted share of deals that no lead explains."""
    count = round(plan.NATIVE_DEAL_SHARE * opportunities)
    first = np.full(count, midnight(FIRST_DAY), dtype=np.int64)
    created_at = np.sort(next_working_time(between(rng, first, np.full_like(first, END - 4 * DAY)), rng))
    created_at = created_at // MINUTE * MINUTE
    days_to_close = rng.integers(25, 150, count)
    proposal_at = next_working_time(created_at + rng.integers(5, 20, count) * DAY, rng)
    return NativeDeals(
        company=first_company + np.arange(count),
        created_at=created_at,
        proposal_at=proposal_at,
        closed_at=next_working_time(created_at + days_to_close * DAY, rng) // MINUTE * MINUTE,
        is_won=rng.random(count) < 0.35,
        cents=_round_to_half_euro(np.exp(rng.normal(np.log(9_000), 0.7, count))),
        expected_day=paris_day_number(created_at) + rng.integers(40, 120, count),
        closer=rng.choice(sellers, count),
    )


def draw_subscriptions(rng: np.random.Generator, opportunities: Opportunities) -> Subscriptions:
    """Bill every won opportunity the same day; some cancel later."""
    won = np.flatnonzero(opportunities.is_won_by_end)
    yearly_cents = opportunities.agreed_cents[won]
    is_monthly = rng.random(won.size) < 0.3
    created_at = opportunities.closed_at[won] + rng.integers(10 * MINUTE, 50 * MINUTE, won.size)
    cancelled = rng.random(won.size) < plan.CANCELLED_SHARE
    wait = rng.integers(30 * DAY, 400 * DAY, won.size)
    return Subscriptions(
        opportunity=won,
        created_at=created_at,
        cancelled_at=np.where(cancelled, created_at + wait, NEVER),
        plan=np.searchsorted([800_000, 2_500_000], yearly_cents),
        seats=np.maximum(1, yearly_cents // 30_000),
        is_monthly=is_monthly,
        cents=np.where(is_monthly, (yearly_cents + 6) // 12, yearly_cents),
        ids=stripe_ids(rng, "sub_1", won.size),
        customer_ids=stripe_ids(rng, "cus_", int(opportunities.is_first_of_account.sum())),
    )


def _number_by_first(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank keys by their first occurrence; return the positions of the firsts and each element's rank."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty(order.size, dtype=np.int64)
    number[order] = np.arange(order.size)
    return first[order], number[inverse]


def _round_to_half_euro(euros: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(euros) * 2).astype(np.int64) * 50
