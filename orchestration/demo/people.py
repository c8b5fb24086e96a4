"""Who asks and for which company: names, addresses, phones, channels, arrival times, duplicate records.

Codes and times only; text is put together in `tables.py`. What becomes of a lead belongs to `journey.py`.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from orchestration.demo import plan, vocabulary
from orchestration.demo.clock import DAY, END, FIRST_DAY, LAST_DAY, MINUTE, NEVER, day_number, from_paris, paris_day_number
from orchestration.demo.draws import between, pick
from orchestration.demo.traps import NOBODY, CompanyTraps, PeopleTraps


@dataclass(frozen=True)
class Inquiries:
    """One element per lead, in order of arrival. Codes are positions in the vocabulary's lists."""

    created_at: np.ndarray
    channel: np.ndarray
    company: np.ndarray
    first_name: np.ndarray
    last_name: np.ndarray
    mail_domain: np.ndarray  # 0 is the company's own domain, then FREE_MAIL_DOMAINS
    mail_number: np.ndarray  # 1 for the first of that name at that domain, so that no address comes twice
    mail_style: np.ndarray
    shared_mailbox: np.ndarray  # position in SHARED_MAILBOXES, or NOBODY
    has_trailing_space: np.ndarray
    company_style: np.ndarray  # how the person writes the company's name, 0 as it is registered
    is_associated: np.ndarray  # HubSpot knows the company of the contact
    phone_range: np.ndarray
    phone_number: np.ndarray
    phone_style: np.ndarray
    job_title: np.ndarray
    is_missing: dict[str, np.ndarray]  # by the field's name in plan.FIELDS: the form was left empty there

    def __len__(self) -> int:
        """Count them."""
        return self.created_at.size


@dataclass(frozen=True)
class Duplicates:
    """Second contact records: the lead that each repeats, and what it has of its own."""

    lead: np.ndarray
    kind: np.ndarray  # position in plan.DUPLICATE_KINDS
    created_at: np.ndarray
    merged_at: np.ndarray  # NEVER for those that stay
    merged_into: np.ndarray  # position of another duplicate, or NOBODY for the lead's first record
    channel: np.ndarray
    mail_style: np.ndarray
    mail_domain: np.ndarray  # as of the inquiries; what `other_address` and the merged ones have instead
    phone_number: np.ndarray

    def is_of(self, *kinds: str) -> np.ndarray:
        """Tell which are of one of these kinds."""
        return np.isin(self.kind, [list(plan.DUPLICATE_KINDS).index(kind) for kind in kinds])


@dataclass(frozen=True)
class Companies:
    """One element per company; `name_code` numbers the combinations of root, activity and town."""

    name_code: np.ndarray
    industry: np.ndarray
    employees: np.ndarray
    has_known_industry: np.ndarray

    def __len__(self) -> int:
        """Count them."""
        return self.name_code.size


