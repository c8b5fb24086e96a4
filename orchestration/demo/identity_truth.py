"""Who is who in the exports: records of one person, records of one company, and pairs that only look alike.

A record is written `system:id`. Counted from the draws; pairs for a reviewer's labels file are taken from here.
"""

import csv
import io

import numpy as np

from orchestration.demo import plan
from orchestration.demo.clock import END, NEVER
from orchestration.demo.ids import salesforce_ids
from orchestration.demo.tables import company_created_at, company_numbers, contact_numbers
from orchestration.demo.traps import NOBODY
from orchestration.demo.world import World

LABEL_COLUMNS = ("entity", "source_system", "source_id", "other_source_system", "other_source_id", "verdict")


def describe_identity(world: World) -> dict:
    """Gather what the warehouse should find out about people and companies, as of the last night."""
    first, second = (_records("hubspot", ids) for ids in contact_numbers(world))
    leads = _records("salesforce", salesforce_ids("00Q", world.synced.size).to_pylist())
    duplicates, traps = world.duplicates, world.people_traps
    stays = duplicates.merged_at >= NEVER
    is_kept = world.deleted_at >= END
    by_person: dict[int, list[str]] = {}
    for numbers, records in (
        (duplicates.lead[stays], second[stays]),
        (world.synced[is_kept], leads[is_kept]),
    ):
        for number, record in zip(numbers.tolist(), records.tolist(), strict=True):
            by_person.setdefault(number, [first[number]]).append(record)
    return {
        # Every person of more than one record; all other records are people of their own.
        "people": [by_person[number] for number in sorted(by_person)],
        "deleted_leads": dict(zip(leads[~is_kept].tolist(), first[world.synced[~is_kept]].tolist(), strict=True)),
        "merged": dict(zip(second[~stays].tolist(), first[duplicates.lead[~stays]].tolist(), strict=True)),
        "duplicates": {
            kind: np.stack([first[duplicates.lead], second], axis=1)[duplicates.is_of(kind)].tolist()
            for kind in plan.DUPLICATE_KINDS
        },
        "other_address_in_salesforce": np.stack([first[world.synced], leads], axis=1)[
            world.has_other_address & is_kept
        ].tolist(),
        "homonyms": first[np.concatenate([traps.homonyms, traps.homonyms_at_one_company])].tolist(),
        "shared_mailboxes": first[traps.mailbox_sharers].tolist(),
        **_describe_companies(world, first, second, leads),
    }


def _describe_companies(world: World, first: np.ndarray, second: np.ndarray, leads: np.ndarray) -> dict:
    traps, inquiries = world.company_traps, world.inquiries
    companies = _records("hubspot", company_numbers(world))
    accounts = _records("salesforce", salesforce_ids("001", world.accounts.company.size).to_pylist())
    exists = company_created_at(world) < END

    def pairs(other: np.ndarray, chosen: np.ndarray) -> list[list[str]]:
        number = np.flatnonzero(chosen)
        number = number[exists[number] & exists[other[number]]]
        return np.stack([companies[other[number]], companies[number]], axis=1).tolist()

    stays = world.duplicates.merged_at >= NEVER
    is_kept = (world.deleted_at >= END) & (world.journeys.sqo_at[world.synced] >= END)
    is_unassociated = ~inquiries.is_associated
    unlinked = (
        (np.flatnonzero(is_unassociated), first[is_unassociated]),
        (world.duplicates.lead[stays], second[stays]),
        (world.synced[is_kept], leads[is_kept]),
    )
    return {
        "accounts": np.stack([companies[world.accounts.company], accounts], axis=1).tolist(),
        # The company of the person records whose export names none.
        "account_of": {
            record: company
            for numbers, records in unlinked
            for record, company in zip(records.tolist(), companies[inquiries.company[numbers]].tolist(), strict=True)
        },
        "lookalikes": pairs(traps.twin, (traps.twin != NOBODY) & ~traps.has_same_name),
        "namesakes": pairs(traps.twin, traps.has_same_name),
        "subsidiaries": pairs(traps.parent, traps.parent != NOBODY),
    }


def label_pairs(identity: dict) -> str:
    """Write the planted pairs as a reviewer would label them: CSV in the form of seeds/identity_labels.csv."""
    same = [pair for pairs in identity["duplicates"].values() for pair in pairs if pair[1] not in identity["merged"]]
    labelled = [
        *(("person", *pair, "same") for pair in [*same, *identity["other_address_in_salesforce"]]),
        *(("person", *pair, "different") for pair in [*identity["homonyms"], *identity["shared_mailboxes"]]),
        *(("account", *pair, "same") for pair in identity["accounts"]),
        *(("account", *pair, "different") for pair in [*identity["lookalikes"], *identity["namesakes"]]),
        *(("lead_account", *pair, "same") for pair in identity["account_of"].items()),
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LABEL_COLUMNS)
    writer.writerows((entity, *one.split(":"), *other.split(":"), verdict) for entity, one, other, verdict in labelled)
    return text.getvalue()


def _records(system: str, ids: np.ndarray | list[str]) -> np.ndarray:
    return np.array([f"{system}:{record_id}" for record_id in np.asarray(ids).tolist()], dtype=object)
