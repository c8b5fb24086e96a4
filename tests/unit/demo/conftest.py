"""One demo company for all tests, and the last state of its exports as a reader of files alone would see it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.demo.company import generate

LEADS, NIGHTS, SEED = 8_000, 9, 7


@dataclass(frozen=True)
class Exports:
    """The written folders, their truth, and a connection with one table of the last state per object."""

    folder: Path
    truth: dict
    connection: duckdb.DuckDBPyConnection

    @property
    def nights(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_dir())

    def one(self, query: str) -> tuple:
        return self.connection.execute(query).fetchone()

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    folder = tmp_path_factory.mktemp("demo") / "l'entreprise"
    truth = json.loads(generate(folder, leads=LEADS, nights=NIGHTS, seed=SEED).read_text(encoding="utf-8"))
    last = max(path.name for path in folder.iterdir() if path.is_dir())
    quoted = str(folder).replace("'", "''")
    with duckdb.connect() as connection:
        for name, table in (("contacts", "contact"), ("entreprises", "company"), ("transactions", "deal")):
            connection.execute(
                f"""create table {table} as select * from read_csv(
                    '{quoted}/{last}/hubspot-crm-exports-{name}-*.csv', delim = ';', all_varchar = true)"""
            )
        for name in ("Lead", "Account", "Opportunity", "OpportunityHistory", "LeadHistory", "Task"):
            connection.execute(
                f"""create table {name} as select * from read_csv(
                    '{quoted}/*/salesforce_{name}_20*.csv', all_varchar = true, filename = true)
                qualify row_number() over (partition by "Id" order by filename desc) = 1"""
            )
        for pattern, table in (("salesforce_User", "sf_user"), ("stripe_subscriptions", "subscription")):
            connection.execute(
                f"""create table {table} as
                select * from read_csv('{quoted}/{last}/{pattern}_*.csv', all_varchar = true)"""
            )
        yield Exports(folder, truth, connection)
