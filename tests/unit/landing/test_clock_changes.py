"""The cheap question never says no where the dear one says yes."""

import duckdb
import pytest

from orchestration.landing.clock_changes import changes_clock, may_change_clock, weekdays_of_change


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Tehran"])
def test_every_repeated_or_skipped_time_of_the_months_and_hours_asked_for_is_asked_about(zone):
    times = "select timestamp '1965-01-01' + to_minutes(range * 30) as moment from range(70 * 366 * 48)"
    found, missed = duckdb.execute(
        f"""select count(*), count(*) filter (not may) from (
                select moment, {may_change_clock("moment", zone)} as may from ({times})
                where hour(moment) < 4 and month(moment) in (3, 4, 9, 10, 11)
            ) where {changes_clock("moment", zone)}"""
    ).fetchone()
    assert found > 50
    assert missed == 0


def test_most_nights_of_a_zone_whose_clocks_change_on_sundays_are_not_asked_about():
    assert weekdays_of_change("Europe/Paris") == (0,)
    assert weekdays_of_change("UTC") == ()
