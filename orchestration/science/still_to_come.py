"""What a period still brings of a stage: from journeys under way, stage by stage, and from those that will begin.

In each stage a journey moves on, ends, or stays. How likely it moves on, by days since it entered, is learnt from what was
known the day before the period (discrete-time Aalen-Johansen: moving and ending compete, who is still there is censored);
journeys that are in a stage on a day move by what is left of that curve, and feed the stage after. New ones come at the pace
of the weeks before. Arrays over days and ages; which journeys and which objectives belongs to dbt.
"""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa

_OLDEST = 400  # days in a stage after which nobody is expected to move on
_LEAST_MOVES = 30  # fewer in a channel say too little of it: then the curve of all channels
_PACE_DAYS, _HABIT_DAYS, _YEAR = 28, 180, 365
_FARTHEST = 800  # days
SCHEMA = pa.schema([("objective_id", pa.string()), ("pacing_date", pa.date32()), ("still_to_come", pa.float64())])
# The stage of which each metric counts the entries, or adds up their amounts; 0 is the inquiry.
STAGE_OF = {"mql_count": 1, "sal_count": 2, "sql_count": 3, "sqo_count": 4, "sqo_amount": 4, "won_count": 5, "won_amount": 5}


def still_to_come(
    moves: pd.DataFrame, objectives: pd.DataFrame, filters: pd.DataFrame, days: pd.DataFrame, actuals: pd.DataFrame,
    as_of: dt.date,
) -> pa.Table:  # fmt: skip
    """One row per objective on a stage and day of its period: what the days after it bring, in the metric's unit.

    Days after `as_of` have what is expected then, as seen on `as_of`; a period ahead has the day before it too, with all that
    it brings. Objectives without enough history have no rows.

    Args:
        moves: Journeys counted by channel, stage_no, entered_on, left_on, has_moved, is_first (no stage before); `n` of them.
        objectives: objective_id, numerator, denominator (NULL unless it is a rate), calendar, period_first, period_last.
        filters: objective_id, dimension, value; a dimension without rows is not narrowed.
        days: calendar, day, is_business_day.
        actuals: objective_id, metric_date, actual_numerator.
        as_of: The night's day.
    """
    now = _day(as_of)
    moves = moves.assign(entered=_days(moves["entered_on"]), left=_days(moves["left_on"]).fillna(np.inf))
    worked = {name: set(_days(rows["day"])) for name, rows in days[days["is_business_day"].astype(bool)].groupby("calendar")}
    actuals = actuals.sort_values(["objective_id", "metric_date"])  # amounts add up in one order
    made = []
    is_volume = objectives["numerator"].isin(list(STAGE_OF)) & objectives["denominator"].isna()
    for aim in objectives[is_volume].itertuples(index=False):
        own = filters[filters["objective_id"] == aim.objective_id]
        if set(own["dimension"]) - {"channel"}:
            continue
        first, last = _day(aim.period_first), _day(aim.period_last)
        counted = actuals[actuals["objective_id"] == aim.objective_id]
        journeys = moves[moves["channel"].isin(own["value"])] if len(own) else moves
        seen = np.arange(first, min(now, last) + 1) if first <= now else np.array([now])
        if last - seen[0] > _FARTHEST or seen[0] > last:
            continue
        to_come = _Chain(journeys, moves, worked.get(aim.calendar, set()), first, last, seen).of(STAGE_OF[aim.numerator])
        if to_come is None:
            continue
        per_journey = _per_journey(journeys, counted, STAGE_OF[aim.numerator], seen)
        after = np.cumsum(to_come[:, ::-1], axis=1)[:, ::-1]  # column k: day k + 1 after the first of `seen`, and later
        shown = np.arange(first if first <= now else first - 1, last + 1)
        place = shown - seen[0]  # what comes after a day begins with the day after it
        row = np.clip(place, 0, len(seen) - 1)
        rest = np.append(after, np.zeros((len(seen), 1)), axis=1)[row, np.clip(place, 0, after.shape[1])]
        made.append(
            pd.DataFrame(
                {
                    "objective_id": aim.objective_id,
                    "pacing_date": (np.datetime64("1970-01-01") + shown).astype(object),
                    # A sum's last digits differ from machine to machine.
                    "still_to_come": np.round(rest * per_journey[row], 6),
                }
            )
        )
    if not made:
        return SCHEMA.empty_table()
    table = pd.concat(made, ignore_index=True)
    return pa.Table.from_pandas(table, schema=SCHEMA, preserve_index=False)


