"""Rules to Great Expectations, run by SQL on the candidate through one persisted connection; counts come back, no values.

Great Expectations takes seconds to import, so it is imported where it runs. Which check goes to which asset is
`checks.py`'s business.
"""

import shutil
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestration.quality.stewardship import FieldRule, read_checked

Severity = Literal["info", "warning", "critical"]
_COUNTS_ONLY = {"result_format": "SUMMARY", "partial_unexpected_count": 0, "include_unexpected_rows": False}


class ExpectationRule(BaseModel):
    """One expectation of a dataset, by Great Expectations' own name and arguments."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="Says what holds.")
    type: str = Field(pattern="^expect_[a-z_]+$")
    kwargs: dict[str, Any] = {}
    severity: Severity = "warning"
    where: dict[str, str] = Field({}, description="Column = value: the rows that the rule is about.")


class FieldExpectation(ExpectationRule):
    """An expectation that follows from the field contract: of which field, and which verdict is to be rare."""

    entity_type: str
    field_name: str
    status: str


class Dataset(BaseModel):
    """All expectations of one relation of the candidate."""

    model_config = ConfigDict(extra="forbid")

    relation: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    expectations: list[ExpectationRule]

    @property
    def name(self) -> str:
        """The suite's name."""
        return self.relation.replace(".", "_")

    @property
    def query(self) -> str:
        """What the expectations are run on."""
        return f"select * from {self.relation}"


class FieldDataset(Dataset):
    """The judged values of one entity's fields; a column for each field, so that one scan answers every expectation."""

    entity_type: str
    expectations: list[FieldExpectation]

    @property
    def name(self) -> str:
        """The suite's name."""
        return f"{self.entity_type}_fields"

    @property
    def query(self) -> str:
        """A row per required value, its verdict in its field's own column, NULL in all others."""
        fields = sorted({rule.field_name for rule in self.expectations})
        columns = ", ".join(f"case when field_name = '{name}' then status end as {name}" for name in fields)
        return f"select {columns} from {self.relation} where entity_type = '{self.entity_type}' and is_required"


@dataclass(frozen=True)
class CheckOutcome:
    """One expectation's result: shares and counts, never values."""

    relation: str
    name: str
    success: bool
    severity: Severity
    figures: dict[str, float | int] = field(default_factory=dict)
    pipeline_at_stake: Decimal | None = None
    error: str | None = None


def load_suites(folder: Path, rules: Iterable[FieldRule]) -> list[Dataset]:
    """The hand-written suites of a folder, and the ones that follow from the stewardship contract.

    Raises:
        ContractError: a suite file is not usable; names file, line and remedy.

    """
    datasets = []
    for path in sorted(folder.glob("*.yml")):
        datasets.append(read_checked(path, Dataset))
    return [*datasets, *field_suites(rules)]


def field_suites(rules: Iterable[FieldRule]) -> list[FieldDataset]:
    """One suite per entity: of each field the share of stale, missing and invalid values stays below its limit."""
    by_entity: dict[str, list[FieldExpectation]] = {}
    for rule in rules:
        limits = [
            ("is_unchanged", "conflict", 0.0) if rule.is_immutable else ("is_fresh", "stale", rule.max_stale_rate),
            ("is_filled", "missing", rule.max_missing_rate),
            ("is_valid", "invalid", rule.max_invalid_rate),
        ]
        by_entity.setdefault(rule.entity_type, []).extend(
            FieldExpectation(
                name=f"{rule.entity_type}_{rule.field_name}_{name}", type="expect_column_values_to_not_be_in_set",
                kwargs={"column": rule.field_name, "value_set": [status], "mostly": 1 - limit},
                entity_type=rule.entity_type, field_name=rule.field_name, status=status,
            )
            for name, status, limit in limits
        )  # fmt: skip
    return [
        FieldDataset(relation="intermediate.int_crm_field_values", entity_type=entity_type, expectations=expectations)
        for entity_type, expectations in by_entity.items()
    ]


def import_engine() -> None:
    """Import Great Expectations ahead of its use, so that the wait falls beside other work."""
    import great_expectations.expectations  # noqa: F401


def run_suites(datasets: Iterable[Dataset], database: Path, docs: Path | None = None) -> list[CheckOutcome]:
    """Run every expectation on a DuckDB file opened read-only; `docs` is where the library's own pages of it go."""
    import great_expectations as gx
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
    from sqlalchemy.pool import StaticPool

    SQLDatasource.execution_engine_override = _persisted_engine()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_sql(
        "candidate",
        connection_string=f"duckdb:///{database}",
        create_temp_table=False,
        kwargs={"poolclass": StaticPool, "connect_args": {"read_only": True}},
    )
    outcomes = []
    try:
        for dataset in datasets:
            stakes = _pipeline_at_stake(source) if isinstance(dataset, FieldDataset) else {}
            outcomes += _run_dataset(gx, context, source, dataset, stakes)
        if docs:
            _write_docs(context, docs)
    finally:
        source.get_execution_engine().release()
        # The data source tests its connection with an engine of its own.
        source.get_engine().dispose()
    return outcomes


