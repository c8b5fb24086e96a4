"""Stripe's subscriptions export: the whole table, UTC times without seconds, plain decimal amounts.

Only this one file; the amounts themselves come from `opportunities.py`.
"""

import datetime as dt
from pathlib import Path

import duckdb

from orchestration.demo.csv_files import copy_csv

# The current period runs from the last anniversary before the night, or before the cancellation.
_SUBSCRIPTIONS = """
with visible as (
    select
        *,
        make_timestamp(created_at * 1000000) as started,
        make_timestamp(known(cancelled_at) * 1000000) as ended,
        make_timestamp(least(cancelled_at, getvariable('until') - 1) * 1000000) as seen,
        case when is_monthly then 1 else 12 end as months
    from subscription where happened(created_at)
),

periods as (
    select *, (datesub('month', started, seen) // months * months)::integer as months_before from visible
)

select
    subscription_id as "id",
    customer_id as "Customer ID",
    account_name as "Customer Description",
    email_value(
        mail_first, mail_last, mail_domain,
        (email_1_at < created_at)::int + (email_2_at < created_at)::int + (email_3_at < created_at)::int
    ) as "Customer Email",
    plan as "Plan",
    seats as "Quantity",
    'eur' as "Currency",
    case when is_monthly then 'month' else 'year' end as "Interval",
    euros(cents) as "Amount",
    case when ended is not null then 'canceled' else 'active' end as "Status",
    strftime(started, '%Y-%m-%d %H:%M') as "Created (UTC)",
    strftime(started, '%Y-%m-%d %H:%M') as "Start Date (UTC)",
    strftime(started + to_months(months_before), '%Y-%m-%d %H:%M') as "Current Period Start (UTC)",
    strftime(started + to_months(months_before + months), '%Y-%m-%d %H:%M') as "Current Period End (UTC)",
    strftime(ended, '%Y-%m-%d %H:%M') as "Canceled At (UTC)",
    strftime(ended, '%Y-%m-%d %H:%M') as "Ended At (UTC)"
from periods
"""


def write_stripe(connection: duckdb.DuckDBPyConnection, folder: Path, night: dt.date) -> None:
    """Write the subscriptions of one night."""
    target = folder / f"stripe_subscriptions_{night}.csv"
    copy_csv(connection, _SUBSCRIPTIONS, target)
