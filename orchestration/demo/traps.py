"""What makes identity hard: homonyms, shared mailboxes, look-alike companies, namesakes, subsidiaries.

Drawn from a stream of its own and laid over the drawn people and companies; what is the same and what is not
stands in `identity_truth.py`.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo import plan, vocabulary

NOBODY = -1


@dataclass(frozen=True)
class CompanyTraps:
    """One element per company that leads come from."""

    lookalike: np.ndarray  # pair of LOOKALIKE_ROOTS and which of the two, or NOBODY
    twin: np.ndarray  # the company whose activity and town this one shares; with `has_same_name` the whole name
    has_same_name: np.ndarray
    parent: np.ndarray


@dataclass(frozen=True)
class PeopleTraps:
    """Pairs of different people, and one element per lead for the mailbox that it shares."""

    homonyms: np.ndarray  # shape (pairs, 2)
    homonyms_at_one_company: np.ndarray
    mailbox_sharers: np.ndarray
    mailbox: np.ndarray  # position in SHARED_MAILBOXES, or NOBODY


def draw_company_traps(rng: np.random.Generator, count: int) -> CompanyTraps:
    """Choose disjoint companies for each trap; partner companies come later and have none."""
    sizes = [round(share * count) for share in (plan.LOOKALIKE_SHARE, plan.NAMESAKE_SHARE, plan.SUBSIDIARY_SHARE)]
    lookalikes, namesakes, families = _disjoint_pairs(rng, count, sizes)
    lookalike = np.full(count, NOBODY)
    lookalike[lookalikes[:, 0]] = 2 * (np.arange(len(lookalikes)) % len(vocabulary.LOOKALIKE_ROOTS))
    lookalike[lookalikes[:, 1]] = lookalike[lookalikes[:, 0]] + 1
    twin, parent = np.full(count, NOBODY), np.full(count, NOBODY)
    twin[lookalikes[:, 1]], twin[namesakes[:, 1]] = lookalikes[:, 0], namesakes[:, 0]
    has_same_name = np.zeros(count, dtype=bool)
    has_same_name[namesakes[:, 1]] = True
    parent[families[:, 1]] = families[:, 0]
    return CompanyTraps(lookalike, twin, has_same_name, parent)


def draw_people_traps(rng: np.random.Generator, count: int) -> PeopleTraps:
    """Choose disjoint leads for each trap."""
    sizes = [round(share * count) for share in (plan.HOMONYM_SHARE / 2, plan.HOMONYM_SHARE / 2, plan.SHARED_MAILBOX_SHARE)]
    elsewhere, at_one_company, sharers = _disjoint_pairs(rng, count, sizes)
    mailbox = np.full(count, NOBODY)
    kind = np.arange(len(sharers)) % len(vocabulary.SHARED_MAILBOXES)
    mailbox[sharers[:, 0]] = mailbox[sharers[:, 1]] = kind
    return PeopleTraps(elsewhere, at_one_company, sharers, mailbox)


def _disjoint_pairs(rng: np.random.Generator, count: int, sizes: list[int]) -> list[np.ndarray]:
    """Draw pairs of positions, none of which comes twice; fewer where there are not enough."""
    shuffled = rng.permutation(count)
    pairs = shuffled[: count // 2 * 2].reshape(-1, 2)
    return [np.sort(part, axis=1) for part in np.split(pairs, np.cumsum(sizes))[: len(sizes)]]