def _write_docs(context: Any, docs: Path) -> None:
    """The library's pages of what was just run, swapped in whole. They show counts, as the results do."""
    unfinished = docs.with_name(f"{docs.name}_unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    store = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(unfinished)}
    site = {
        "class_name": "SiteBuilder",
        "store_backend": store,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    context.add_data_docs_site(site_name=docs.name, site_config=site)
    context.build_data_docs(site_names=[docs.name])
    shutil.rmtree(docs, ignore_errors=True)
    unfinished.rename(docs)


def _pipeline_at_stake(source: Any) -> dict[tuple[str, str, str], Decimal]:
    """Open pipeline by entity, field and verdict; one person's or company's counts once."""
    from sqlalchemy import text

    rows = source.get_execution_engine().execute_query(
        text(
            "select entity_type, field_name, status, cast(sum(open_pipeline) as decimal(18, 2)) from ("
            "select distinct entity_type, field_name, status, subject_key, open_pipeline "
            "from intermediate.int_crm_field_values where is_required and open_pipeline > 0) as subjects group by all"
        )
    )
    return {tuple(row[:3]): row[3] for row in rows}


def _run_dataset(
    gx: Any, context: Any, source: Any, dataset: Dataset, stakes: Mapping[tuple[str, str, str], Decimal]
) -> list[CheckOutcome]:
    # A query asset, because reflecting a table asks DuckDB for catalog tables of Postgres that it does not have.
    name = dataset.name
    asset = source.add_query_asset(name, query=dataset.query)
    suite = gx.ExpectationSuite(name, expectations=[_configuration(rule) for rule in dataset.expectations])
    suite = context.suites.add(suite)
    definition = gx.ValidationDefinition(name=name, data=asset.add_batch_definition_whole_table("all"), suite=suite)
    results = context.validation_definitions.add(definition).run(result_format=_COUNTS_ONLY).results
    by_name = {result.expectation_config.meta["name"]: result for result in results}
    return [_outcome(dataset.relation, rule, by_name[rule.name], stakes) for rule in dataset.expectations]


def _configuration(rule: ExpectationRule) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.expectations.row_conditions import Column

    kwargs = dict(rule.kwargs)
    condition = None
    for column, value in rule.where.items():
        part = Column(column) == value
        condition = part if condition is None else condition & part
    if condition is not None:
        kwargs["row_condition"] = condition
    return ExpectationConfiguration(type=rule.type, kwargs=kwargs, meta={"name": rule.name}, severity=rule.severity)


def _outcome(relation: str, rule: ExpectationRule, result: Any, stakes: Mapping[tuple[str, str, str], Decimal]) -> CheckOutcome:
    given = result.result
    names = ("missing_count", "unexpected_count", "observed_value")
    figures = {name: given[name] for name in names if isinstance(given.get(name), int | float)}
    if isinstance(given.get("element_count"), int):
        figures["element_count"] = given["element_count"] - figures.pop("missing_count", 0)
    if figures.get("element_count") and "unexpected_count" in figures:
        figures["failing_rate"] = figures["unexpected_count"] / figures["element_count"]
    if "mostly" in rule.kwargs:
        figures["allowed_rate"] = round(1 - rule.kwargs["mostly"], 9)
    stake = None
    if isinstance(rule, FieldExpectation):
        stake = stakes.get((rule.entity_type, rule.field_name, rule.status), Decimal(0))
    error = None
    if not result.success and not result.result:
        # The traceback could carry values: only say that the rule could not be evaluated.
        error = f"{rule.type} could not be evaluated on {relation}: check its columns"
    return CheckOutcome(relation, rule.name, bool(result.success), rule.severity, figures, stake, error)


def _persisted_engine() -> type:
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine

    class PersistedConnectionEngine(SqlAlchemyExecutionEngine):
        """Keeps its one connection open: DuckDB's driver reads results lazily, from a connection closed too early."""

        @contextmanager
        def get_connection(self) -> Generator[Any, None, None]:
            if not self._connection:
                self._connection = self.engine.connect()
                # DuckDB's progress bar would go to standard output.
                self._connection.exec_driver_sql("set enable_progress_bar = false")
            yield self._connection

        def release(self) -> None:
            """Give the file back: the next step opens it with other settings."""
            if self._connection:
                self._connection.close()
            self.engine.dispose()

    return PersistedConnectionEngine
