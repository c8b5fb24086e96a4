"""Marts against their definitions in plain Python, on invented rows that no data set has: ties, nobody at risk, deals that come
back, change their currency or close on the day of their creation, customers who leave and return, touches at one instant."""

import datetime as dt
import itertools
import random
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from orchestration.home import Home
from orchestration.settings import Settings
from orchestration.transform.dbt_build import invoke_dbt

AS_OF = dt.date(2026, 3, 20)
DAY = dt.timedelta(days=1)
SEEDS = range(6)
MODELS = [
    "int_cohort_incidences", "mart_funnel_cohort", "mart_stage_velocity",
    "fct_opportunity_daily_snapshot", "mart_pipeline_waterfall", "mart_pipeline_slippage",
    "int_opportunities_measured", "mart_win_rate", "int_customer_retention", "mart_retention", "fct_attribution_touchpoint",
]  # fmt: skip
MODELS_OF_CREDIT = ("first_touch", "last_touch", "linear", "position_based", "time_decay")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> dict[str, str]:
    home = Home(tmp_path_factory.mktemp("compiled") / "home").prepare()
    invoke_dbt(["compile", "--select", *MODELS], Settings(home=home.root), home)
    found = {path.stem: path.read_text() for path in (home.dbt_target / "compiled").glob("*/models/**/*.sql")}
    return {model: found[model] for model in MODELS}


class Warehouse:
    """The models' SQL on tables that a test fills."""

    def __init__(self, folder: Path, compiled: dict[str, str]) -> None:
        self.connection = duckdb.connect(str(folder / "candidate.duckdb"))
        self.compiled = compiled
        for schema in ("raw", "intermediate", "marts", "seeds"):
            self.connection.execute(f"create schema {schema}")
        self.fill(
            "raw.night", "as_of date, as_of_at timestamp, business_timezone varchar, reporting_currency varchar",
            [(AS_OF, "2026-03-20 23:00:00", "Europe/Paris", "EUR")],
        )  # fmt: skip

    def fill(self, table: str, columns: str, rows: list[tuple]) -> None:
        self.connection.execute(f"create table {table} ({columns})")
        if rows:
            self.connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)

    def build(self, schema: str, model: str) -> None:
        self.connection.execute(f"create table {schema}.{model} as {self.compiled[model]}")

    def rows(self, table: str, key: Iterable[str]) -> dict[tuple, dict]:
        result = self.connection.execute(f"from {table}")
        names = [column[0] for column in result.description]
        dicts = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        found = {tuple(row[name] for name in key): row for row in dicts}
        assert len(found) == len(dicts)
        return found


@pytest.fixture
def warehouse(tmp_path, compiled) -> Warehouse:
    return Warehouse(tmp_path, compiled)


def month(day: dt.date) -> dt.date:
    return day.replace(day=1)


def next_month(day: dt.date) -> dt.date:
    return month(month(day) + 31 * DAY)


def close(found: float | None, expected: Fraction | None) -> bool:
    return found is None if expected is None else found is not None and abs(found - float(expected)) < 1e-9


# --- Cohorts


def curve(spells: list[dict]) -> list[tuple[int, Fraction, Fraction]]:
    """(day, all-cause survival, incidence of having reached) after each day on which somebody left, in exact fractions."""
    survival, incidence, steps = Fraction(1), Fraction(0), []
    for day in sorted({spell["exit_days"] for spell in spells if spell["cause"]}):
        at_risk = [s for s in spells if s["exit_days"] >= day and (not s["entry_days"] or s["entry_days"] < day)]
        ended = [s for s in at_risk if s["exit_days"] == day and s["cause"]]
        if ended:
            incidence += survival * Fraction(sum(s["cause"] == 1 for s in ended), len(at_risk))
            survival *= 1 - Fraction(len(ended), len(at_risk))
        steps.append((day, survival, incidence))
    return steps


