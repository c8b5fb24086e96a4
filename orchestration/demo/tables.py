"""Companies, leads and contacts as DuckDB tables with their texts put together, in the row order of the exports.

Times stay UTC seconds, NEVER included; what a night may know of them belongs to `as_of.py`, and what sales does
to `sales_tables.py`.
"""

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.demo import vocabulary
from orchestration.demo.clock import NEVER
from orchestration.demo.columns import create, words
from orchestration.demo.field_changes import MAX_CHANGES
from orchestration.demo.ids import hubspot_ids, salesforce_ids
from orchestration.demo.journey import EXIT_STATUSES
from orchestration.demo.plan import CHANNELS
from orchestration.demo.sales_tables import load_sales_tables
from orchestration.demo.world import World

_FIRST_CONTACT, _FIRST_COMPANY = 40_118_203_451, 9_204_117_038


def load_tables(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Create every table that the exports read."""
    create(connection, "salesforce_user", world.staff.table())
    _create_companies(connection, world)
    _create_leads(connection, world)
    _create_contacts(connection, world)
    load_sales_tables(connection, world)


def _create_companies(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    companies, accounts, deals = world.companies, world.accounts, world.native_deals
    code = companies.name_code
    combinations = len(vocabulary.COMPANY_ROOTS) * len(vocabulary.COMPANY_ACTIVITIES) * len(vocabulary.TOWNS)
    town = code % len(vocabulary.TOWNS)
    activity = code // len(vocabulary.TOWNS) % len(vocabulary.COMPANY_ACTIVITIES)
    root = code // (len(vocabulary.TOWNS) * len(vocabulary.COMPANY_ACTIVITIES)) % len(vocabulary.COMPANY_ROOTS)
    created_at = np.full(len(companies), NEVER, dtype=np.int64)
    seen, first = np.unique(world.inquiries.company, return_index=True)  # inquiries stand in order of arrival
    created_at[seen] = world.inquiries.created_at[first]
    created_at[deals.company] = deals.created_at
    hubspot_id = np.empty(len(companies), dtype=np.int64)
    hubspot_id[np.argsort(created_at, kind="stable")] = hubspot_ids(_FIRST_COMPANY, len(companies))
    slugs = [
        words([vocabulary.plain_letters(word) for word in parts], positions)
        for parts, positions in (
            (vocabulary.COMPANY_ROOTS, root),
            (vocabulary.COMPANY_ACTIVITIES, activity),
            (vocabulary.TOWNS, town),
        )
    ]
    create(
        connection,
        "company",
        {
            "company_no": np.arange(len(companies)),
            "root": words(vocabulary.COMPANY_ROOTS, root),
            "activity": words(vocabulary.COMPANY_ACTIVITIES, activity),
            "town": words(vocabulary.TOWNS, town),
            "slug_root": slugs[0], "slug_activity": slugs[1], "slug_town": slugs[2],
            "namesake": code // combinations + 1,
            "industry_no": companies.industry,
            "industry": words([english for english, _ in vocabulary.INDUSTRIES], companies.industry),
            "industry_french": words([french for _, french in vocabulary.INDUSTRIES], companies.industry),
            "has_known_industry": companies.has_known_industry,
            "employees": companies.employees,
            "created_at": created_at,
            "hubspot_id": hubspot_id,
        },
        """
        select
            company_no, town, industry_no, industry, employees, created_at, hubspot_id,
            case when has_known_industry then industry_french end as industry_french,
            root || ' ' || activity || ' ' || town || case when namesake > 1 then ' ' || namesake else '' end as name,
            slug_root || '-' || slug_activity || '-' || slug_town
                || case when namesake > 1 then '-' || namesake else '' end || '.example' as domain
        from delivered order by hubspot_id
        """,
    )  # fmt: skip
    create(
        connection,
        "account",
        {
            "account_no": np.arange(accounts.company.size),
            "account_id": salesforce_ids("001", accounts.company.size),
            "company_no": accounts.company,
            "created_at": accounts.created_at,
        },
        """
        select
            account_no, account_id, delivered.created_at, name, 'https://www.' || domain as website,
            industry, employees, town
        from delivered join company using (company_no) order by account_no
        """,
    )


def _create_leads(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """One row per inquiry; what only Salesforce leads have is null or NEVER for the others."""
    inquiries, journeys, synced = world.inquiries, world.journeys, world.synced
    opportunity_no = np.full(len(inquiries), -1, dtype=np.int64)
    opportunity_no[world.opportunities.lead] = np.arange(world.opportunities.lead.size)
    position = np.full(len(inquiries), -1, dtype=np.int64)
    position[synced] = np.arange(synced.size)
    columns = {
        "lead_no": np.arange(len(inquiries)),
        "position": position,
        "opportunity_no": opportunity_no,
        "company_no": inquiries.company,
        "first_name": words(vocabulary.FIRST_NAMES, inquiries.first_name),
        "last_name": words(vocabulary.LAST_NAMES, inquiries.last_name),
        "mail_first": words([vocabulary.plain_letters(word) for word in vocabulary.FIRST_NAMES], inquiries.first_name),
        "mail_last": words([vocabulary.plain_letters(word) for word in vocabulary.LAST_NAMES], inquiries.last_name),
        "mail_number": inquiries.mail_number,
        "free_mail_domain": words(("", *vocabulary.FREE_MAIL_DOMAINS), inquiries.mail_domain),
        "mail_style": inquiries.mail_style,
        "has_trailing_space": inquiries.has_trailing_space,
        "phone_range": words(vocabulary.FICTION_PHONE_RANGES, inquiries.phone_range),
        "phone_number": inquiries.phone_number,
        "phone_style": inquiries.phone_style,
        "title_no": inquiries.job_title,
        "channel": words([channel.label for channel in CHANNELS], inquiries.channel),
        "salesforce_source": words([channel.salesforce_source for channel in CHANNELS], inquiries.channel),
        "inquiry_at": inquiries.created_at,
        "owner_id": world.staff.ids.take(pa.array(journeys.owner)),
        "exit_status": words(EXIT_STATUSES, journeys.exit_status),
    }
    columns |= {
        f"{event}_at": getattr(journeys, f"{event}_at") for event in ("mql", "synced", "sal", "sql", "sqo", "won", "exit")
    }
    columns["deleted_at"] = _scattered(world.deleted_at, synced, len(inquiries), NEVER)
    columns["touched_at"] = _scattered(world.touched_at, synced, len(inquiries), NEVER)
    for history in world.field_histories:
        name = history.field.name
        columns[f"has_{name}"] = ~inquiries.is_missing[name]
        for change in range(MAX_CHANGES):
            columns[f"{name}_{change + 1}_at"] = _scattered(history.changed_at[:, change], synced, len(inquiries), NEVER)
    lead_ids = pa.table({"position": np.arange(synced.size), "lead_id": salesforce_ids("00Q", synced.size)})
    contact_count = world.opportunities.lead.size
    contact_ids = {"opportunity_no": np.arange(contact_count), "contact_id": salesforce_ids("003", contact_count)}
    connection.register("lead_ids", lead_ids)
    connection.register("contact_ids", pa.table(contact_ids))
    create(
        connection,
        "lead",
        columns,
        """
        select
            delivered.* exclude (mail_last, mail_number, free_mail_domain),
            mail_last || case when mail_number > 1 then mail_number::varchar else '' end as mail_last,
            coalesce(nullif(free_mail_domain, ''), company.domain) as mail_domain,
            company.name as company_name, company.industry_no, company.hubspot_id as hubspot_company_id,
            lead_id, contact_id
        from delivered
        join company using (company_no)
        left join lead_ids using (position)
        left join contact_ids using (opportunity_no)
        order by lead_no
        """,
    )
    connection.unregister("lead_ids")
    connection.unregister("contact_ids")


def _scattered(values: np.ndarray, positions: np.ndarray, size: int, otherwise: int) -> np.ndarray:
    full = np.full(size, otherwise, dtype=values.dtype)
    full[positions] = values
    return full


def contact_numbers(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Give the HubSpot contact ids: of each lead's first record, and of each duplicate."""
    created_at = np.concatenate([world.inquiries.created_at, world.duplicates.created_at])
    numbers = np.empty(created_at.size, dtype=np.int64)
    numbers[np.argsort(created_at, kind="stable")] = hubspot_ids(_FIRST_CONTACT, created_at.size)
    return numbers[: len(world.inquiries)], numbers[len(world.inquiries) :]


def _create_contacts(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    inquiries, duplicates = world.inquiries, world.duplicates
    first_ids, second_ids = contact_numbers(world)
    both = np.concatenate
    create(
        connection,
        "contact",
        {
            "hubspot_id": both([first_ids, second_ids]),
            "lead_no": both([np.arange(len(inquiries)), duplicates.lead]),
            "is_duplicate": both([np.zeros(len(inquiries), bool), np.ones(duplicates.lead.size, bool)]),
            "created_at": both([inquiries.created_at, duplicates.created_at]),
            "channel": words([channel.label for channel in CHANNELS], both([inquiries.channel, duplicates.channel])),
            "mail_style": both([inquiries.mail_style, duplicates.mail_style]),
            "phone_number": both([inquiries.phone_number, duplicates.phone_number]),
        },
        """
        select
            delivered.*,
            lead.* exclude (lead_no, channel, mail_style, phone_number)
        from delivered join lead using (lead_no) order by delivered.hubspot_id
        """,
    )
