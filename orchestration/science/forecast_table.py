"""The night's forecasts as one table: each segment, each origin from the present back, each period and method.

`stays` and `open_deals` come from dbt (int_forecast_stays, int_forecast_open_deals); days are dates there and numbers here.
"""

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import pyarrow as pa

from orchestration.science.backtest import forecast_origins

PERIOD_DAYS, N_PERIODS, N_ORIGINS = 30, 3, 24
# The present forecast is drawn as the backtested ones were, so that their coverage is its own.
_DRAWS, _REPLICATES, _SEED = 500, 20, 20260101
SCHEMA = pa.schema(
    [
        ("origin_on", pa.date32()),
        ("period_no", pa.int32()),
        ("method", pa.string()),
        ("segment", pa.string()),
        ("forecast", pa.float64()),
        ("p10", pa.float64()),
        ("p90", pa.float64()),
        ("actual", pa.float64()),
        ("reason", pa.string()),
    ]
)
STAY_COLUMNS = (
    "opportunity_key", "kind", "pipeline", "stage", "entered_on", "left_on", "ended_on", "cause", "amount", "won_amount",
)  # fmt: skip
OPEN_DEAL_COLUMNS = ("opportunity_key", "kind", "pipeline", "stage", "snapshot_on", "age_days", "amount")
_EPOCH = pd.Timestamp(1970, 1, 1)


def origins_until(as_of: dt.date) -> list[int]:
    """The days on which forecasts are made: `as_of`, and back from it so that their first periods follow one another."""
    last = (pd.Timestamp(as_of) - _EPOCH).days
    return [last - PERIOD_DAYS * place for place in range(N_ORIGINS, -1, -1)]


def make_forecasts(stays: pd.DataFrame, open_deals: pd.DataFrame, as_of: dt.date) -> pa.Table:
    """One row per segment, origin, period and method; segments are `all` and each pipeline.

    Where amounts can't be added up (several currencies without rates) all of them are NULL, and so is every forecast.
    """
    entries = _in_days(stays, ["entered", "left", "ended"])
    deals = _in_days(open_deals, ["snapshot"])
    origins = origins_until(as_of)
    made = []
    for segment, is_in, is_open_in in _segments(entries, deals):
        part = entries[is_in]
        if part.empty:
            continue
        first_day = part["entered_day"].min()
        known = [origin for origin in origins if origin >= first_day]
        forecasts = forecast_origins(
            part.assign(segment=part["kind"]),
            deals[is_open_in].assign(segment=lambda frame: frame["kind"]),
            origins=known, last_day=origins[-1], period_days=PERIOD_DAYS, n_periods=N_PERIODS,
            draws=_DRAWS, replicates=_REPLICATES, seed=_SEED,
        )  # fmt: skip
        made.append(forecasts.assign(segment=segment))
    if not made:
        return SCHEMA.empty_table()
    table = pd.concat(made, ignore_index=True)
    table["origin_on"] = (_EPOCH + pd.to_timedelta(table["origin_day"], unit="D")).dt.date
    return pa.Table.from_pandas(table[SCHEMA.names], schema=SCHEMA, preserve_index=False)


def _in_days(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    days = {f"{name}_day": (pd.to_datetime(frame[f"{name}_on"]) - _EPOCH) / pd.Timedelta(days=1) for name in names}
    money = {column: frame[column].astype("float64") for column in ("amount", "won_amount") if column in frame.columns}
    return frame.assign(**days, **money)


def _segments(entries: pd.DataFrame, deals: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    yield "all", entries["opportunity_key"].notna(), deals["opportunity_key"].notna()
    for pipeline in sorted(entries["pipeline"].dropna().unique()):
        yield f"pipeline={pipeline}", entries["pipeline"] == pipeline, deals["pipeline"] == pipeline