def invented_spells(seed: int) -> list[dict]:
    """Days on a coarse grid, so that causes tie; a cohort without an end, one of a single account, one observed late only."""
    rng = random.Random(seed)
    spells = []
    for cohort, n in (
        (dt.date(2025, 1, 1), 60),
        (dt.date(2025, 11, 1), 25),
        (dt.date(2026, 2, 1), 12),
        (dt.date(2024, 6, 1), 30),
    ):
        for number in range(n):
            cause = 0 if cohort.year == 2026 else rng.choice([0, 1, 1, 2, 3])
            exit_days = rng.choice([0, 1, 3, 3, 7, 14, 30, 31])
            late = cohort.year == 2024 and exit_days > 0
            spells.append({
                "person_key": f"{cohort}-{number}", "spell_no": 1, "cohort_month": cohort,
                "from_stage": "mql", "to_stage": "sal", "horizon_days": 14,
                "channel": rng.choice(["email", "referral", None]), "stream": "marketing_sourced",
                "source_system": "crm", "outcome": ["open", "won", "lost", "recycled"][cause],
                "is_converted": cause == 1 and exit_days <= 14, "is_pending": cause == 0 and cohort.year == 2026,
                "cause": cause, "exit_days": exit_days, "entry_days": rng.randint(1, exit_days) if late else 0,
                "is_timed": rng.random() < 0.9,
                "account_key": "one" if cohort.month == 11 else rng.choice(["a", "b", "c", None]),
            })  # fmt: skip
    return spells


@pytest.mark.parametrize("seed", SEEDS)
def test_cohorts_are_aalen_and_johansens_in_exact_fractions(warehouse, seed):
    spells = invented_spells(seed)
    columns = [name for name in spells[0] if name != "account_key"]
    types = {
        "spell_no": "int",
        "cohort_month": "date",
        "horizon_days": "int",
        "cause": "int",
        "exit_days": "int",
        "entry_days": "int",
    }
    kinds = ", ".join(f"{name} {'boolean' if name.startswith('is_') else types.get(name, 'varchar')}" for name in columns)
    warehouse.fill("intermediate.int_spell_transitions", kinds, [tuple(spell[name] for name in columns) for spell in spells])
    warehouse.fill(
        "marts.dim_person", "person_key varchar, account_key varchar", [(s["person_key"], s["account_key"]) for s in spells]
    )
    warehouse.build("intermediate", "int_cohort_incidences")
    warehouse.build("marts", "mart_funnel_cohort")
    segments = defaultdict(list)
    for spell in spells:
        names = ["all", "stream=marketing_sourced", "source_system=crm"]
        for segment in [*names, f"channel={spell['channel']}"] if spell["channel"] else names:
            segments[spell["cohort_month"], segment].append(spell)
    found = warehouse.rows("marts.mart_funnel_cohort", ["cohort_month", "segment"])
    assert found.keys() == segments.keys()
    for key, members in segments.items():
        row, timed = found[key], [spell for spell in members if spell["is_timed"]]
        assert row["n_entered"] == len(members) == row["n_won"] + row["n_lost"] + row["n_recycled"] + row["n_open"]
        assert row["n_pending"] == sum(spell["is_pending"] for spell in members)
        at_risk = [s for s in timed if s["exit_days"] >= 14 and (not s["entry_days"] or s["entry_days"] < 14)]
        assert row["n_at_risk"] == len(at_risk), key
        # What leaves on the day it was first seen was never seen at risk.
        seen = [s for s in timed if not s["entry_days"] or s["entry_days"] < s["exit_days"]]
        incidence = max((f for day, _, f in curve(seen) if day <= 14), default=Fraction(0))
        assert close(row["rate_cumulative_incidence"], incidence if len(at_risk) >= 10 else None), key
        converted = sum(spell["is_converted"] for spell in members)
        assert row["is_mature"] == (next_month(key[0]) + 14 * DAY <= AS_OF + DAY)
        assert close(row["rate_fixed_horizon"], Fraction(converted, len(members)) if row["is_mature"] else None)
        one_account = len({spell["account_key"] or spell["person_key"] for spell in seen}) < 2
        assert (row["ci_low"] is None) == (len(at_risk) < 10 or one_account), key
        if row["ci_low"] is not None:
            assert row["ci_low"] <= row["rate_cumulative_incidence"] <= row["ci_high"]


# --- Velocity


