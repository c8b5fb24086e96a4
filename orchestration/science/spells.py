"""Spells and their risk sets: the one layout that all survival estimators here are computed on.

A spell is one stay in a stage. Columns: the group's columns; `exit_days` from entering the stage to its end or to the last day
seen; `cause` 0 still open, 1 reached, 2 terminal exit, 3 recycled; if history starts late, `entry_days`, the time in stage at
which the spell was first observed (0 or NULL: from its start). At risk at t: entry_days < t <= exit_days, and from 0 on when
seen from the start; so an end on a day precedes a censoring on that day, and ends on one day are one step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

CAUSES = ("reached", "terminal", "recycled")
FROM_THE_START = -1.0


class FrameError(ValueError):
    """A frame that an estimator cannot take; says which column, what is wrong and how to mend it."""


@dataclass(frozen=True)
class Spells:
    """Checked columns of one length, and the groups that `group` numbers, in order of their keys."""

    group: np.ndarray
    entry_days: np.ndarray
    exit_days: np.ndarray
    cause: np.ndarray
    keys: pd.DataFrame

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return len(self.keys)


def as_frame(table: pd.DataFrame | pa.Table, columns: Sequence[str]) -> pd.DataFrame:
    """A frame that has these columns."""
    frame = table.to_pandas() if isinstance(table, pa.Table) else table
    if absent := [column for column in columns if column not in frame.columns]:
        raise FrameError(f"columns {absent} are absent; the frame has {list(frame.columns)}")
    return frame


def finite_days(frame: pd.DataFrame, column: str) -> np.ndarray:
    """A column of days as floats; refuses gaps and negative times."""
    days = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    if wrong := int(np.count_nonzero(~(np.isfinite(days) & (days >= 0)))):
        raise FrameError(f"column {column}: {wrong} rows are NULL, infinite or negative; leave them out or mend their dates")
    return days


def read_spells(table: pd.DataFrame | pa.Table, group_columns: Sequence[str]) -> Spells:
    """Check a frame of spells and number its groups.

    Raises:
        FrameError: a column is absent or holds what it may not.
    """
    frame = as_frame(table, [*group_columns, "exit_days", "cause"])
    exit_days = finite_days(frame, "exit_days")
    cause = frame["cause"].to_numpy(dtype=np.float64, na_value=np.nan)
    if wrong := int(np.count_nonzero(~np.isin(cause, (0, 1, 2, 3)))):
        raise FrameError(f"column cause: {wrong} rows hold something other than 0, 1, 2 or 3; map other ends to 2")
    entry_days = np.full(len(frame), FROM_THE_START)
    if "entry_days" in frame.columns:
        late = frame["entry_days"].to_numpy(dtype=np.float64, na_value=0.0)
        if wrong := int(np.count_nonzero(~(np.isfinite(late) & (late >= 0) & (late <= exit_days)))):
            raise FrameError(f"column entry_days: {wrong} rows are negative or after exit_days; a spell ends after it was seen")
        entry_days = np.where(late > 0, late, FROM_THE_START)
    group, keys = number_groups(frame, group_columns)
    return Spells(group, entry_days, exit_days, cause.astype(np.int8), keys)


def number_groups(frame: pd.DataFrame, group_columns: Sequence[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Each row's group number, and the groups' keys in order; without columns there is one group."""
    if not group_columns:
        return np.zeros(len(frame), dtype=np.int64), pd.DataFrame(index=range(1))
    columns = list(group_columns)
    if wrong := int(frame[columns].isna().any(axis=1).sum()):
        raise FrameError(f"columns {columns}: {wrong} rows have no group; give them a value such as 'all' or 'unknown'")
    group = frame.groupby(columns, sort=True, observed=True).ngroup().to_numpy(dtype=np.int64)
    first = np.unique(group, return_index=True)[1]
    return group, frame[columns].iloc[first].reset_index(drop=True)


