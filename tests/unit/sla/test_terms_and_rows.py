"""Terms in business time, and the registry as rows: what was known at a past day, what a rep can take."""

import datetime as dt
from decimal import Decimal

import pytest

from orchestration.objectives.objective_file import read_objectives
from orchestration.objectives.periods import period_of
from orchestration.registry.registry import load_registry
from orchestration.registry.rows import REGISTRY_TABLES, registry_tables, target_at
from orchestration.settings import Settings
from orchestration.sla.sla_file import Capacity, term_minutes


@pytest.mark.parametrize(("term", "minutes"), [("30bm", 30), ("4bh", 240), ("2bd", 1080)])
def test_a_business_day_is_the_calendars_working_day(term, minutes):
    assert term_minutes(term, 540) == minutes


def test_a_rep_can_take_what_the_hours_leave():
    capacity = Capacity(rep_hours_per_week=35, meeting_hours_per_week=8, touch_hours=0.25, dig_hours=1.5, dig_share=0.4)
    assert capacity.most_per_rep_week == pytest.approx(27 / 0.85)


def test_a_past_day_sees_the_target_of_its_day():
    shipped = read_objectives(Settings().registry_dir / "objectives").documents
    amended = next(item.spec for item in shipped if item.name == "fy26-q3-mqls")
    assert target_at(amended, dt.date(2026, 7, 19))[:2] == (1, Decimal(900))
    assert target_at(amended, dt.date(2026, 7, 20))[:2] == (2, Decimal(850))


def test_every_table_of_the_registry_is_described_and_its_rows_fit_its_columns():
    tables = list(registry_tables(load_registry(Settings()), dt.date(2026, 9, 30), 1))
    assert {table.name for table in tables} == set(REGISTRY_TABLES)
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.name


@pytest.mark.parametrize(
    ("kind", "name", "start_month", "first", "last"),
    [
        ("quarter", "2026Q3", 1, "2026-07-01", "2026-09-30"),
        ("fiscal_quarter", "2026Q3", 1, "2026-07-01", "2026-09-30"),
        ("fiscal_quarter", "2026Q1", 10, "2025-10-01", "2025-12-31"),
        ("fiscal_year", "2026", 4, "2025-04-01", "2026-03-31"),
        ("half", "2026H2", 1, "2026-07-01", "2026-12-31"),
        ("month", "2028-02", 1, "2028-02-01", "2028-02-29"),
    ],
)
def test_periods_are_closed_intervals_of_the_fiscal_calendar(kind, name, start_month, first, last):
    period = period_of(kind, name, start_month)
    assert (str(period.first), str(period.last)) == (first, last)
