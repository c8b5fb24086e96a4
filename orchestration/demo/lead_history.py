"""The rows of Salesforce's lead history: status changes of the journeys and changes of the ageing fields.

Codes and authors, in time order; the values before and after are worded in `as_of.py`.
"""

import numpy as np
import pyarrow as pa

from orchestration.demo.clock import END, NEVER
from orchestration.demo.journey import EXIT_STATUSES
from orchestration.demo.world import World

_STATUS = "Status"


def lead_history_rows(world: World) -> dict[str, pa.Array | np.ndarray]:
    """Collect all changes before the end; `step` counts the changes of one field of one lead, from 1."""
    blocks = [*_status_blocks(world), *_field_blocks(world)]
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    rows = np.flatnonzero(joined["changed_at"] < END)
    # By time; the position breaks ties between leads, and the block's order those within one lead.
    rows = rows[np.lexsort((joined["position"][rows], joined["changed_at"][rows]))]
    fields = np.array([_STATUS, *(history.field.salesforce_field for history in world.field_histories)])
    return {
        "position": joined["position"][rows],
        "field": pa.array(fields).take(pa.array(joined["field"][rows])),
        "step": joined["step"][rows],
        "old_status": _statuses(joined["old_status"][rows]),
        "new_status": _statuses(joined["new_status"][rows]),
        "author_id": world.staff.ids.take(pa.array(joined["author"][rows])),
        "changed_at": joined["changed_at"][rows],
    }


_STATUSES = ("New", "Accepted", "Qualified", "Converted", *EXIT_STATUSES[1:4])


def _statuses(codes: np.ndarray) -> pa.Array:
    return pa.array(_STATUSES).take(pa.array(codes, mask=codes < 0))


def _status_blocks(world: World) -> list[dict[str, np.ndarray]]:
    journeys, synced = world.journeys, world.synced
    owner, closer = journeys.owner[synced], journeys.closer[synced]
    steps = (journeys.sal_at[synced], journeys.sql_at[synced], journeys.sqo_at[synced])
    authors = (owner, owner, closer)
    blocks = [
        _block(at, author, 0, 1, number, number + 1) for number, (at, author) in enumerate(zip(steps, authors, strict=True))
    ]
    exit_status = journeys.exit_status[synced]
    # A deletion is no change of status, and leaves no line in the history.
    exit_at = np.where(exit_status < len(EXIT_STATUSES) - 1, journeys.exit_at[synced], NEVER)
    reached = (steps[0] < NEVER).astype(np.int64) + (steps[1] < NEVER)
    new_status = np.minimum(3 + exit_status, len(_STATUSES) - 1)
    return [*blocks, _block(exit_at, owner, 0, 1, reached, new_status)]


def _field_blocks(world: World) -> list[dict[str, np.ndarray]]:
    return [
        _block(history.changed_at[:, change], authors[:, change], number, change + 1, -1, -1)
        for number, (history, authors) in enumerate(zip(world.field_histories, world.change_authors, strict=True), start=1)
        for change in range(history.changed_at.shape[1])
    ]


def _block(
    changed_at: np.ndarray,
    author: np.ndarray,
    field: int,
    step: int,
    old_status: np.ndarray | int,
    new_status: np.ndarray | int,
) -> dict[str, np.ndarray]:
    happens = np.flatnonzero(changed_at < END)
    constants = {"field": field, "step": step, "old_status": old_status, "new_status": new_status}
    return {
        "position": happens,
        "changed_at": changed_at[happens],
        "author": author[happens],
        **{
            name: np.broadcast_to(np.asarray(value, dtype=np.int64), changed_at.shape)[happens]
            for name, value in constants.items()
        },
    }
