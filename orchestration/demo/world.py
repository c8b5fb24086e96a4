"""The whole demo company as drawn from one seed: everything that happens until the last night, and beyond.

Depends on the number of leads and the seed alone; nights only look at it.
"""

from dataclasses import dataclass

import numpy as np

from orchestration.demo import plan
from orchestration.demo.clock import END, NEVER
from orchestration.demo.contact_faults import ContactFaults, draw_contact_faults
from orchestration.demo.field_changes import FieldHistory, draw_field_histories, draw_touches
from orchestration.demo.journey import EXIT_STATUSES, Journeys, draw_journeys
from orchestration.demo.opportunities import (
    Accounts,
    NativeDeals,
    Opportunities,
    Subscriptions,
    draw_native_deals,
    draw_opportunities,
    draw_subscriptions,
)
from orchestration.demo.people import (
    Companies,
    Duplicates,
    Inquiries,
    draw_companies,
    draw_duplicates,
    draw_inquiries,
)
from orchestration.demo.reasons import draw_reasons
from orchestration.demo.spend import CampaignDays, draw_campaign_days
from orchestration.demo.staff import Staff, hire_staff
from orchestration.demo.tasks import draw_tasks
from orchestration.demo.traps import NOBODY, CompanyTraps, PeopleTraps, draw_company_traps, draw_people_traps

_LARGE_COMPANY = 2_400


@dataclass(frozen=True)
class World:
    """All parts; leads of Salesforce are named by their position in `synced`."""

    staff: Staff
    companies: Companies
    company_traps: CompanyTraps
    people_traps: PeopleTraps
    inquiries: Inquiries
    duplicates: Duplicates
    journeys: Journeys
    exit_reason: np.ndarray  # of each lead, position in reasons.REASONS
    synced: np.ndarray  # lead numbers in the order in which Salesforce got them
    has_other_address: np.ndarray  # of the synced leads: Salesforce keeps another address of the person than HubSpot
    deleted_at: np.ndarray  # of the synced leads
    field_histories: tuple[FieldHistory, ...]
    contact_faults: ContactFaults
    change_authors: tuple[np.ndarray, ...]
    touched_at: np.ndarray
    opportunities: Opportunities
    accounts: Accounts
    native_deals: NativeDeals
    subscriptions: Subscriptions
    tasks: dict[str, np.ndarray]
    campaign_days: CampaignDays


def draw_world(leads: int, seed: int) -> World:
    """Draw everything; each part has its own stream, so that one part's change leaves the others alone."""
    streams = np.random.default_rng(seed).spawn(12)
    staff = hire_staff()
    lead_companies = max(20, round(plan.COMPANIES_PER_LEAD * leads))
    company_traps = draw_company_traps(streams[9], lead_companies)
    people_traps = draw_people_traps(streams[9], leads)
    inquiries = draw_inquiries(streams[0], leads, lead_companies, people_traps, company_traps)
    duplicates = draw_duplicates(streams[1], inquiries)
    journeys = draw_journeys(streams[2], inquiries, staff)

    known = np.flatnonzero(journeys.synced_at < END)
    synced = known[np.argsort(journeys.synced_at[known], kind="stable")]
    is_deletion = journeys.exit_status[synced] == EXIT_STATUSES.index("deleted")
    deleted_at = np.where(is_deletion, journeys.exit_at[synced], NEVER)
    created_at = journeys.synced_at[synced]
    field_histories = draw_field_histories(
        streams[3], created_at, deleted_at, {name: empty[synced] for name, empty in inquiries.is_missing.items()}
    )
    change_authors = _draw_authors(streams[4], field_histories, journeys.owner[synced], staff)
    other_address = _draw_other_addresses(streams[9], inquiries, duplicates, synced, deleted_at, field_histories)
    history = {history.field.name: history for history in field_histories}
    contact_faults = draw_contact_faults(streams[10], created_at, deleted_at, history["phone"], history["email"], other_address)
    touched_at = draw_touches(streams[4], created_at, deleted_at)

    # Companies of partner deals come after those of leads, so their number is settled by the opportunities.
    opportunity_count = int((journeys.sqo_at < END).sum())
    partner_companies = round(plan.NATIVE_DEAL_SHARE * opportunity_count)
    companies = draw_companies(streams[5], lead_companies + partner_companies)
    companies.employees[inquiries.company[people_traps.homonyms_at_one_company[:, 0]]] = _LARGE_COMPANY
    opportunities, accounts = draw_opportunities(streams[6], inquiries, journeys, companies)
    native_deals = draw_native_deals(streams[6], opportunity_count, lead_companies, staff.team("Sales"))
    subscriptions = draw_subscriptions(streams[6], opportunities)
    return World(
        staff=staff,
        companies=companies,
        company_traps=company_traps,
        people_traps=people_traps,
        inquiries=inquiries,
        duplicates=duplicates,
        journeys=journeys,
        exit_reason=draw_reasons(streams[11], inquiries, journeys, staff),
        synced=synced,
        has_other_address=other_address,
        deleted_at=deleted_at,
        field_histories=field_histories,
        contact_faults=contact_faults,
        change_authors=change_authors,
        touched_at=touched_at,
        opportunities=opportunities,
        accounts=accounts,
        native_deals=native_deals,
        subscriptions=subscriptions,
        tasks=draw_tasks(streams[7], synced, journeys, opportunities, staff),
        campaign_days=draw_campaign_days(streams[8], leads),
    )


def _draw_authors(
    rng: np.random.Generator, histories: tuple[FieldHistory, ...], owner: np.ndarray, staff: Staff
) -> tuple[np.ndarray, ...]:
    """Name the user of every change: mostly the owner, sometimes a colleague, or the integration user."""
    authors = []
    for history in histories:
        shape = history.changed_at.shape
        colleague = rng.choice(staff.people, shape)
        human = np.where(rng.random(shape) < 0.7, owner[:, None], colleague)
        authors.append(np.where(history.by_human, human, staff.integration_user))
    return tuple(authors)


def _draw_other_addresses(
    rng: np.random.Generator,
    inquiries: Inquiries,
    duplicates: Duplicates,
    synced: np.ndarray,
    deleted_at: np.ndarray,
    field_histories: tuple[FieldHistory, ...],
) -> np.ndarray:
    """Choose leads that Salesforce keeps under another address, and whose phone and company still tell who they are."""
    history = {history.field.name: history for history in field_histories}
    allowed = ~history["phone"].is_missing & (history["phone"].changed_at >= NEVER).all(axis=1)
    allowed &= history["company"].changed_at[:, -1] >= NEVER  # a third spelling names another company
    allowed &= deleted_at >= NEVER
    allowed &= (inquiries.shared_mailbox[synced] == NOBODY) & ~np.isin(synced, duplicates.lead)
    return allowed & (rng.random(synced.size) < plan.OTHER_ADDRESS_IN_SALESFORCE_SHARE)