@pytest.mark.parametrize("censored_share", [0, 0.3, 0.9])
@pytest.mark.parametrize("seed", SEEDS)
def test_quantiles_of_time_in_stage_are_kaplan_and_meiers_however_much_is_censored(warehouse, seed, censored_share):
    rng = random.Random(seed)
    stays = []
    for _ in range([1, 2, 2, 4, 7, 40][seed]):
        censored = rng.random() < censored_share
        stays.append({"exit_days": rng.randint(0, 12), "cause": 0 if censored else rng.choice([1, 2]), "entry_days": 0})
    warehouse.fill(
        "intermediate.int_stage_ages",
        "from_stage varchar, to_stage varchar, horizon_days int, channel varchar, source_system varchar, pipeline varchar, "
        "is_censored boolean, is_converted boolean, days double",
        [("mql", "sal", 8, None, None, None, s["cause"] == 0, s["cause"] == 1, s["exit_days"]) for s in stays],
    )
    warehouse.build("marts", "mart_stage_velocity")
    row = warehouse.rows("marts.mart_stage_velocity", ["segment"])["all",]
    steps = curve(stays)
    for name, left in (("p50_days", Fraction(1, 2)), ("p75_days", Fraction(1, 4)), ("p90_days", Fraction(1, 10))):
        assert row[name] == min((day for day, survival, _ in steps if survival <= left), default=None), name
    within = max((f for day, _, f in steps if day <= 8), default=Fraction(0))
    reached = [day for day, _, f in steps if within and f >= within / 2]
    assert row["converted_p50_days"] == min(reached, default=None)
    assert (row["n"], row["n_censored"]) == (len(stays), sum(s["cause"] == 0 for s in stays))


# --- Pipeline


def invented_lives(seed: int) -> dict[str, list[dict]]:
    """What each deal was at the end of each day from its creation on, over a year's end up to as_of."""
    rng = random.Random(seed)
    lives = {}
    for number in range(30):
        day = dt.date(2025, 10, 1) + rng.randint(0, 165) * DAY
        # The last ones are won on the day of their creation.
        state = {
            "outcome": "open" if number < 27 else "won", "amount": rng.choice([None, Decimal("10.01"), Decimal("250.50")]),
            "currency": rng.choice(["EUR", "USD", None]),
            "close_on": rng.choice([None, day + rng.randint(-5, 120) * DAY]),
        }  # fmt: skip
        life = []
        while day <= AS_OF and state["outcome"] != "removed":
            life.append({"day": day, **state})
            day += DAY
            if rng.random() < 0.03:
                closed = state["outcome"] != "open"
                state["outcome"] = "open" if closed else rng.choice(["won", "lost", "no_decision", "removed"])
                # A date that changes as a deal closes or comes back is no push.
                state["close_on"] = rng.choice([state["close_on"], day + rng.randint(-5, 120) * DAY])
            elif state["outcome"] == "open" and rng.random() < 0.06:
                state["amount"] = rng.choice([None, Decimal("9.99"), Decimal("300.00")])
            elif state["outcome"] == "open" and rng.random() < 0.06:
                state["close_on"] = day + rng.randint(-5, 120) * DAY
            elif state["outcome"] == "open" and rng.random() < 0.03:
                state["currency"] = rng.choice(["EUR", "USD"])
        if day <= AS_OF:
            life.append({"day": day, **state})
        lives[f"deal{number}"] = life
    return lives


def fill_pipeline(warehouse: Warehouse, lives: dict[str, list[dict]]) -> None:
    """Days become states from a first to a last one, as the model for states has them."""
    states = []
    for deal, life in lives.items():
        previous = None
        for today in life:
            values = {name: value for name, value in today.items() if name != "day"}
            if previous is None or values != previous:
                if previous is not None:
                    states[-1]["to_day"] = today["day"]
                was = previous and previous["outcome"]
                is_open = values["outcome"] == "open"
                closing = not is_open and (was in (None, "open") or values["outcome"] not in (was, "removed"))
                states.append(
                    {
                        "deal": deal,
                        "from_day": today["day"],
                        "to_day": None,
                        **values,
                        "is_open": is_open,
                        "is_closing": closing,
                    }
                )
            previous = values
    warehouse.fill(
        "intermediate.int_opportunity_day_states",
        "opportunity_key varchar, source_system varchar, from_day date, to_day date, vendor_stage varchar, stage varchar, "
        "outcome varchar, is_open boolean, amount decimal(18, 2), currency varchar, close_on date, forecast_category varchar, "
        "owner_key varchar, is_closing boolean",
        [(s["deal"], "crm", s["from_day"], s["to_day"], "New", "sqo", s["outcome"], s["is_open"], s["amount"], s["currency"],
          s["close_on"], None, None, s["is_closing"]) for s in states],
    )  # fmt: skip
    warehouse.fill(
        "intermediate.int_opportunity_records",
        "opportunity_key varchar, account_key varchar, pipeline varchar, created_at timestamp",
        [(deal, None, None, dt.datetime.combine(life[0]["day"], dt.time(9))) for deal, life in lives.items()],
    )
    warehouse.build("marts", "fct_opportunity_daily_snapshot")


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    found = [month(first)]
    while next_month(found[-1]) <= last:
        found.append(next_month(found[-1]))
    return found


