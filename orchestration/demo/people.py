"""Who asks and for which company: names, addresses, phones, channels, arrival times, duplicate records.

Codes and times only; text is put together in `tables.py`. What becomes of a lead belongs to `journey.py`.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from orchestration.demo import plan, vocabulary
from orchestration.demo.clock import DAY, END, FIRST_DAY, LAST_DAY, MINUTE, day_number, from_paris, paris_day_number
from orchestration.demo.draws import between, pick


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
    has_trailing_space: np.ndarray
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
    created_at: np.ndarray
    channel: np.ndarray
    mail_style: np.ndarray
    phone_number: np.ndarray


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


def draw_inquiries(rng: np.random.Generator, count: int, companies: int) -> Inquiries:
    """Draw arrivals by season and time of day, with channel, company and person."""
    day = day_number(FIRST_DAY) + pick(rng, season_weights(), count)
    minute = rng.triangular(6.5 * 60, 11 * 60, 22.5 * 60, count).astype(np.int64)
    created_at = from_paris(np.sort(day * DAY + minute * MINUTE))
    company = rng.integers(0, companies, count)
    first_name = rng.integers(0, len(vocabulary.FIRST_NAMES), count)
    last_name = rng.integers(0, len(vocabulary.LAST_NAMES), count)
    is_free_mail = rng.random(count) < plan.FREE_MAIL_SHARE
    mail_domain = np.where(is_free_mail, rng.integers(1, len(vocabulary.FREE_MAIL_DOMAINS) + 1, count), 0)
    # Addresses at one domain share a key; the company's own domain counts for each company apart.
    domain_key = np.where(mail_domain == 0, company + len(vocabulary.FREE_MAIL_DOMAINS), mail_domain - 1)
    name_key = first_name * len(vocabulary.LAST_NAMES) + last_name
    address_key = domain_key * (len(vocabulary.FIRST_NAMES) * len(vocabulary.LAST_NAMES)) + name_key
    return Inquiries(
        created_at=created_at,
        channel=pick(rng, [channel.share for channel in plan.CHANNELS], count),
        company=company,
        first_name=first_name,
        last_name=last_name,
        mail_domain=mail_domain,
        mail_number=_occurrence(address_key),
        mail_style=pick(rng, (0.82, 0.13, 0.05), count),
        has_trailing_space=rng.random(count) < 0.03,
        phone_range=pick(rng, (0.5, 0.1, 0.1, 0.1, 0.1, 0.1), count),
        phone_number=rng.integers(0, 10_000, count),
        phone_style=pick(rng, (0.5, 0.3, 0.2), count),
        job_title=rng.integers(0, len(vocabulary.JOB_TITLES), count),
        is_missing={field.name: rng.random(count) < field.missing_share for field in plan.FIELDS},
    )


def draw_duplicates(rng: np.random.Generator, inquiries: Inquiries) -> Duplicates:
    """Let exactly the planted share of leads ask again under another contact record before the last night ends."""
    count = round(plan.DUPLICATE_SHARE * len(inquiries))
    early_enough = np.flatnonzero(inquiries.created_at < END - 2 * DAY)
    lead = np.sort(rng.choice(early_enough, size=min(count, early_enough.size), replace=False))
    first_at = inquiries.created_at[lead]
    first_day = paris_day_number(first_at)
    days_later = between(rng, np.ones_like(first_day), np.minimum(180, day_number(LAST_DAY) - first_day) + 1)
    minute = rng.integers(7 * 60, 21 * 60, lead.size)
    created_at = from_paris((first_day + days_later) * DAY + minute * MINUTE)
    order = np.argsort(created_at, kind="stable")
    other_phone = rng.random(lead.size) < 0.4
    phone_number = inquiries.phone_number[lead]
    return Duplicates(
        lead=lead[order],
        created_at=created_at[order],
        channel=pick(rng, [channel.share for channel in plan.CHANNELS], lead.size)[order],
        mail_style=(inquiries.mail_style[lead[order]] + 1) % 3,
        phone_number=np.where(other_phone, (phone_number + 137) % 10_000, phone_number)[order],
    )


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


def _occurrence(keys: np.ndarray) -> np.ndarray:
    """Give 1 to the first element with a key, 2 for the second, in the order of the array."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1]))) if keys.size else np.array([], int)
    lengths = np.diff(np.append(starts, keys.size))
    occurrence = np.empty(keys.size, dtype=np.int64)
    occurrence[order] = np.arange(keys.size) - np.repeat(starts, lengths) + 1
    return occurrence
