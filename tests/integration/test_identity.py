"""Who is who: planted people and companies come back, in a small demo company, and past beliefs stay readable."""

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from orchestration.demo.company import generate
from orchestration.home import Home
from orchestration.landing.deliver import land
from orchestration.landing.profiles import known_profiles
from orchestration.quality.stewardship import load_stewardship
from orchestration.settings import Settings
from orchestration.transform.catalog import AsOf, DuckDBEngine, write_catalog
from orchestration.transform.dbt_build import invoke_dbt

LEADS, NIGHTS = 3_000, 3
LAST_NIGHT, FIRST_NIGHT = "2026-09-30", "2026-09-28"
MODELS = ["+dim_person", "+dim_account", "+bdg_person_identity", "+int_identity_quality"]


@dataclass(frozen=True)
class Company:
    """A demo company whose identity models are built, and its truth."""

    exports: Path
    settings: Settings
    home: Home
    truth: dict

    def build(self, as_of: str) -> None:
        """Build the identity models as of a day, from what has landed."""
        self.home.candidate.unlink(missing_ok=True)
        rules = load_stewardship(self.settings.expectations_dir / "field_stewardship.yml")
        day = AsOf(dt.date.fromisoformat(as_of), self.settings.business_timezone)
        with duckdb.connect(str(self.home.candidate)) as connection:
            write_catalog(
                DuckDBEngine(connection), self.home, known_profiles(self.settings), rules, day,
                self.settings.reporting_currency,
            )  # fmt: skip
        self.dbt(MODELS)

    def dbt(self, models: list[str]) -> None:
        options = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", "--select"]
        assert invoke_dbt(["build", *options, *models], self.settings, self.home).errors == []

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.home.candidate), read_only=True) as connection:
            return connection.execute(query).fetchall()


def small_company(folder: Path, seed: int) -> Company:
    exports = folder / "exports"
    truth = json.loads(generate(exports, leads=LEADS, nights=NIGHTS, seed=seed).read_text(encoding="utf-8"))
    settings = Settings(home=folder / "home", exports=exports)
    company = Company(exports, settings, Home(settings.home.resolve()).prepare(), truth["identity"])
    land(company.home, settings)
    company.build(LAST_NIGHT)
    return company


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return small_company(tmp_path_factory.mktemp("identity"), seed=7)