def state_on(life: list[dict], day: dt.date) -> dict | None:
    return life[min((day - life[0]["day"]).days, len(life) - 1)] if day >= life[0]["day"] else None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_waterfall_is_the_difference_of_two_month_ends_deal_by_deal(warehouse, seed):
    lives = invented_lives(seed)
    fill_pipeline(warehouse, lives)
    warehouse.build("marts", "mart_pipeline_waterfall")
    expected = defaultdict(lambda: defaultdict(Decimal))
    for life in lives.values():
        for first in months_between(life[0]["day"], AS_OF):
            following = next_month(first)
            before, after = state_on(life, first - DAY), state_on(life, min(following - DAY, AS_OF))
            # Closed before the month began and not touched in it: no more of it.
            if before and before["outcome"] != "open" and all(
                today["outcome"] == before["outcome"] for today in life if month(today["day"]) == first
            ):  # fmt: skip
                continue
            deal_moves(before, after, first, following, expected)
    found = warehouse.rows("marts.mart_pipeline_waterfall", ["period_month", "currency"])
    assert expected.keys() <= found.keys()
    for key, row in found.items():
        for name in (
            "opening",
            "created",
            "amount_up",
            "amount_down",
            "moved_in",
            "moved_out",
            "won",
            "lost",
            "closing",
            "open_amount",
        ):
            assert row[name] == expected[key][name], (key, name)
        inflow = row["opening"] + row["created"] + row["amount_up"] + row["moved_in"]
        assert inflow - row["amount_down"] - row["moved_out"] - row["won"] - row["lost"] == row["closing"]


def deal_moves(before: dict | None, after: dict, first: dt.date, following: dt.date, totals: dict) -> None:
    """One deal in one month: what it was as the month began, what as it ended, in the currency of each."""

    def is_due(state: dict | None, until: dt.date) -> bool:
        return state is not None and state["outcome"] == "open" and (state["close_on"] is None or state["close_on"] < until)

    currency = after["currency"] or "unknown"
    if before and before["outcome"] == "open" and (before["currency"] or "unknown") != currency:
        gone = {**before, "outcome": "removed"}
        deal_moves(before, gone, first, following, totals)
        before = {**after, "outcome": "elsewhere"}
    total, amount = totals[first, currency], after["amount"] or Decimal(0)
    start = (before["amount"] or Decimal(0)) if before else Decimal(0)
    due_before, due_at_start, due_after = is_due(before, first), is_due(before, following), is_due(after, following)
    total["opening"] += start * due_before
    total["closing"] += amount * due_after
    total["open_amount"] += amount * (after["outcome"] == "open")
    won, lost = after["outcome"] == "won", after["outcome"] in ("lost", "no_decision")
    total["won"] += amount * won
    total["lost"] += amount * lost
    if before is None:
        total["created"] += amount
        total["moved_out"] += amount * (not due_after and not won and not lost)
        return
    if due_at_start:
        total["moved_in"] += start * (not due_before)
        total["amount_up"] += max(amount - start, Decimal(0))
        total["amount_down"] += max(start - amount, Decimal(0))
        total["moved_out"] += amount * (not due_after and not won and not lost)
    else:
        total["moved_in"] += amount * (due_after or won or lost)