@dataclass(frozen=True)
class Block:
    """Groups with about as many event times as each other, as rows of one matrix inside a flat buffer."""

    start: int
    n_rows: int
    width: int

    def of(self, flat: np.ndarray) -> np.ndarray:
        """The block's part of a buffer, one group a row."""
        return flat[self.start : self.start + self.n_rows * self.width].reshape(self.n_rows, self.width)


class RiskSets:
    """Where each spell joins and leaves the risk sets of its group's event times.

    A cell is a (group, event time). Cells lie in a flat buffer of matrices, groups as rows padded to a power of two: cumulative
    sums then run along rows, so that a group's figures do not depend, to the last bit, on which other groups are there.
    """

    def __init__(self, spells: Spells) -> None:
        observed = spells.exit_days > spells.entry_days
        is_event = observed & (spells.cause > 0)
        self.spells = spells
        self.times = np.unique(spells.exit_days[is_event])
        keys = spells.group * len(self.times) + np.searchsorted(self.times, spells.exit_days, "right") - 1
        self.keys = np.unique(keys[is_event])
        self.n_cells = len(self.keys)
        self.cell_group = self.keys // max(len(self.times), 1)
        self.cell_time = self.times[self.keys - self.cell_group * len(self.times)]
        self.n_times = np.bincount(self.cell_group, minlength=spells.n_groups)
        self.first_cell = np.concatenate([[0], np.cumsum(self.n_times)[:-1]])
        self._lay_out_blocks()

        leaves = np.searchsorted(self.keys, keys, "right") - 1
        joins = self.first_cell[spells.group]
        late = spells.entry_days > 0
        seen_from = spells.group[late] * len(self.times) + np.searchsorted(self.times, spells.entry_days[late], "right")
        joins[late] = np.searchsorted(self.keys, seen_from, "left")
        self.rows = np.flatnonzero(observed & (leaves >= joins))
        self.joins = self.slot[joins[self.rows]]
        self.leaves = self.slot[leaves[self.rows]]
        self.cause = spells.cause[self.rows]

    def _lay_out_blocks(self) -> None:
        width = np.where(self.n_times > 0, 2 ** np.ceil(np.log2(np.maximum(self.n_times, 1))), 0).astype(np.int64)
        order = np.argsort(width, kind="stable")
        group_slot = np.empty_like(width)
        group_slot[order] = np.cumsum(width[order]) - width[order]
        self.n_slots = int(width.sum())
        self.slot = group_slot[self.cell_group] + np.arange(self.n_cells) - self.first_cell[self.cell_group]
        widths, n_rows = np.unique(width[width > 0], return_counts=True)
        starts = np.cumsum(widths * n_rows) - widths * n_rows
        self.blocks = [Block(int(start), int(n), int(w)) for start, n, w in zip(starts, n_rows, widths, strict=True)]

    def cell_at(self, group: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The last cell of the group whose time is at most `days`; -1 if there is none."""
        key = group * len(self.times) + np.searchsorted(self.times, days, "right") - 1
        cell = np.searchsorted(self.keys, key, "right") - 1
        return np.where(cell >= self.first_cell[group], cell, -1)

    def n_at_risk(self, group: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Spells at risk at a time, whether or not something happened then."""
        spells = self.spells
        seen = spells.exit_days > spells.entry_days
        late = seen & (spells.entry_days > 0)
        return _count_at_least(spells.group[seen], spells.exit_days[seen], spells.n_groups, group, days) - _count_at_least(
            spells.group[late], spells.entry_days[late], spells.n_groups, group, days
        )


def _count_at_least(
    group: np.ndarray, value: np.ndarray, n_groups: int, asked_group: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """For each question, how many values of its group are at least as large."""
    levels, rank = np.unique(value, return_inverse=True)
    # One level more than there are, for questions above all values.
    key = np.sort(group * (len(levels) + 1) + rank)
    end = np.cumsum(np.bincount(group, minlength=n_groups))
    return end[asked_group] - np.searchsorted(
        key, asked_group * (len(levels) + 1) + np.searchsorted(levels, asked, "left"), "left"
    )
