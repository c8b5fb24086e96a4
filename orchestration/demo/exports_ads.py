"""The reports of the ad networks, with the lines around the table that spreadsheets show and parsers trip over.

LinkedIn Campaign Manager (UTF-16, tabs) and Google Ads (UTF-8, commas). First night everything, then seven days.
"""

import codecs
import datetime as dt
from pathlib import Path

import duckdb

from orchestration.demo.plan import COMPANY_NAME

_LINKEDIN_HEADER = (
    "Start Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tCampaign ID\tCampaign Name\tCampaign Type\t"
    "Total Spent\tImpressions\tClicks\tLeads"
)
_GOOGLE_HEADER = "Day,Campaign,Campaign ID,Campaign type,Currency code,Impr.,Clicks,Cost,Conversions"

# Networks attribute leads for three days: a young day is exported again with more of them.
_VISIBLE = """
    select
        *,
        date '1970-01-01' + day::integer as on_day,
        leads * least(10, 4 + 2 * date_diff('day', date '1970-01-01' + day::integer, getvariable('night'))) // 10
            as attributed
    from campaign_day
    where on_day between getvariable('ad_since') and getvariable('night')
"""

_LINKEDIN = f"""
select concat_ws(
    chr(9), strftime(on_day, '%-m/%-d/%Y'), $account, 'EUR', "group", campaign_id, name, kind,
    euros(cents), impressions, clicks, attributed
)
from ({_VISIBLE}) where network = 'linkedin' order by day, campaign_id
"""

# Google groups thousands, so such numbers stand in quotes. Display conversions aren't tracked: " --".
_GOOGLE = f"""
with figures as (
    select
        strftime(on_day, '%Y-%m-%d') as day_text, name, campaign_id, kind,
        impressions, clicks, cents, case when kind <> 'Display' then attributed end as conversions
    from ({_VISIBLE}) where network = 'google'
    union all
    select unnest(['Total: Campaigns', 'Total: Account']), ' --', ' --', ' --',
        sum(impressions)::bigint, sum(clicks)::bigint, sum(cents)::bigint,
        sum(case when kind <> 'Display' then attributed end)::bigint
    from ({_VISIBLE}) where network = 'google'
)
select concat_ws(
    ',', day_text, google_cell(name), campaign_id, kind, 'EUR',
    google_cell(format('{{:,}}', impressions)), google_cell(format('{{:,}}', clicks)),
    google_cell(format('{{:,}}', cents // 100) || '.' || lpad((cents % 100)::varchar, 2, '0')),
    coalesce(google_cell(format('{{:,}}', conversions) || '.00'), ' --')
)
from figures order by day_text like 'Total%', day_text desc, campaign_id
"""


def create_ad_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define how Google quotes a cell."""
    connection.execute(
        """create macro google_cell(value) as
        case when contains(value, ',') then '"' || value || '"' else value end"""
    )


def write_ads(connection: duckdb.DuckDBPyConnection, folder: Path, night: dt.date) -> None:
    """Write both reports of one night."""
    since = connection.execute("select getvariable('ad_since')").fetchone()[0]
    _write_linkedin(connection, folder, since, night)
    _write_google(connection, folder, since, night)


def _write_linkedin(connection: duckdb.DuckDBPyConnection, folder: Path, since: dt.date, night: dt.date) -> None:
    rows = connection.execute(_LINKEDIN, {"account": COMPANY_NAME}).fetchnumpy()
    lines = [
        "Campaign Performance Report (in UTC)",
        f"Account Name: {COMPANY_NAME}",
        f"Report Start: {_short(since)}",
        f"Report End: {_short(night)}",
        f"Date Generated: {_short(night)}, 11:45 PM",
        _LINKEDIN_HEADER,
        *next(iter(rows.values())),
    ]
    text = "".join(f"{line}\r\n" for line in lines)
    target = folder / f"linkedin_campaign_performance_report_{night}.csv"
    target.write_bytes(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))


def _write_google(connection: duckdb.DuckDBPyConnection, folder: Path, since: dt.date, night: dt.date) -> None:
    rows = connection.execute(_GOOGLE).fetchnumpy()
    lines = [
        "Campaign report",
        f'"{_long(since)} - {_long(night)}"',
        _GOOGLE_HEADER,
        *next(iter(rows.values())),
    ]
    text = "".join(f"{line}\n" for line in lines)
    (folder / f"google_ads_campaign_report_{night}.csv").write_text(text, encoding="utf-8", newline="")


def _short(day: dt.date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


def _long(day: dt.date) -> str:
    """Write a date in English whatever the machine's locale is."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
