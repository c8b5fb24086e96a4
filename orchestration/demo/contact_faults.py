"""What is wrong with Salesforce leads' contact data beside its age: numbers cut short, addresses that bounced.

Drawn last and from a stream of its own; what the values are belongs to `tables.py`.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo.clock import END, HOUR, NEVER
from orchestration.demo.draws import between
from orchestration.demo.field_changes import FieldHistory
from orchestration.demo.plan import BAD_PHONE_SHARE, BOUNCED_SHARE
from orchestration.demo.tasks import CALL, CONNECTED, ON_LEAD


@dataclass(frozen=True)
class ContactFaults:
    """One element per Salesforce lead."""

    has_bad_phone: np.ndarray
    bounced_at: np.ndarray  # NEVER for an address that took every e-mail; always after the address's last change


def draw_contact_faults(
    rng: np.random.Generator, created_at: np.ndarray, deleted_at: np.ndarray, phone: FieldHistory, email: FieldHistory,
    needs_phone: np.ndarray,
) -> ContactFaults:  # fmt: skip
    """Choose the faulty leads; `needs_phone` are those whose number tells who they are."""
    stays = deleted_at >= NEVER
    has_bad_phone = stays & ~phone.is_missing & ~needs_phone & (rng.random(created_at.size) < BAD_PHONE_SHARE)
    changed_at = np.where(email.changed_at < NEVER, email.changed_at, 0).max(axis=1)
    low = np.maximum(created_at, changed_at) + HOUR
    high = np.full_like(created_at, END - HOUR)
    bounces = stays & (low < high) & (changed_at < END) & (rng.random(created_at.size) < BOUNCED_SHARE)
    return ContactFaults(has_bad_phone, np.where(bounces, between(rng, low, high), NEVER))


def last_connected_call(tasks: dict[str, np.ndarray], leads: int) -> np.ndarray:
    """When somebody last reached each Salesforce lead by phone, 0 for never: that verifies the number."""
    reached = (tasks["reason"] == ON_LEAD) & (tasks["kind"] == CALL) & (tasks["disposition"] == CONNECTED)
    last = np.zeros(leads, dtype=np.int64)
    np.maximum.at(last, tasks["lead_position"][reached], tasks["created_at"][reached])
    return last