@pytest.mark.parametrize("seed", SEEDS)
def test_slippage_and_pushes_are_told_by_looking_at_each_deal_each_evening(warehouse, seed):
    lives = invented_lives(seed)
    fill_pipeline(warehouse, lives)
    warehouse.build("marts", "mart_pipeline_slippage")
    found = warehouse.rows("marts.mart_pipeline_slippage", ["period_month", "currency"])
    expected = defaultdict(lambda: {"n_due": 0, "n_slipped": 0, "due_amount": Decimal(0), "push_count": 0, "pull_in_count": 0})
    for life in lives.values():
        for first in months_between(life[0]["day"], AS_OF):
            eve, end = state_on(life, first - DAY), state_on(life, next_month(first) - DAY)
            if eve and eve["outcome"] == "open" and eve["close_on"] and month(eve["close_on"]) == first:
                row = expected[first, eve["currency"] or "unknown"]
                row["n_due"] += 1
                row["due_amount"] += eve["amount"] or Decimal(0)
                row["n_slipped"] += end["outcome"] == "open"
        for yesterday, today in itertools.pairwise(life):
            dates = yesterday["close_on"], today["close_on"]
            if yesterday["outcome"] == today["outcome"] == "open" and all(dates) and month(dates[0]) != month(dates[1]):
                name = "push_count" if dates[1] > dates[0] else "pull_in_count"
                expected[month(today["day"]), today["currency"] or "unknown"][name] += 1
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        if next_month(key[0]) - DAY > AS_OF:
            row["n_slipped"] = None
        assert {name: found[key][name] for name in row} == row, key


# --- Win rates


@pytest.mark.parametrize("seed", SEEDS)
def test_win_rates_are_of_what_closed_and_of_what_was_created(warehouse, seed):
    rng = random.Random(seed)
    rates = {"EUR": Fraction(1), "USD": Fraction(9, 10), "CHF": None}
    deals = []
    for number in range(40):
        created = dt.datetime.fromisoformat("2024-11-30 23:30") + rng.randint(0, 470) * DAY
        outcome = rng.choice(["open", "won", "lost", "no_decision"]) if seed else "open"
        closed = None if outcome == "open" else created + rng.choice([0, 1, 40]) * DAY + dt.timedelta(minutes=29)
        if closed and closed.date() > AS_OF - DAY:
            outcome, closed = "open", None
        deals.append({
            "key": f"deal{number}", "outcome": outcome, "created": created, "closed": closed,
            "amount": rng.choice([None, Decimal("100.00"), Decimal("100.00"), Decimal("7.77")]),
            "currency": rng.choice(["EUR", "USD"] if seed % 2 else ["EUR", "EUR", "CHF"]),
        })  # fmt: skip
    warehouse.fill(
        "marts.fct_opportunity",
        "opportunity_key varchar, source_system varchar, pipeline varchar, channel varchar, outcome varchar, "
        "is_closed boolean, is_won boolean, amount decimal(18, 2), currency varchar, sqo_at timestamp, created_at timestamp, "
        "closed_at timestamp, is_created_imputed boolean, is_closed_imputed boolean",
        [(d["key"], "crm", None, "email", d["outcome"], d["outcome"] != "open", d["outcome"] == "won", d["amount"],
          d["currency"], d["created"], d["created"], d["closed"], False, False) for d in deals],
    )  # fmt: skip
    warehouse.fill(
        "intermediate.int_fx_rate_periods",
        "currency varchar, valid_from date, valid_to date, rate_to_reporting decimal(18, 6)",
        [("EUR", dt.date(1970, 1, 1), None, 1), ("USD", dt.date(1970, 1, 1), None, Decimal("0.9"))],
    )
    warehouse.build("intermediate", "int_opportunities_measured")
    warehouse.build("marts", "mart_win_rate")
    found = warehouse.rows("marts.mart_win_rate", ["period_month", "segment"])
    for deal in deals:
        # Paris is an hour ahead in winter and two in summer, and these times are half an hour before midnight or a minute.
        deal["created_on"], deal["closed_on"] = (
            (at + dt.timedelta(hours=1)).date() if at else None for at in (deal["created"], deal["closed"])
        )
    months = {month(day) for deal in deals for day in (deal["created_on"], deal["closed_on"]) if day}
    assert {key[0] for key in found} == months
    for first in months:
        row = found[first, "all"]
        closed = [deal for deal in deals if deal["closed_on"] and month(deal["closed_on"]) == first]
        won = [deal for deal in closed if deal["outcome"] == "won"]
        assert (row["n_closed"], row["n_won"]) == (len(closed), len(won))
        assert close(row["win_rate_closed"], Fraction(len(won), len(closed)) if closed else None)
        total, own = (converted(group, rates) for group in (closed, won))
        assert row["closed_amount"] == total[0], (first, total)
        if total[1] and own[1] in (None, total[1]):
            assert close(row["win_rate_closed_amount"], Fraction(own[0] or 0) / Fraction(total[0]) if total[0] else None)
        else:
            assert row["win_rate_closed_amount"] is None
        created = [deal for deal in deals if month(deal["created_on"]) == first]
        ended = [deal for deal in created if deal["outcome"] != "open"]
        mature = next_month(first) + 364 * DAY <= AS_OF
        share = Fraction(sum(deal["outcome"] == "won" for deal in created), len(ended)) if mature and ended else None
        assert close(row["win_rate_created_cohort"], share)