def pairs(groups: Iterable[Iterable[str]]) -> set[frozenset[str]]:
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def pairs_of(keys: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    groups = defaultdict(list)
    for record, key in keys:
        groups[key].append(record)
    return pairs(groups.values())


def precision_and_recall(found: set, true: set) -> tuple[float, float]:
    return len(found & true) / len(found), len(found & true) / len(true)


def check_people(company: Company) -> None:
    keys = dict(
        company.rows(
            """select source_system || ':' || source_id, person_key from intermediate.int_person_crosswalk
               where valid_to is null and not is_gone"""
        )
    )
    precision, recall = precision_and_recall(pairs_of(keys.items()), pairs(company.truth["people"]))
    assert precision >= 0.99
    assert recall >= 0.97
    planted = [
        pair
        for group in (*company.truth["duplicates"].values(), company.truth["other_address_in_salesforce"])
        for pair in group
        if pair[1] in keys
    ]
    assert len(planted) > 0.05 * LEADS
    assert sum(keys[one] == keys[other] for one, other in planted) / len(planted) >= 0.97
    different = [*company.truth["homonyms"], *company.truth["shared_mailboxes"]]
    assert len(different) > 20
    assert [pair for pair in different if keys[pair[0]] == keys[pair[1]]] == []


def check_accounts(company: Company) -> None:
    keys = dict(company.rows("select source_system || ':' || source_id, account_key from intermediate.int_accounts_identified"))
    precision, recall = precision_and_recall(pairs_of(keys.items()), pairs(company.truth["accounts"]))
    assert precision >= 0.98
    assert recall >= 0.95
    for kind in ("lookalikes", "namesakes", "subsidiaries"):
        assert company.truth[kind], kind
        assert [pair for pair in company.truth[kind] if keys[pair[0]] == keys[pair[1]]] == [], kind
    matched = dict(
        company.rows(
            """select people.source_system || ':' || people.source_id, accounts.account_key
               from intermediate.int_people_unioned as people
               join intermediate.int_person_accounts as accounts using (record_key)"""
        )
    )
    wanted = company.truth["account_of"]
    found = {record: matched[record] for record in wanted if matched[record]}
    right = sum(keys[wanted[record]] == key for record, key in found.items())
    assert right / len(found) >= 0.98
    assert right / len(wanted) >= 0.95


def test_planted_duplicates_are_found_and_people_who_only_look_alike_are_not_joined(company):
    check_people(company)


def test_leads_find_their_account_among_lookalikes_namesakes_and_subsidiaries(company):
    check_accounts(company)


def test_a_merged_away_record_resolves_to_the_person_of_the_record_that_stayed(company):
    current = dict(
        company.rows(
            "select source_system || ':' || source_id, person_key from marts.bdg_person_identity where valid_to is null"
        )
    )
    merged = company.truth["merged"]
    assert len(merged) > 20
    assert {gone: current[gone] for gone in merged} == {gone: current[stays] for gone, stays in merged.items()}


def test_every_record_has_one_belief_at_a_time_without_gaps(company):
    assert company.rows(
        """
        with ordered as (
            select *, lead(valid_from) over (
                partition by source_system, source_entity, source_id order by valid_from) as next_from
            from marts.bdg_person_identity
        )
        select count(*) filter (valid_to is distinct from next_from), count(*) filter (valid_to <= valid_from) from ordered
        """
    ) == [(0, 0)]
    assert company.rows("select count(*) > 0 from marts.bdg_person_identity where valid_to is not null") == [(True,)]


def test_the_crosswalk_read_as_of_a_past_night_is_the_one_built_on_that_night(company):
    until = AsOf(dt.date.fromisoformat(FIRST_NIGHT), "Europe/Paris").instant
    question = "select source_system, source_entity, source_id, person_key from marts.bdg_person_identity where {}"
    read = company.rows(
        question.format(f"valid_from < timestamp '{until}' and (valid_to is null or valid_to >= timestamp '{until}')")
    )
    try:
        company.build(FIRST_NIGHT)
        built = company.rows(question.format("valid_to is null"))
    finally:
        company.build(LAST_NIGHT)
    assert len(built) > LEADS
    assert set(read) == set(built)


def test_a_reviewers_labels_measure_what_the_truth_measures(company):
    with duckdb.connect(str(company.home.candidate)) as connection:
        assert connection.execute(
            "select count(*), count(precision_of_links) from intermediate.int_identity_quality"
        ).fetchone() == (4, 0)
        labels = company.exports / "identity_labels.csv"
        connection.execute(f"insert into seeds.identity_labels select * from read_csv('{labels}', all_varchar = true)")
    company.dbt(["int_identity_quality"])
    measured = company.rows(
        "select mart_name, source_system, precision_of_links, recall_of_links from intermediate.int_identity_quality"
    )
    assert {row[:2] for row in measured} == {
        (mart, system) for mart in ("dim_person", "dim_account") for system in ("hubspot", "salesforce")
    }
    assert all(precision >= 0.98 and recall >= 0.95 for _, _, precision, recall in measured)


def test_a_chain_of_eight_merges_is_one_person_step_by_step_whatever_its_order(company):
    ids = ["c5", "c1", "c9", "c3", "c7", "c2", "c8", "c4", "c6"]
    with duckdb.connect(str(company.home.candidate)) as connection:
        for number, contact in enumerate(ids):
            connection.execute(
                """insert into staging.stg_hubspot_connector__contact by name
                   select ? as contact_id, timestamp '2026-01-01' as created_at, timestamp '2026-01-01' as extracted_at,
                       timestamp '2026-01-01' as first_extracted_at""",
                [contact],
            )
            if number:
                connection.execute(
                    """insert into staging.stg_hubspot_connector__contact_merge_audit by name
                       select ? as merged_contact_id, ? as surviving_contact_id,
                           timestamp '2026-02-01' + to_days(?) as merged_at, timestamp '2026-09-28' as extracted_at""",
                    [ids[number - 1], contact, number],
                )
    company.dbt(["path:models/intermediate/people", "assert_linked_records_are_one_person", "bdg_person_identity"])
    chain = "from marts.bdg_person_identity where source_system = 'hubspot_connector'"
    assert company.rows(f"select count(*), count(distinct person_key) {chain} and valid_to is null") == [(9, 1)]
    # After each merge there is one person less.
    for merges in range(9):
        at = f"timestamp '2026-02-01 12:00:00' + to_days({merges})"
        known = company.rows(
            f"select count(distinct person_key) {chain} and valid_from <= {at} and (valid_to is null or valid_to > {at})"
        )
        assert known == [(9 - merges,)]
    company.build(LAST_NIGHT)


def test_shares_of_evidence_classes_sum_to_one(company):
    assert company.rows(
        """select count(*) from intermediate.int_identity_quality
           where abs(reviewer_share + vendor_share + address_share + details_share + unlinked_share - 1) > 1e-9"""
    ) == [(0,)]


def test_no_name_phone_or_address_of_a_person_is_in_an_identity_mart(company):
    columns = company.rows(
        """select table_name, column_name from duckdb_columns() where schema_name = 'marts' and data_type = 'VARCHAR'
           and table_name in ('dim_person', 'bdg_person_identity')"""
    )
    names = company.rows("select distinct person_name from intermediate.int_people_unioned where person_name is not null")
    assert names
    for table, column in columns:
        assert company.rows(
            f"""select count(*) from marts.{table} where {column} like '%@%'
                or lower({column}) in (select person_name from intermediate.int_people_unioned)"""
        ) == [(0,)], (table, column)


# Day → contacts (id, address, first name, last name) and merges (stays, goes) of a company whose records change hands.
CHANGES = {
    "2026-01-05": (
        [("1", "sales.lead@acme.example", "Ann", "Petit"), ("2", "ann@acme.example", "Ann", "Petit-Roy"),
         ("3", "leo@gmail.com", "Léo", "Roux"), ("4", "max@gmail.com", "Max", "Blanc"), ("5", "x5@acme.example", "Eve", "Noir"),
         ("6", "x6@acme.example", "Eve", "Noir"), ("7", "x7@sap.example", "Tom", "Gris"), ("8", "x8@b.example", "Tom", "Gris")],
        [("7", "90")],
    ),
    "2026-01-06": (
        # 2 has been merged into 1; Ann's address is Bob's now, who comes as a new contact.
        [("1", "petit@acme.example", "Ann", "Petit"), ("9", "sales.lead@acme.example", "Bob", "Vert"),
         ("3", "leo@gmail.com", "Léo", "Roux"), ("4", "max@gmail.com", "Max", "Blanc"), ("5", "x5@acme.example", "Eve", "Noir"),
         ("6", "x6@acme.example", "Eve", "Noir"), ("7", "x7@sap.example", "Tom", "Gris"), ("8", "x8@b.example", "Tom", "Gris")],
        [("1", "2"), ("7", "90")],
    ),
    "2026-01-07": (
        # The merge was undone; 5 turns out to be 6 under one address.
        [("1", "petit@acme.example", "Ann", "Petit"), ("2", "ann@acme.example", "Ann", "Petit-Roy"),
         ("9", "sales.lead@acme.example", "Bob", "Vert"), ("3", "leo@gmail.com", "Léo", "Roux"),
         ("4", "max@gmail.com", "Max", "Blanc"), ("5", "x6@acme.example", "Eve", "Noir"),
         ("6", "x6@acme.example", "Eve", "Noir"), ("7", "x7@sap.example", "Tom", "Gris"), ("8", "x8@b.example", "Tom", "Gris")],
        [("7", "90")],
    ),
}  # fmt: skip


def write_changes(folder: Path) -> None:
    """The connector's tables of contacts and merges, one full export a day."""
    feeds = known_profiles(Settings())["hubspot_connector"].feeds
    for day, (contacts, merges) in CHANGES.items():
        rows = {
            "contact": [
                {"id": key, "property_email": email, "property_firstname": first, "property_lastname": last,
                 "property_company": "Acme", "property_createdate": "2026-01-01 08:00:00", "_fivetran_deleted": "false",
                 "_fivetran_synced": f"{day} 06:00:00"}
                for key, email, first, last in contacts
            ],
            "contact_merge_audit": [
                {"canonical_vid": stays, "contact_id": stays, "vid_to_merge": goes, "timestamp": "2026-01-05 12:00:00",
                 "_fivetran_synced": f"{day} 06:00:00"}
                for stays, goes in merges
            ],
        }  # fmt: skip
        for name, filled in rows.items():
            headers = [column.header_in("any") for column in feeds[name].columns.values() if column.required]
            with (folder / f"{name}_data_{day}.csv").open("w", newline="") as stream:
                writer = csv.DictWriter(stream, headers)
                writer.writeheader()
                writer.writerows(filled)


def test_undone_merges_part_again_and_an_address_that_changes_hands_joins_nobody(tmp_path):
    (tmp_path / "exports").mkdir()
    write_changes(tmp_path / "exports")
    settings = Settings(home=tmp_path / "home", exports=tmp_path / "exports")
    company = Company(settings.exports, settings, Home(settings.home.resolve()).prepare(), {})
    assert land(company.home, settings).files == {"new": 6, "known": 0, "quarantined": 0}
    found = {}
    for day in CHANGES:
        company.build(day)
        groups = defaultdict(set)
        for key, person in company.rows("select source_id, person_key from marts.bdg_person_identity where valid_to is null"):
            groups[person].add(key)
        found[day] = sorted(sorted(group) for group in groups.values() if len(group) > 1)
    # Homonyms, with one company or of one free-mail domain, are nobody's pair on any day.
    assert found == {
        "2026-01-05": [["7", "90"]],
        "2026-01-06": [["1", "2"], ["7", "90"]],
        "2026-01-07": [["5", "6"], ["7", "90"]],
    }


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [11, 12, 13, 14, 15])
def test_over_five_seeds_people_and_accounts_come_back(tmp_path, seed):
    company = small_company(tmp_path, seed)
    check_people(company)
    check_accounts(company)