class _Chain:
    """The stages of some journeys, from each day of `seen` to the end of the period."""

    def __init__(
        self, journeys: pd.DataFrame, everybody: pd.DataFrame, worked: set[float], first: int, last: int, seen: np.ndarray
    ):
        self._journeys, self._everybody, self._worked = journeys, everybody, worked
        self._learnt_until, self._seen, self._horizon = min(first - 1, seen[0]), seen, last - seen[0]

    def of(self, stage_no: int) -> np.ndarray | None:
        """Expected entries: a row per day of `seen`, a column per day after its first; None without enough history."""
        arriving = np.zeros((len(self._seen), self._horizon))
        for stage in range(stage_no + 1):
            entries = self._journeys[self._journeys["stage_no"] == stage]
            arriving = arriving + self._new(entries[entries["is_first"].astype(bool)])
            if stage == stage_no:
                return arriving
            curve = self._curve(entries, self._everybody[self._everybody["stage_no"] == stage])
            if curve is None:
                return None
            arriving = self._moved(entries, arriving, *curve)
        return arriving

    def _curve(self, own: pd.DataFrame, everybody: pd.DataFrame) -> tuple[np.ndarray, np.ndarray] | None:
        """By age in days: the probability of moving on at it, and of being there still after it."""
        for rows in (own, everybody):
            known = rows[rows["entered"] <= self._learnt_until]
            entered, left, n = (known[key].to_numpy(float) for key in ("entered", "left", "n"))
            has_left = left <= self._learnt_until
            age = np.clip(np.where(has_left, left, self._learnt_until) - entered, 0, _OLDEST).astype(int)
            moved = has_left & known["has_moved"].to_numpy(bool)
            if n[moved].sum() >= _LEAST_MOVES:
                break
        else:
            return None
        at_risk = np.cumsum(np.bincount(age, n, _OLDEST + 1)[::-1])[::-1]
        gone = np.bincount(age[has_left], n[has_left], _OLDEST + 1)
        went_on = np.bincount(age[moved], n[moved], _OLDEST + 1)
        share = np.divide(gone, at_risk, out=np.zeros(_OLDEST + 1), where=at_risk > 0)
        hazard = np.divide(went_on, at_risk, out=np.zeros(_OLDEST + 1), where=at_risk > 0)
        stays = np.cumprod(1 - share)
        return np.append(1.0, stays[:-1]) * hazard, stays

    def _moved(self, entries: pd.DataFrame, arriving: np.ndarray, moves: np.ndarray, stays: np.ndarray) -> np.ndarray:
        """Entries into the stage after: of those who are in this one on each day seen, and of those who will come."""
        horizon = np.arange(1, self._horizon + 1)
        ages = np.arange(_OLDEST + 1)
        later = ages[:, None] + horizon[None, :]
        by_age = np.where(later <= _OLDEST, moves[np.minimum(later, _OLDEST)], 0) / np.maximum(stays, 1e-9)[:, None]
        by_age[stays <= 1e-9] = 0
        alive = entries[entries["left"] > self._seen[0]]
        entered, left, n = (alive[key].to_numpy(float) for key in ("entered", "left", "n"))
        lag = horizon[None, :] - horizon[:, None]
        by_day = np.where((lag >= 0) & (lag <= _OLDEST), moves[np.clip(lag, 0, _OLDEST)], 0)
        moved = arriving @ by_day
        for row, day in enumerate(self._seen):
            here = (entered <= day) & (left > day)
            waiting = np.bincount(np.clip(day - entered[here], 0, _OLDEST).astype(int), n[here], _OLDEST + 1)
            start = day - self._seen[0]  # the columns count from the first day seen
            moved[row, start:] += (waiting @ by_age)[: self._horizon - start]
        return moved

    def _new(self, entries: pd.DataFrame) -> np.ndarray:
        """Journeys that begin here, at the pace of the last weeks, weekends and holidays as they were."""
        new = np.zeros((len(self._seen), self._horizon))
        if entries.empty:
            return new
        start = self._seen[0] - _HABIT_DAYS
        span = np.arange(start, self._seen[0] + self._horizon + 1)
        is_worked = np.isin(span, list(self._worked))
        at = (entries["entered"].to_numpy(float) - start).astype(int)
        inside = (at >= 0) & (at < len(span))
        came = np.bincount(at[inside], entries["n"].to_numpy(float)[inside], len(span))
        habit, habit_worked = came[:_HABIT_DAYS], is_worked[:_HABIT_DAYS]
        usual = [habit[kind].sum() / max(kind.sum(), 1) for kind in (habit_worked, ~habit_worked)]
        weight = np.where(is_worked, *usual)
        for row, day in enumerate(self._seen):
            until = day - start + 1
            weeks = slice(until - _PACE_DAYS, until)
            pace = came[weeks].sum() / max(weight[weeks].sum(), 1e-9)
            ahead = day - self._seen[0]
            new[row, ahead:] = pace * weight[until:]
        return new


def _per_journey(journeys: pd.DataFrame, counted: pd.DataFrame, stage_no: int, seen: np.ndarray) -> np.ndarray:
    """What one journey's entry counts in the metric: its mean amount, and entries that no journey stands for."""
    entries = journeys[journeys["stage_no"] == stage_no]
    day, value = _days(counted["metric_date"]).to_numpy(float), counted["actual_numerator"].to_numpy(float)
    entered, n = entries["entered"].to_numpy(float), entries["n"].to_numpy(float)
    sums = [
        (value[(day <= now) & (day > now - _YEAR)].sum(), n[(entered <= now) & (entered > now - _YEAR)].sum()) for now in seen
    ]
    return np.array([total / count if count else 0.0 for total, count in sums])


def _day(value: object) -> int:
    return (pd.Timestamp(value) - pd.Timestamp(1970, 1, 1)).days


def _days(values: pd.Series) -> pd.Series:
    return (pd.to_datetime(values) - pd.Timestamp(1970, 1, 1)) / pd.Timedelta(days=1)