def season_weights() -> np.ndarray:
    """Give each day of the history its share: month, weekday and growth."""
    days = [FIRST_DAY + dt.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    month = np.array([plan.MONTH_WEIGHTS[day.month - 1] for day in days])
    weekday = np.array([plan.WEEKDAY_WEIGHTS[day.weekday()] for day in days])
    growth = (1 + plan.YEARLY_GROWTH) ** (np.arange(len(days)) / 365)
    weights = month * weekday * growth
    return weights / weights.sum()


def draw_inquiries(
    rng: np.random.Generator, count: int, companies: int, people_traps: PeopleTraps, company_traps: CompanyTraps
) -> Inquiries:
    """Draw arrivals by season and time of day, with channel, company and person."""
    day = day_number(FIRST_DAY) + pick(rng, season_weights(), count)
    minute = rng.triangular(6.5 * 60, 11 * 60, 22.5 * 60, count).astype(np.int64)
    created_at = from_paris(np.sort(day * DAY + minute * MINUTE))
    company = rng.integers(0, companies, count)
    first_name = rng.integers(0, len(vocabulary.FIRST_NAMES), count)
    last_name = rng.integers(0, len(vocabulary.LAST_NAMES), count)
    is_free_mail = rng.random(count) < plan.FREE_MAIL_SHARE
    mail_domain = np.where(is_free_mail, rng.integers(1, len(vocabulary.FREE_MAIL_DOMAINS) + 1, count), 0)
    _lay_traps(people_traps, company, first_name, last_name, mail_domain)
    parent = company_traps.parent[company]
    mail_company = np.where(parent == NOBODY, company, parent)
    # Addresses at one domain share a key; the company's own domain counts for each company apart.
    domain_key = np.where(mail_domain == 0, mail_company + len(vocabulary.FREE_MAIL_DOMAINS), mail_domain - 1)
    name_key = first_name * len(vocabulary.LAST_NAMES) + last_name
    address_key = domain_key * (len(vocabulary.FIRST_NAMES) * len(vocabulary.LAST_NAMES)) + name_key
    channel = pick(rng, [channel.share for channel in plan.CHANNELS], count)
    mail_style = pick(rng, (0.82, 0.13, 0.05), count)
    has_trailing_space = rng.random(count) < 0.03
    phone_range = pick(rng, (0.5, 0.1, 0.1, 0.1, 0.1, 0.1), count)
    phone_number = rng.integers(0, 10_000, count)
    # The fictional ranges are small: two people of one name never get one number by chance.
    phone_key = (name_key * len(vocabulary.FICTION_PHONE_RANGES) + phone_range) * 10_000 + phone_number
    phone_number = (phone_number + 29 * (occurrence(phone_key) - 1)) % 10_000
    return Inquiries(
        created_at=created_at,
        channel=channel,
        company=company,
        first_name=first_name,
        last_name=last_name,
        mail_domain=mail_domain,
        mail_number=occurrence(address_key),
        mail_style=mail_style,
        shared_mailbox=people_traps.mailbox,
        has_trailing_space=has_trailing_space,
        company_style=pick(rng, (0.8, 0.05, 0.05, 0.04, 0.03, 0.03), count),
        is_associated=(mail_domain == 0) & (rng.random(count) >= plan.UNASSOCIATED_SHARE),
        phone_range=phone_range,
        phone_number=phone_number,
        phone_style=pick(rng, (0.5, 0.3, 0.2), count),
        job_title=rng.integers(0, len(vocabulary.JOB_TITLES), count),
        is_missing={field.name: rng.random(count) < field.missing_share for field in plan.FIELDS},
    )


def _lay_traps(
    traps: PeopleTraps, company: np.ndarray, first_name: np.ndarray, last_name: np.ndarray, mail_domain: np.ndarray
) -> None:
    """Give the chosen pairs one name, one company or one mailbox, in place."""
    first, second = np.concatenate([traps.homonyms, traps.homonyms_at_one_company]).T
    first_name[second], last_name[second] = first_name[first], last_name[first]
    first, second = np.concatenate([traps.homonyms_at_one_company, traps.mailbox_sharers]).T
    company[second] = company[first]
    mail_domain[first] = mail_domain[second] = 0
    first, second = traps.mailbox_sharers.T
    # Colleagues behind one address have no name in common, or nobody could tell them apart.
    first_name[second] = (first_name[first] + 7) % len(vocabulary.FIRST_NAMES)
    last_name[second] = (last_name[first] + 11) % len(vocabulary.LAST_NAMES)


def draw_duplicates(rng: np.random.Generator, inquiries: Inquiries) -> Duplicates:
    """Let exactly the planted share of leads ask again under another contact record before the last night ends."""
    kind, lead = _duplicated_leads(rng, inquiries)
    first_at = inquiries.created_at[lead]
    first_day = paris_day_number(first_at)
    # Two days are kept for merges, of which the last nights shall show some.
    days_later = between(rng, np.ones_like(first_day), np.minimum(180, day_number(LAST_DAY) - 2 - first_day) + 1)
    minute = rng.integers(7 * 60, 21 * 60, lead.size)
    created_at = from_paris((first_day + days_later) * DAY + minute * MINUTE)
    order = np.argsort(created_at, kind="stable")
    kind, lead, created_at = kind[order], lead[order], created_at[order]
    other_phone = rng.random(lead.size) < 0.4
    kinds = list(plan.DUPLICATE_KINDS)
    is_merged = np.isin(kind, [kinds.index("merged"), kinds.index("merged_twice")])
    has_same_phone = np.isin(kind, [kinds.index("typo_in_domain"), kinds.index("other_address")])
    shift = np.where(is_merged, 4_099, np.where(other_phone & ~has_same_phone, 137, 0))
    own_domain = inquiries.mail_domain[lead]
    other_domain = np.where(own_domain == 0, rng.integers(2, len(vocabulary.FREE_MAIL_DOMAINS) + 1, lead.size), 0)
    merged_at, merged_into = _draw_merges(rng, lead, created_at, is_merged, kind == kinds.index("merged_twice"))
    return Duplicates(
        lead=lead,
        kind=kind,
        created_at=created_at,
        merged_at=merged_at,
        merged_into=merged_into,
        channel=pick(rng, [channel.share for channel in plan.CHANNELS], lead.size),
        mail_style=(inquiries.mail_style[lead] + 1) % 3,
        mail_domain=np.where(is_merged | (kind == kinds.index("other_address")), other_domain, own_domain),
        phone_number=(inquiries.phone_number[lead] + shift) % 10_000,
    )


def _duplicated_leads(rng: np.random.Generator, inquiries: Inquiries) -> tuple[np.ndarray, np.ndarray]:
    """Choose the leads of each kind; nobody behind a shared mailbox, and each lead for one kind only."""
    is_early_enough = (inquiries.created_at < END - 4 * DAY) & (inquiries.shared_mailbox == NOBODY)
    free = rng.permutation(np.flatnonzero(is_early_enough))
    has_phone = ~inquiries.is_missing["phone"]
    allowed = {"dots": inquiries.mail_domain == vocabulary.DOTLESS_MAIL_DOMAIN, "other_address": has_phone}
    kinds, leads = [], []
    for number, (kind, share) in enumerate(plan.DUPLICATE_KINDS.items()):
        count = round(share * len(inquiries))
        chosen = free[allowed[kind][free]][:count] if kind in allowed else free[:count]
        free = free[~np.isin(free, chosen)]
        # A chain of two merges needs two records.
        chosen = np.repeat(chosen, 2) if kind == "merged_twice" else chosen
        leads.append(chosen)
        kinds.append(np.full(chosen.size, number))
    return np.concatenate(kinds), np.concatenate(leads)


def _draw_merges(
    rng: np.random.Generator, lead: np.ndarray, created_at: np.ndarray, is_merged: np.ndarray, is_twice: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Merge within 90 days, or on one of the last nights; of two records the later into the earlier, which goes on."""
    count = lead.size
    merged_into = np.full(count, NOBODY)
    chained = np.flatnonzero(is_twice)
    chained = chained[np.argsort(lead[chained], kind="stable")].reshape(-1, 2)
    merged_into[chained[:, 1]] = chained[:, 0]
    soon = between(rng, created_at + DAY, np.minimum(created_at + 90 * DAY, END - DAY))
    late = np.full(count, END) - rng.integers(5 * 60, 3 * DAY // 2, count)
    merged_at = np.where(rng.random(count) < 0.3, late, soon)
    known = created_at[chained].max(axis=1) if chained.size else np.array([], int)
    merged_at[chained[:, 1]] = between(rng, known + 60, np.full_like(known, END - 2 * 60 * 60))
    merged_at[chained[:, 0]] = between(rng, merged_at[chained[:, 1]] + 60, np.full_like(known, END - 60))
    return np.where(is_merged, merged_at, NEVER), merged_into


def draw_companies(rng: np.random.Generator, count: int) -> Companies:
    """Draw companies with names that never repeat."""
    combinations = len(vocabulary.COMPANY_ROOTS) * len(vocabulary.COMPANY_ACTIVITIES) * len(vocabulary.TOWNS)
    number = np.arange(count, dtype=np.int64)
    # A step prime to the number of combinations visits each of them once before any repeats.
    name_code = number * 30_011 % combinations + combinations * (number // combinations)
    employees = np.exp(rng.normal(np.log(60), 1.1, count)).astype(np.int64) + 3
    return Companies(
        name_code=name_code,
        industry=rng.integers(0, len(vocabulary.INDUSTRIES), count),
        employees=employees,
        has_known_industry=rng.random(count) < 0.9,
    )


def occurrence(keys: np.ndarray) -> np.ndarray:
    """Give 1 to the first element with a key, 2 for the second, in the order of the array."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if keys.size else np.array([], int)
    lengths = np.diff(np.append(starts, keys.size))
    occurrence = np.empty(keys.size, dtype=np.int64)
    occurrence[order] = np.arange(keys.size) - np.repeat(starts, lengths) + 1
    return occurrence
