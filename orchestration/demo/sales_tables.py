"""What sales and marketing spend do, as DuckDB tables: opportunities, histories, tasks, subscriptions, campaigns.

Reads the tables of `tables.py`. Times stay UTC seconds, NEVER included.
"""

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.demo import vocabulary
from orchestration.demo.columns import create, words
from orchestration.demo.ids import hubspot_ids, salesforce_ids
from orchestration.demo.lead_history import lead_history_rows
from orchestration.demo.opportunity_history import opportunity_history_rows
from orchestration.demo.plan import CAMPAIGNS
from orchestration.demo.world import World

_FIRST_DEAL = 15_733_902_116


def load_sales_tables(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Create the tables that hang on leads and companies."""
    _create_opportunities(connection, world)
    _create_native_deals(connection, world)
    _create_histories(connection, world)
    _create_tasks(connection, world)
    _create_subscriptions(connection, world)
    _create_campaign_days(connection, world)


def _create_opportunities(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    opportunities = world.opportunities
    count = opportunities.lead.size
    columns = {
        "opportunity_no": np.arange(count),
        "opportunity_id": salesforce_ids("006", count),
        "deal_id": hubspot_ids(_FIRST_DEAL, count),
        "owner_id": world.staff.ids.take(pa.array(opportunities.closer)),
        "owner_name": words(world.staff.names, opportunities.closer),
        "lead_no": opportunities.lead,
        "account_no": opportunities.account,
    }
    columns |= {
        name: getattr(opportunities, name)
        for name in ("is_first_of_account", "sqo_at", "proposal_at", "negotiation_at", "postponed_at", "closed_at",
                     "is_won", "first_cents", "agreed_cents", "expected_day", "postponed_day")
    }  # fmt: skip
    create(
        connection,
        "opportunity",
        columns,
        """
        select
            delivered.*, account_id, account.name as account_name, lead.hubspot_company_id, lead.salesforce_source,
            account.name || ' – Licence Lumière' as name
        from delivered join account using (account_no) join lead using (lead_no) order by delivered.opportunity_no
        """,
    )
    # A second pass, because leads name their opportunity and account, and opportunities their lead.
    connection.execute(
        """
        create table salesforce_lead as
        select
            lead.* exclude (mail_first, mail_last, mail_domain), opportunity_id, account_id,
            -- The other address is the private one of who gave that of work, else the one of work.
            case when has_other_address then 'crm.' || plain_address else mail_first end as mail_first,
            case when has_other_address then lead.lead_no::varchar else mail_last end as mail_last,
            case
                when not has_other_address then mail_domain
                when mail_domain = work_domain then 'laposte.example'
                else work_domain
            end as mail_domain
        from lead left join opportunity on lead.lead_no = opportunity.lead_no
        where lead.position >= 0
        order by lead.position
        """
    )


def _create_native_deals(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    deals = world.native_deals
    first_id = _FIRST_DEAL + 5  # between the mirrors' numbers, which have a step of 17
    columns = {
        "deal_id": hubspot_ids(first_id, deals.company.size),
        "owner_name": words(world.staff.names, deals.closer),
        "company_no": deals.company,
    }
    columns |= {
        name: getattr(deals, name) for name in ("created_at", "proposal_at", "closed_at", "is_won", "cents", "expected_day")
    }
    create(
        connection,
        "native_deal",
        columns,
        """
        select delivered.*, company.hubspot_id as hubspot_company_id, company.name || ' – Partenaire' as name
        from delivered join company using (company_no) order by deal_id
        """,
    )


def _create_histories(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    rows = lead_history_rows(world)
    create(
        connection,
        "lead_history",
        rows | {"history_id": salesforce_ids("017", rows["changed_at"].size)},
        """
        select delivered.*, lead_id, phone_range, phone_number, phone_style, has_bad_phone, title_no, industry_no,
            mail_first, mail_last, mail_domain, company_name
        from delivered join salesforce_lead using (position) order by history_id
        """,
    )
    rows = opportunity_history_rows(world)
    create(
        connection,
        "opportunity_history",
        rows | {"history_id": salesforce_ids("008", rows["changed_at"].size)},
        "select delivered.*, opportunity_id from delivered join opportunity using (opportunity_no) order by history_id",
    )


def _create_tasks(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    tasks = world.tasks
    owner_id = world.staff.ids.take(pa.array(tasks["owner"]))
    create(
        connection,
        "task",
        tasks
        | {
            "task_id": salesforce_ids("00T", tasks["kind"].size),
            "owner_id": owner_id,
            "subject": _subjects(tasks),
            "disposition": pa.array(vocabulary.CALL_DISPOSITIONS).take(
                pa.array(tasks["disposition"], mask=tasks["disposition"] < 0)
            ),
        },
        """
        select
            delivered.* exclude (owner),
            coalesce(salesforce_lead.lead_id, converted.contact_id) as who_id,
            opportunity.opportunity_id as what_id
        from delivered
        left join salesforce_lead on delivered.lead_position = salesforce_lead.position
        left join opportunity on delivered.opportunity_no = opportunity.opportunity_no
        left join salesforce_lead as converted on opportunity.lead_no = converted.lead_no
        order by task_id
        """,
    )


def _subjects(tasks: dict[str, np.ndarray]) -> pa.Array:
    kinds = len(vocabulary.LEAD_TASK_SUBJECTS)
    subjects = (
        *vocabulary.LEAD_TASK_SUBJECTS, *vocabulary.OPPORTUNITY_TASK_SUBJECTS,
        vocabulary.AUTOMATED_SUBJECT, vocabulary.ONBOARDING_SUBJECT,
    )  # fmt: skip
    reason, kind = tasks["reason"], tasks["kind"]
    by_reason = [kind, kinds + kind, np.full_like(kind, 2 * kinds), np.full_like(kind, 2 * kinds + 1)]
    return words(subjects, np.choose(reason, by_reason))


def _create_subscriptions(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    subscriptions = world.subscriptions
    account_no = world.opportunities.account[subscriptions.opportunity]
    create(
        connection,
        "subscription",
        {
            "subscription_id": subscriptions.ids,
            "customer_id": subscriptions.customer_ids.take(pa.array(account_no)),
            "opportunity_no": subscriptions.opportunity,
            "created_at": subscriptions.created_at,
            "cancelled_at": subscriptions.cancelled_at,
            "plan": words(vocabulary.PLANS, subscriptions.plan),
            "seats": subscriptions.seats,
            "is_monthly": subscriptions.is_monthly,
            "cents": subscriptions.cents,
        },
        """
        select
            delivered.*, account_name,
            mail_first, mail_last, mail_domain, email_1_at, email_2_at, email_3_at
        from delivered
        join opportunity using (opportunity_no)
        join salesforce_lead on opportunity.lead_no = salesforce_lead.lead_no
        order by delivered.created_at, subscription_id
        """,
    )


def _create_campaign_days(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    days = world.campaign_days
    columns = {
        name: words([getattr(campaign, name) for campaign in CAMPAIGNS], days.campaign)
        for name in ("network", "campaign_id", "name", "group", "kind")
    }
    columns |= {name: getattr(days, name) for name in ("day", "cents", "impressions", "clicks", "leads")}
    create(connection, "campaign_day", columns, "select * from delivered order by day, campaign_id")
