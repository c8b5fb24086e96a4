"""Companies, leads and contacts as DuckDB tables with their texts put together, in the row order of the exports.

Times stay UTC seconds, NEVER included; what a night may know of them belongs to `as_of.py`, and what sales does
to `sales_tables.py`.
"""

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.demo import plan, vocabulary
from orchestration.demo.clock import NEVER
from orchestration.demo.columns import create, words
from orchestration.demo.field_changes import MAX_CHANGES
from orchestration.demo.ids import hubspot_ids, salesforce_ids
from orchestration.demo.journey import EXIT_STATUSES
from orchestration.demo.people import occurrence
from orchestration.demo.plan import CHANNELS
from orchestration.demo.reasons import REASONS
from orchestration.demo.sales_tables import load_sales_tables
from orchestration.demo.traps import NOBODY
from orchestration.demo.world import World
from orchestration.engine import register

OTHER_ADDRESS_START, FORMER_ADDRESS_START = "perso.", "ancien."
_FIRST_CONTACT, _FIRST_COMPANY = 40_118_203_451, 9_204_117_038


def load_tables(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    """Create every table that the exports read."""
    create(connection, "salesforce_user", world.staff.table())
    _create_companies(connection, world)
    _create_leads(connection, world)
    _create_contacts(connection, world)
    load_sales_tables(connection, world)


def company_created_at(world: World) -> np.ndarray:
    """Date each company from its first inquiry, or its partner deal; NEVER for one that nobody asks for."""
    created_at = np.full(len(world.companies), NEVER, dtype=np.int64)
    seen, first = np.unique(world.inquiries.company, return_index=True)  # inquiries stand in order of arrival
    created_at[seen] = world.inquiries.created_at[first]
    created_at[world.native_deals.company] = world.native_deals.created_at
    return created_at


def company_numbers(world: World) -> np.ndarray:
    """Give the HubSpot company ids, in order of creation."""
    numbers = np.empty(len(world.companies), dtype=np.int64)
    numbers[np.argsort(company_created_at(world), kind="stable")] = hubspot_ids(_FIRST_COMPANY, len(world.companies))
    return numbers


def _name_parts(world: World) -> dict[str, np.ndarray]:
    """Say of which words each company's name is made; look-alikes and namesakes take theirs from their twin."""
    traps, own = world.company_traps, np.arange(len(world.companies))
    twin = np.concatenate([traps.twin, np.full(own.size - traps.twin.size, NOBODY)])
    lookalike = np.concatenate([traps.lookalike, np.full(own.size - traps.twin.size, NOBODY)])
    code = world.companies.name_code[np.where(twin == NOBODY, own, twin)]
    town = code % len(vocabulary.TOWNS)
    activity = code // len(vocabulary.TOWNS) % len(vocabulary.COMPANY_ACTIVITIES)
    root = code // (len(vocabulary.TOWNS) * len(vocabulary.COMPANY_ACTIVITIES)) % len(vocabulary.COMPANY_ROOTS)
    root = np.where(lookalike == NOBODY, root, len(vocabulary.COMPANY_ROOTS) + lookalike)
    combinations = len(vocabulary.COMPANY_ROOTS) * len(vocabulary.COMPANY_ACTIVITIES) * len(vocabulary.TOWNS)
    # Look-alikes are few roots in many pairs: where a name would come again it is numbered.
    name_key = (root * len(vocabulary.COMPANY_ACTIVITIES) + activity) * len(vocabulary.TOWNS) + town
    namesake = np.where(
        lookalike == NOBODY, code // combinations + 1, occurrence(np.where(lookalike == NOBODY, -own - 1, name_key))
    )
    return {"root": root, "activity": activity, "town": town, "namesake": namesake}


def _create_companies(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    companies, accounts, traps = world.companies, world.accounts, world.company_traps
    parts = _name_parts(world)
    roots = (*vocabulary.COMPANY_ROOTS, *(name for pair in vocabulary.LOOKALIKE_ROOTS for name in pair))
    spelt = {"root": roots, "activity": vocabulary.COMPANY_ACTIVITIES, "town": vocabulary.TOWNS}
    partners = len(companies) - len(traps.twin)
    create(
        connection,
        "drawn_company",
        {
            "company_no": np.arange(len(companies)),
            **{name: words(texts, parts[name]) for name, texts in spelt.items()},
            **{
                f"slug_{name}": words([vocabulary.plain_letters(word) for word in texts], parts[name])
                for name, texts in spelt.items()
            },
            "namesake": parts["namesake"],
            "has_same_name": np.concatenate([traps.has_same_name, np.zeros(partners, bool)]),
            "parent_no": np.concatenate([traps.parent, np.full(partners, NOBODY)]),
            "industry_no": companies.industry,
            "industry": words([english for english, _ in vocabulary.INDUSTRIES], companies.industry),
            "industry_french": words([french for _, french in vocabulary.INDUSTRIES], companies.industry),
            "has_known_industry": companies.has_known_industry,
            "employees": companies.employees,
            "created_at": company_created_at(world),
            "hubspot_id": company_numbers(world),
        },
        """
        select
            *,
            root || ' ' || activity || ' ' || town || case when namesake > 1 then ' ' || namesake else '' end as name,
            slug_root || '-' || slug_activity || '-' || slug_town || case when namesake > 1 then '-' || namesake else '' end
                || case when has_same_name then '-france' else '' end || '.example' as own_domain
        from delivered order by hubspot_id
        """,
    )
    # A subsidiary has a page below its parent's domain, and its people write from the parent's.
    connection.execute(
        """
        create table company as
        select
            child.company_no, child.name, child.town, child.industry_no, child.industry, child.employees,
            child.created_at, child.hubspot_id, child.parent_no,
            case when child.has_known_industry then child.industry_french end as industry_french,
            case when parent.company_no is null then child.own_domain
                else child.slug_root || '.' || parent.own_domain end as domain,
            coalesce(parent.own_domain, child.own_domain) as mail_domain
        from drawn_company as child left join drawn_company as parent on child.parent_no = parent.company_no
        order by child.hubspot_id
        """
    )
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
            own.account_no, own.account_id, own.created_at, own.industry, own.employees, own.town,
            company_style(own.account_no % 11, own.name) as name,
            case when own.account_no % 13 <> 5 then website_style(own.account_no % 7, own.domain) end as website,
            case when parents.account_no < own.account_no then parents.account_id end as parent_id
        from (select * exclude (created_at), delivered.created_at from delivered join company using (company_no)) as own
        left join (select * from delivered join company using (company_no)) as parents on own.parent_no = parents.company_no
        order by own.account_no
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
        "mailbox": words(("", *vocabulary.SHARED_MAILBOXES), inquiries.shared_mailbox + 1),
        "company_style": inquiries.company_style,
        "is_associated": inquiries.is_associated,
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
        "exit_reason": words(REASONS, world.exit_reason),
    }
    columns |= {
        f"{event}_at": getattr(journeys, f"{event}_at") for event in ("mql", "synced", "sal", "sql", "sqo", "won", "exit")
    }
    columns["has_other_address"] = _scattered(world.has_other_address, synced, len(inquiries), False)
    columns["deleted_at"] = _scattered(world.deleted_at, synced, len(inquiries), NEVER)
    columns["has_bad_phone"] = _scattered(world.contact_faults.has_bad_phone, synced, len(inquiries), False)
    columns["bounced_at"] = _scattered(world.contact_faults.bounced_at, synced, len(inquiries), NEVER)
    columns["touched_at"] = _scattered(world.touched_at, synced, len(inquiries), NEVER)
    for history in world.field_histories:
        name = history.field.name
        columns[f"has_{name}"] = ~inquiries.is_missing[name]
        for change in range(MAX_CHANGES):
            columns[f"{name}_{change + 1}_at"] = _scattered(history.changed_at[:, change], synced, len(inquiries), NEVER)
    lead_ids = pa.table({"position": np.arange(synced.size), "lead_id": salesforce_ids("00Q", synced.size)})
    contact_count = world.opportunities.lead.size
    contact_ids = {"opportunity_no": np.arange(contact_count), "contact_id": salesforce_ids("003", contact_count)}
    register(connection, "lead_ids", lead_ids)
    register(connection, "contact_ids", pa.table(contact_ids))
    create(
        connection,
        "lead",
        columns,
        """
        select
            delivered.* exclude (mail_first, mail_last, mail_number, mailbox, free_mail_domain),
            case when mailbox = '' then mail_first else mailbox end as mail_first,
            case
                when mailbox <> '' then ''
                else mail_last || case when mail_number > 1 then mail_number::varchar else '' end
            end as mail_last,
            mail_first || '.' || mail_last as plain_address, mail_number,
            coalesce(nullif(free_mail_domain, ''), company.mail_domain) as mail_domain, company.mail_domain as work_domain,
            company_style(company_style, company.name) as company_name, company.industry_no,
            company.hubspot_id as hubspot_company_id,
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
    kinds = list(plan.DUPLICATE_KINDS)
    n_first, n_second = len(inquiries), duplicates.lead.size

    def both(first: np.ndarray | int, second: np.ndarray) -> np.ndarray:
        return np.concatenate([np.broadcast_to(first, n_first), second])

    into = np.where(duplicates.merged_into == NOBODY, first_ids[duplicates.lead], second_ids[duplicates.merged_into])
    create(
        connection,
        "contact",
        {
            "hubspot_id": both(first_ids, second_ids),
            "lead_no": both(np.arange(n_first), duplicates.lead),
            "is_duplicate": both(False, np.ones(n_second, bool)),
            "kind": words(("first", *kinds), both(0, duplicates.kind + 1)),
            "created_at": both(inquiries.created_at, duplicates.created_at),
            "merged_at": both(NEVER, duplicates.merged_at),
            "merged_into": both(0, into),
            "channel": words([channel.label for channel in CHANNELS], both(inquiries.channel, duplicates.channel)),
            "mail_style": both(inquiries.mail_style, duplicates.mail_style),
            "other_mail_domain": words(("", *vocabulary.FREE_MAIL_DOMAINS), both(0, duplicates.mail_domain)),
            "phone_number": both(inquiries.phone_number, duplicates.phone_number),
            "copy_no": both(0, np.arange(n_second)),
        },
        f"""
        select
            delivered.* exclude (other_mail_domain),
            lead.* exclude (lead_no, channel, mail_style, phone_number, mail_first, mail_last, mail_domain),
            -- An address of its own does not follow what Salesforce changes.
            kind not in ('other_address', 'merged', 'merged_twice') as follows_changes,
            case
                when kind = 'other_address' then '{OTHER_ADDRESS_START}' || plain_address
                when kind in ('merged', 'merged_twice') then '{FORMER_ADDRESS_START}' || plain_address
                when kind = 'dots' then mail_first[1] || '.' || mail_first[2:]
                else mail_first
            end as mail_first,
            case
                when kind in ('other_address', 'merged', 'merged_twice') then copy_no::varchar
                when kind = 'plus_tag' then mail_last || '+salon'
                else mail_last
            end as mail_last,
            case
                when kind = 'typo_in_domain' then typo(mail_domain)
                when kind in ('other_address', 'merged', 'merged_twice')
                    then coalesce(nullif(other_mail_domain, ''), work_domain)
                else mail_domain
            end as mail_domain
        from delivered join lead using (lead_no) order by delivered.hubspot_id
        """,
    )
    # Of a contact that others were merged into: which and when, as the vendor lists them, in order of time.
    connection.execute(
        """
        create table contact_merge as
        select merged_into as hubspot_id, hubspot_id as merged_id, merged_at
        from contact where merged_at < """
        + str(NEVER)
        + """
        union all
        select into_first.merged_into, twice.hubspot_id, into_first.merged_at
        from contact as twice join contact as into_first on twice.merged_into = into_first.hubspot_id
        where into_first.is_duplicate and twice.merged_at < """
        + str(NEVER)
    )