def converted(deals: list[dict], rates: dict[str, Fraction | None]) -> tuple[Decimal | None, str | None]:
    """A total and its currency: the reporting one when all have a rate, else the only one, else none."""
    deals = [deal for deal in deals if deal["amount"] is not None]
    if not deals:
        return None, None
    if all(rates[deal["currency"]] for deal in deals):
        parts = [Fraction(deal["amount"]) * rates[deal["currency"]] for deal in deals]
        return sum((Decimal(round(part * 100)) / 100 for part in parts), Decimal(0)), "EUR"
    currencies = {deal["currency"] for deal in deals}
    return (sum((deal["amount"] for deal in deals), Decimal(0)), currencies.pop()) if len(currencies) == 1 else (None, None)


# --- Retention


@pytest.mark.parametrize("seed", SEEDS)
def test_retention_is_what_customers_pay_on_three_days_whatever_they_did_between(warehouse, seed):
    rng = random.Random(seed)
    periods = []
    for number in range(25):
        day = dt.date(2024, 1, 1) + rng.randint(0, 800) * DAY
        # Runs with gaps: left and back again, a refund, two subscriptions at once, a start on 29 February.
        day = dt.date(2024, 2, 29) if number == 0 else day
        for _ in range(rng.randint(1, 4)):
            length = rng.choice([1, 30, 180, 181, 365, None])
            end = None if length is None else day + length * DAY
            periods.append((f"c{number}", day, end, Decimal(rng.choice(["100.00", "40.00", "50.00", "-20.00", "0.00"]))))
            day = (end or day) + rng.choice([0, 0, 20, 200]) * DAY
    periods = [period for period in periods if period[1] <= AS_OF]
    warehouse.fill(
        "intermediate.int_subscription_periods",
        "billing_customer_key varchar, currency varchar, from_day date, to_day date, mrr decimal(18, 2)",
        [(customer, "EUR", first, last, mrr) for customer, first, last, mrr in periods],
    )
    warehouse.fill(
        "intermediate.int_billing_customers_linked",
        "billing_customer_key varchar, customer_key varchar, channel varchar, campaign_name varchar, owner_key varchar",
        [(customer, customer, "email", None, None) for customer in sorted({period[0] for period in periods})],
    )
    warehouse.fill(
        "intermediate.int_fx_rate_periods",
        "currency varchar, valid_from date, valid_to date, rate_to_reporting decimal(18, 6)",
        [("EUR", dt.date(1970, 1, 1), None, 1)],
    )
    warehouse.build("intermediate", "int_customer_retention")
    warehouse.build("marts", "mart_retention")
    cohorts = defaultdict(list)
    for customer in {period[0] for period in periods if period[3] > 0}:
        own = [period[1:] for period in periods if period[0] == customer and period[3] > 0]
        first = min(period[0] for period in own)
        anniversary = dt.date(first.year + 1, first.month, 28 if (first.month, first.day) == (2, 29) else first.day)

        def paid(day: dt.date, own=own) -> Decimal:
            return sum((mrr for start, end, mrr in own if start <= day and (end is None or end > day)), Decimal(0))

        cohorts[month(first)].append((paid(first), paid(first + 180 * DAY), paid(anniversary)))
    found = warehouse.rows("marts.mart_retention", ["cohort_month", "segment"])
    assert {key[0] for key in found} == set(cohorts)
    for first, customers in cohorts.items():
        row, start = found[first, "all"], sum(customer[0] for customer in customers)
        is_mature = dt.date(next_month(first).year + 1, next_month(first).month, 1) <= AS_OF + DAY
        is_mature_180 = next_month(first) + 180 * DAY <= AS_OF + DAY
        assert (row["customers_start"], row["mrr_start"]) == (len(customers), start)
        kept = sum(min(customer[0], customer[2]) for customer in customers)
        assert close(row["nrr"], Fraction(sum(c[2] for c in customers)) / Fraction(start) if is_mature else None)
        assert close(row["grr"], Fraction(kept) / Fraction(start) if is_mature else None)
        assert close(row["logo_retention"], Fraction(sum(c[2] > 0 for c in customers), len(customers)) if is_mature else None)
        churned = sum(2 * c[1] <= c[0] for c in customers)
        assert close(row["early_churn_180"], Fraction(churned, len(customers)) if is_mature_180 else None)


