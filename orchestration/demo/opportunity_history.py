"""The rows of Salesforce's opportunity history: one per step of the sale and per postponed close date.

In time order; formats belong to the exports.
"""

import numpy as np
import pyarrow as pa

from orchestration.demo.clock import END, paris_day_number
from orchestration.demo.world import World

# Stage, probability, forecast category.
_STEPS = (
    ("Qualification", 10, "Pipeline"),
    ("Proposal", 40, "Pipeline"),
    ("Negotiation", 70, "BestCase"),
    ("Closed Won", 100, "Closed"),
    ("Closed Lost", 0, "Omitted"),
)


def opportunity_history_rows(world: World) -> dict[str, pa.Array | np.ndarray]:
    """Collect all steps before the end."""
    sales = world.opportunities
    closing = np.where(sales.is_won, 3, 4)
    last_cents = np.where(sales.negotiation_at < END, sales.agreed_cents, sales.first_cents)
    blocks = (
        (sales.sqo_at, 0, sales.first_cents, sales.expected_day),
        (sales.proposal_at, 1, sales.first_cents, sales.expected_day),
        (sales.negotiation_at, 2, sales.agreed_cents, sales.expected_day),
        (sales.postponed_at, 2, sales.agreed_cents, sales.postponed_day),
        (sales.closed_at, closing, last_cents, paris_day_number(sales.closed_at)),
    )
    count = sales.lead.size
    number = np.tile(np.arange(count), len(blocks))
    changed_at = np.concatenate([at for at, *_ in blocks])
    step = np.concatenate([np.broadcast_to(step, count) for _, step, *_ in blocks])
    cents = np.concatenate([cents for *_, cents, _ in blocks])
    close_day = np.concatenate([day for *_, day in blocks])
    rows = np.flatnonzero(changed_at < END)
    rows = rows[np.lexsort((number[rows], changed_at[rows]))]
    steps = pa.array(step[rows])
    return {
        "opportunity_no": number[rows],
        "stage": pa.array([name for name, *_ in _STEPS]).take(steps),
        "probability": pa.array([probability for _, probability, _ in _STEPS]).take(steps),
        "forecast": pa.array([forecast for *_, forecast in _STEPS]).take(steps),
        "cents": cents[rows],
        "close_day": close_day[rows],
        "author_id": world.staff.ids.take(pa.array(sales.closer[number[rows]])),
        "changed_at": changed_at[rows],
    }
