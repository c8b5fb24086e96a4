"""Why leads were sent back: the reason that their owner picked, in the words of Salesforce's pick list.

Planted: a channel whose form let bad data in until it was changed, and a rep who picks "Other" for most leads.
"""

import calendar

import numpy as np

from orchestration.demo import plan
from orchestration.demo.draws import pick
from orchestration.demo.journey import EXIT_STATUSES, Journeys
from orchestration.demo.people import Inquiries
from orchestration.demo.staff import Staff

REASONS = ("", *plan.REASON_SHARES)
_SENT_BACK = [EXIT_STATUSES.index(status) for status in ("Rejected", "Disqualified", "Recycled")]
_OTHER = REASONS.index("Other")
_BAD_DATA = REASONS.index("Bad data")


def form_changed_at() -> int:
    """When the form of the channel with bad data was changed, UTC seconds."""
    return calendar.timegm((*plan.FORM_CHANGED_ON, 0, 0, 0))


def draw_reasons(rng: np.random.Generator, inquiries: Inquiries, journeys: Journeys, staff: Staff) -> np.ndarray:
    """Draw a position in REASONS for every lead; 0 for one that was not sent back."""
    size = journeys.exit_status.size
    drawn = 1 + pick(rng, list(plan.REASON_SHARES.values()), size)
    through_form = inquiries.channel == [channel.key for channel in plan.CHANNELS].index(plan.BAD_DATA_CHANNEL)
    before = journeys.mql_at < form_changed_at()
    share = np.where(before, *plan.BAD_DATA_SHARES)
    elsewhere = np.where(drawn == _BAD_DATA, REASONS.index("Not ICP"), drawn)
    drawn = np.where(through_form, np.where(rng.random(size) < share, _BAD_DATA, elsewhere), drawn)
    is_careless = np.array(staff.picks_other)[journeys.owner] & (rng.random(size) < plan.PICKS_OTHER_SHARE)
    drawn = np.where(is_careless, _OTHER, drawn)
    return np.where(np.isin(journeys.exit_status, _SENT_BACK), drawn, 0)