# --- Attribution


def credits_of(path: list[tuple[dt.datetime, str]], outcome_at: dt.datetime, half_life: dt.timedelta) -> dict[str, tuple]:
    """Touch → its place, how many there are, and its credits by the five models."""
    n = len(path)
    weights = [2 ** -((outcome_at - at) / half_life) for at, _ in path]
    shares = {1: [1], 2: [Fraction(1, 2)] * 2}.get(n) or [Fraction(2, 5), *[Fraction(1, 5 * (n - 2))] * (n - 2), Fraction(2, 5)]
    return {
        touch: (place + 1, n, place == 0, place == n - 1, Fraction(1, n), shares[place], weights[place] / sum(weights))
        for place, (_, touch) in enumerate(path)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_five_models_share_an_outcome_among_what_its_buying_group_was_touched_by_in_a_year(warehouse, seed):
    rng = random.Random(seed)
    last = dt.datetime.combine(AS_OF, dt.time(22, 59, 59))
    people = {f"p{number}": rng.choice(["a", "a", "b", None]) for number in range(12)}
    # On a grid of days, so that touches tie with one another, with the outcome and with the end of the year before it.
    days = [0, 0, 30, 90, 91, 364, 365, 366, -1]
    touches = {f"t{n}": (rng.choice([*people, None]), last - rng.choice(days) * DAY) for n in range(rng.choice([3, 40]))}
    deals = {
        f"o{number}": (
            rng.choice(["a", "b", "c", None]), rng.choice([*people, None]), rng.random() < 0.5,
            rng.choice([None, last, last - 90 * DAY, last + DAY]), rng.choice([last, last - DAY, last + DAY]),
        )
        for number in range(12)
    }  # fmt: skip
    warehouse.fill("marts.dim_person", "person_key varchar, account_key varchar", list(people.items()))
    warehouse.fill(
        "marts.fct_touchpoint", "touchpoint_key varchar, person_key varchar, occurred_at timestamp, channel varchar",
        [(touch, person, at, "email") for touch, (person, at) in touches.items()],
    )  # fmt: skip
    warehouse.fill(
        "marts.fct_opportunity",
        "opportunity_key varchar, account_key varchar, person_key varchar, is_won boolean, sqo_at timestamp, "
        "closed_at timestamp, amount decimal(18, 2), currency varchar",
        [(key, *deal, Decimal("10.00"), "EUR") for key, deal in deals.items()],
    )
    warehouse.build("marts", "fct_attribution_touchpoint")
    found = warehouse.rows("marts.fct_attribution_touchpoint", ["opportunity_key", "outcome", "touchpoint_key"])
    expected = {}
    for key, (account, person, is_won, sqo_at, closed_at) in deals.items():
        group = {one for one, own in people.items() if account and own == account} | {person} - {None}
        for outcome, outcome_at, half_life in (("sqo", sqo_at, 30), ("won", closed_at if is_won else None, 90)):
            if outcome_at and outcome_at <= last:
                path = sorted((at, touch) for touch, (who, at) in touches.items() if who in group)
                path = [(at, touch) for at, touch in path if outcome_at - 365 * DAY <= at <= outcome_at]
                shared = credits_of(path, outcome_at, half_life * DAY) if path else {}
                expected |= {(key, outcome, touch): values for touch, values in shared.items()}
    assert found.keys() == expected.keys()
    names = ["position_no", "n_touches", *(f"credit_{name}" for name in MODELS_OF_CREDIT)]
    for row, values in expected.items():
        assert all(close(found[row][name], Fraction(value)) for name, value in zip(names, values, strict=True)), row
